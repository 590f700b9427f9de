"""``python -m drol_jax.bench``."""

import signal
from collections.abc import Sequence

from drol_jax.bench import cli
from drol_jax.system.program import leave


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; a request to end is Ctrl-C: the measuring process is ended too, and the scratch folder goes."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return cli.main(argv)


if __name__ == "__main__":
    leave(main)
