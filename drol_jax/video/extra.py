"""PyAV, the optional package that reads and writes films with their times."""

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from drol_jax.errors import UserError


def installed() -> bool:
    """Whether PyAV is there. Nothing is imported."""
    return find_spec("av") is not None


def pyav() -> ModuleType:
    """The module `av`.

    Raises:
      UserError: it cannot be imported.
    """
    try:
        return import_module("av")
    except ImportError as error:
        raise UserError(f"PyAV cannot be imported ({error}); pip install 'drol_jax[video]'") from error
