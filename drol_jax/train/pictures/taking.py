"""What is of use in a package: written out, with a row of the manifest for each picture."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from drol_jax.errors import UserError, reason
from drol_jax.system.opencv import cv2, spelled
from drol_jax.train.pictures import judging
from drol_jax.train.pictures.licences import licence_of, paragraphs
from drol_jax.train.pictures.listing import BY_FILE, Package
from drol_jax.train.pictures.members import members

QUALITY = 95
"""Of the JPEG files that photographs become."""


def take(package: Package, path: Path, licences: Sequence[str], output: Path) -> Iterator[dict[str, str]]:
    """Write what is of use in a package; gives the manifest's row of each picture.

    Raises:
      UserError: the package cannot be unpacked, or a picture not be written.
    """
    found = {name: content for name, content in members(path) if package.kind(name) or name.endswith("/copyright")}
    about = [p for name, text in found.items() if name.endswith("/copyright") for p in paragraphs(text.decode())]
    judges = {
        "photos": (judging.photograph, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, QUALITY]),
        "cutouts": (judging.cutout, ".png", []),
    }
    for name, content in sorted(found.items()):
        kind = package.kind(name)
        licence = licence_of(name, about) if package.licence == BY_FILE else package.licence
        if kind is None or licence is None or licence not in licences:
            continue
        image = judging.decoded(content)
        judge, suffix, how = judges[kind]
        if image is None or (image := judge(image)) is None:
            continue
        digest = hashlib.sha256(content).hexdigest()
        target = output / kind / f"{package.name.rsplit('/', 1)[-1]}-{digest[:12]}{suffix}"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{target.parent}: {reason(error)}; choose another --output") from error
        back = cv2.COLOR_RGBA2BGRA if kind == "cutouts" else cv2.COLOR_RGB2BGR
        if not cv2.imwrite(spelled(target), cv2.cvtColor(image, back), how):
            raise UserError(f"{target} cannot be written; choose another --output")
        yield {
            "file": f"{kind}/{target.name}",
            "kind": kind,
            "package": f"{package.client}:{package.name}@{package.version}",
            "member": name,
            "licence": licence,
            "sha256": digest,
        }
