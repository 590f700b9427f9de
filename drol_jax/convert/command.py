"""The command line that the converters share."""

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from drol_jax.checkpoint import check_writable
from drol_jax.convert.conversion import Job
from drol_jax.convert.source.checkout import Disagreement
from drol_jax.settings import load_model
from drol_jax.system.program import guarded, tell


def run(convert: Callable[[Job], None], description: str, argv: list[str] | None, *, checkout: bool = False) -> int:
    """Parse, convert, and turn what went wrong into one line and an exit code.

    Args:
      convert: does the work.
      description: for --help.
      argv: arguments; those of the process where None.
      checkout: whether the source network can be run from its own repository (--check).

    Returns:
      Exit code: 0; 1 where that network answers differently; 2 after one line about what the user can mend; 130 on
      Ctrl-C.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("checkpoint", type=Path, help="the file to convert")
    parser.add_argument("--config", required=True, help="configuration whose network it is: a name or a YAML file")
    parser.add_argument("--output", required=True, type=Path, help="folder to write, or a file ending in .safetensors")
    parser.add_argument("--force", action="store_true", help="replace earlier weights there")
    if checkout:
        parser.add_argument(
            "--check",
            type=Path,
            metavar="CHECKOUT",
            help="folder of PySOT's or DROL's source: also build its network, in PyTorch, and compare on random "
            "images; --config must then be that source's own YAML file. This runs the code in that folder: give one "
            "that you trust",
        )
        parser.add_argument("--check-seed", type=int, default=0, help="seed of those images (default 0)")
    given = parser.parse_args(argv)

    def work() -> int:
        model = load_model(given.config)
        check_writable(given.output, given.force)
        job = Job(source=given.checkpoint, config=given.config, model=model, output=given.output, force=given.force)
        try:
            convert(replace(job, check=given.check, seed=given.check_seed) if checkout else job)
        except Disagreement as error:
            tell(f"error: {error}")
            return 1
        return 0

    return guarded(work)
