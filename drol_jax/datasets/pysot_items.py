"""What PySOT's JSON files, and those that people make in their form, say of a sequence beside its boxes."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from drol_jax.datasets.definitions import Benchmark, Row
from drol_jax.datasets.images import predicted

_USUAL = ("/img", "", "/imgs", "/images", "/frames", "/color")
"""Where the images of a sequence may lie, below the folder of its name."""


def image_names(row: Row, name: str, item: Mapping[str, Any], benchmark: Benchmark, frames: int) -> Iterator[list[str]]:
    """Where the images may be, below the folder of the file or of the data, the likeliest first.

    As the file names them; paths from the root of someone's disk from any folder on; in the sequence's folder. Where
    the file names none, as the official archive has them.

    Args:
      name: the sequence's, in the file.
    """
    if item.get("image_files"):
        folder = row.folder if benchmark.rows else name
        yield [f"{folder}/img/{_posix(file)}" for file in item["image_files"]]
        return
    if not item.get("img_names"):
        layout = benchmark.layouts[0]
        yield [file.as_posix() for file in predicted(Path() / row.fill(layout.images[0]), row, layout, frames)]
        return
    names = [_posix(file) for file in item["img_names"]]
    yield names
    parts = [file.split("/") for file in names]
    if names[0].startswith("/") or re.match(r"[A-Za-z]:/", names[0]):
        for first in range(1, len(parts[0]) - 1):
            yield ["/".join(some[first:]) for some in parts]
    last = [some[-1] for some in parts]
    if len(set(last)) != len(set(names)):  # several folders, of which the names alone tell nothing
        return
    own = item.get("video_dir")
    for folder in (*((_posix(own),) if isinstance(own, str) else ()), *(name + below for below in _USUAL)):
        yield [f"{folder}/{file}" for file in last]


def attributes_of(given: Any) -> tuple[str, ...]:
    """Codes of what makes a sequence hard, from a list of them, one text of several, or a mapping to flags."""
    if isinstance(given, str):
        return tuple(code for code in re.split(r"[,;\s]+", given) if code)
    if isinstance(given, Mapping):
        return tuple(str(code) for code, flag in given.items() if flag)
    if not isinstance(given, list):
        return ()
    codes = [code for item in given for code in (item if isinstance(item, list) else [item])]
    return tuple(dict.fromkeys(code for code in codes if isinstance(code, str)))


def _posix(path: str) -> str:
    """A path as it stands in a file made on Windows or elsewhere, with slashes."""
    return path.replace("\\", "/")
