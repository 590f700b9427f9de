"""Packages that need not be there: imported where they are asked for, with a line that says how to get them."""

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

from drol_jax.errors import UserError


def optional(module: str, install: str, load: Callable[[str], Any] = import_module) -> ModuleType:
    """A module of another package.

    Args:
      module: its full name.
      install: what pip installs it by, such as "pandas" or "'drol_jax[video]'".
      load: imports a module by its name.

    Raises:
      UserError: it cannot be imported.
    """
    try:
        return load(module)
    except ImportError as error:
        raise UserError(f"{module} cannot be imported ({error}); pip install {install}") from None
