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
        examples=("list",),
    ),
    "get": Subprogram(
        module="drol_jax.weights.get",
        about="download and convert published weights, or take a file that you have",
        arguments=GetArguments,
        examples=(
            "get nanotrack_v2",
            "get ~/Downloads/model.pth --name pysot_siamrpn_r50",
        ),
    ),
    "check": Subprogram(
        module="drol_jax.weights.check",
        about="say what a file is, and whether it is whole",
        arguments=CheckArguments,
        examples=(
            "check model.pth",
            "check nanotrack_v2 weights/siamrpn_alex_otb",
        ),
    ),
    "card": Subprogram(
        module="drol_jax.weights.card",
        about="tell where weights come from, and their licence",
        arguments=CardArguments,
        examples=(
            "card nanotrack_v2",
            "card pysot_siamrpn_r50",
        ),
    ),
}
HELP = f"""usage: {PROGRAM} COMMAND ...

Published weights by name. What get has fetched, --weights NAME and load(NAME) find; it is kept in
~/.cache/drol_jax/weights, or where DROL_JAX_WEIGHTS says. Proxies are those of the environment (https_proxy, no_proxy).

commands:
{commands.listed(COMMANDS)}

examples:
{subprograms.examples(PROGRAM, COMMANDS)}

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
