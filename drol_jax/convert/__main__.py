"""``drol-jax convert``, also ``python -m drol_jax.convert``."""

import sys
from collections.abc import Sequence
from typing import NoReturn

from drol_jax.system.interrupts import start


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the program and end the process; Ctrl-C at any moment is one line and exit code 130."""
    start("drol_jax.convert.cli", sys.argv[1:] if argv is None else argv)


if __name__ == "__main__":
    main()
