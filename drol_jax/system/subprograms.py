"""Programs of commands whose arguments are dataclasses: from the words a user types to the command's exit code."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from drol_jax.system.arguments import parse
from drol_jax.system.commands import Command, find
from drol_jax.system.program import guarded, tell


@dataclass(frozen=True, kw_only=True)
class Subprogram(Command):
    """A command with arguments of its own."""

    arguments: type[Any]
    """Dataclass of its arguments, which ``run(arguments)`` of the module takes; it returns the exit code."""
    examples: tuple[str, ...]
    """What users may type, behind the program's name."""

    def told(self, name: str) -> str:
        """What it does and examples of it, for its own --help.

        Args:
          name: the program's, as users type it.
        """
        about = f"{self.about[0].upper()}{self.about[1:]}."
        return "\n\n".join([about, "Examples:", *(f"{name} {words}" for words in self.examples)])


def examples(name: str, table: Mapping[str, Subprogram]) -> str:
    """The first example of each command, a line each, for the program's --help."""
    return "\n".join(f"  {name} {command.examples[0]}" for command in table.values())


def run_module(command: Subprogram, arguments: Any) -> int:
    """Call ``run(arguments)`` of the command's module."""
    return import_module(command.module).run(arguments)


def main(
    name: str,
    words: str,
    table: Mapping[str, Subprogram],
    argv: Sequence[str] | None,
    run: Callable[[Subprogram, Any], int] = run_module,
) -> int:
    """Run one of a program's commands.

    Args:
      name: the program's, as users type it.
      words: of its --help.
      table: its commands by name.
      argv: arguments after the program's name; None: the process's own.
      run: called with the command and its arguments.

    Returns:
      The exit code: the command's, 0 after --help, 2 on misuse, 130 on Ctrl-C.

    Raises:
      SystemExit: after a command's --help (0) and on arguments that do not parse (2).
    """
    given = sys.argv[1:] if argv is None else argv
    if not given:
        tell(words)
        return 2
    if given[0] in ("-h", "--help"):
        print(words)
        return 0

    def chosen() -> int:
        command = find(table, given[0], f"; {name} --help tells of them")
        return run(command, parse(command.arguments, given[1:], f"{name} {given[0]}", command.told(name)))

    return guarded(chosen)
