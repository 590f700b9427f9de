"""Arguments and wiring of ``drol-jax weights``."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from drol_jax.system import commands
from drol_jax.system.arguments import parse
from drol_jax.system.commands import Command
from drol_jax.system.program import guarded, tell
from drol_jax.weights.arguments import CardArguments, CheckArguments, GetArguments, ListArguments

PROGRAM = "drol-jax weights"


@dataclass(frozen=True, kw_only=True)
class WeightsCommand(Command):
    """A command on weights."""

    arguments: type[Any]
    """Dataclass of its arguments, which ``run(arguments)`` of the module takes."""


COMMANDS = {
    "list": WeightsCommand(
        module="drol_jax.weights.listing",
        about="tell which weights are known, and which are here",
        arguments=ListArguments,
    ),
    "get": WeightsCommand(
        module="drol_jax.weights.get",
        about="download and convert published weights, or take a file that you have",
        arguments=GetArguments,
    ),
    "check": WeightsCommand(
        module="drol_jax.weights.check", about="say what a file is, and whether it is whole", arguments=CheckArguments
    ),
    "card": WeightsCommand(
        module="drol_jax.weights.card", about="tell where weights come from, and their licence", arguments=CardArguments
    ),
}
HELP = f"""usage: {PROGRAM} COMMAND ...

Published weights by name. What get has fetched, --weights NAME and load(NAME) find; it is kept in
~/.cache/drol_jax/weights, or where DROL_JAX_WEIGHTS says. Proxies are those of the environment (https_proxy, no_proxy).

commands:
{commands.listed(COMMANDS)}

{PROGRAM} COMMAND --help tells of one.

Exit code: 0 done, 1 a file of check is damaged or unknown, 2 misuse or nothing to be had, 130 interrupted."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command on weights.

    Args:
      argv: arguments after the program's name; default is the process's own.

    Returns:
      The exit code, as --help tells.

    Raises:
      SystemExit: after --help (0) and on arguments that do not parse (2).
    """
    argv = sys.argv[1:] if argv is None else argv
    if not argv:
        tell(HELP)
        return 2
    if argv[0] in ("-h", "--help"):
        print(HELP)
        return 0
    return guarded(lambda: _run(argv[0], argv[1:]))


def _run(name: str, argv: Sequence[str]) -> int:
    command = commands.find(COMMANDS, name, f"; {PROGRAM} --help tells of them")
    about = f"{command.about[0].upper()}{command.about[1:]}."
    arguments = parse(command.arguments, argv, f"{PROGRAM} {name}", about)
    return import_module(command.module).run(arguments)
