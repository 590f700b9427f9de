"""Commands of a program: a table of names, and the module that each one runs. Nothing is imported before it is run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TypeVar

from drol_jax.errors import UserError
from drol_jax.system.names import hint

ALIKE = 0.6
"""How much a word must look like a command to be taken for it misspelt, from 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command."""

    module: str
    """Full name of the module that runs it."""
    about: str
    """What it does, in a line for --help."""


C = TypeVar("C", bound=Command)


def find(commands: Mapping[str, C], name: str, more: str = "") -> C:
    """The command of that name.

    Args:
      more: what else the user may do, for the message.

    Raises:
      UserError: there is none; names the nearest.
    """
    if name not in commands:
        near = hint(name, commands.keys(), ALIKE)
        raise UserError(f"there is no command {name!r}{near}; choose one of {', '.join(commands)}{more}")
    return commands[name]


def run(commands: Mapping[str, Command], name: str, argv: Sequence[str], more: str = "") -> int:
    """Run a command: call ``main(argv)`` of its module, which returns the exit code.

    Args:
      more: as in `find`.

    Raises:
      UserError: there is no such command, or what the command raises.
    """
    return import_module(find(commands, name, more).module).main(argv)


def listed(commands: Mapping[str, Command]) -> str:
    """A line for each command, for --help."""
    width = max(map(len, commands))
    return "\n".join(f"  {name:{width}}  {command.about}" for name, command in commands.items())
