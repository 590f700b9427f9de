"""PyAV, the optional package that reads and writes films with their times."""

from importlib.util import find_spec
from types import ModuleType

from drol_jax.system.optional import optional


def installed() -> bool:
    """Whether PyAV is there. Nothing is imported."""
    return find_spec("av") is not None


def pyav() -> ModuleType:
    """The module `av`.

    Raises:
      UserError: it cannot be imported.
    """
    return optional("av", "'drol_jax[video]'")
