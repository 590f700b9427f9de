"""Our trackers inside other toolkits: got10k's experiments, and TraX, which vot-toolkit speaks.

The toolkits are extras of the package. Nothing of them is imported before it is asked for.
"""

from importlib import import_module
from types import ModuleType

from drol_jax.errors import UserError


def optional(module: str, extra: str) -> ModuleType:
    """A module of another toolkit.

    Args:
      module: its full name.
      extra: the extra of this package that installs it.

    Raises:
      UserError: it cannot be imported.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise UserError(f"{module} cannot be imported ({error}); pip install 'drol_jax[{extra}]'") from error
