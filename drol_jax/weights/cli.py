"""Arguments and wiring of ``drol-jax weights``."""

from collections.abc import Sequence

from drol_jax.system import commands, subprograms
from drol_jax.system.subprograms import Subprogram
from drol_jax.weights.arguments import CardArguments, CheckArguments, GetArguments, ListArguments

PROGRAM = "drol-jax weights"

COMMANDS = {
    "list": Subprogram(
        module="drol_jax.weights.listing",
        about="tell which weights are known, and which are here",
        arguments=ListArguments,
    ),
    "get": Subprogram(
        module="drol_jax.weights.get",
        about="download and convert published weights, or take a file that you have",
        arguments=GetArguments,
    ),
    "check": Subprogram(
        module="drol_jax.weights.check", about="say what a file is, and whether it is whole", arguments=CheckArguments
    ),
    "card": Subprogram(
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
    return subprograms.main(PROGRAM, HELP, COMMANDS, argv)
