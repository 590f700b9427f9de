"""Which images of a folder are a sequence's frames."""

import re
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np

from drol_jax.datasets.definitions import Benchmark, Layout, Row
from drol_jax.datasets.tree import Tree
from drol_jax.errors import UserError

SUFFIXES = (
    ".jpg",
    ".jpeg",
    ".jpe",
    ".jfif",
    ".gif",
    ".dib",
    ".png",
    ".bmp",
    ".tif",
    ".tiff",
    ".webp",
    ".ppm",
    ".pgm",
    ".pnm",
    ".jp2",
)
"""Of the images that the reader decodes."""


@dataclass(frozen=True, kw_only=True)
class Images:
    """The images of a folder, by number; by their place in the order of their names where the layout says so."""

    folder: Path
    files: dict[int, Path]
    """Image files by number, in ascending order."""


def list_images(folder: Path, layout: Layout) -> Images:
    """Read what images a folder holds; none are opened. Hidden and other files, and other names, are passed over."""
    found = sorted(
        path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    )
    if layout.by_name:
        return Images(folder=folder, files=dict(enumerate(found, layout.first)))
    prefix = layout.prefix
    files: dict[int, Path] = {}
    for path in found:
        stem = path.stem[len(prefix) :] if path.stem.lower().startswith(prefix) else path.stem
        if layout.loose:  # frame_0001, img00012
            stem = stem[len(stem.rstrip("0123456789")) :]
        if stem.isascii() and stem.isdecimal():
            files.setdefault(int(stem), path)
    if layout.loose and not files:
        files = _numbered_within(found)
    return Images(folder=folder, files=dict(sorted(files.items())))


def _numbered_within(paths: SequenceOf[Path]) -> dict[int, Path]:
    """Images by the last number in their names, where all else in them is the same, such as ``0001_left.png`` or
    ``img (1).jpg``; none otherwise."""
    parts = [re.fullmatch(r"(.*?)([0-9]+)([^0-9]*)", path.stem) for path in paths]
    around = {(part[1], part[3]) if part else None for part in parts}
    if len(around) != 1:
        return {}
    return {int(part[2]): path for part, path in zip(parts, paths, strict=True) if part}


def list_pattern(pattern: Path) -> Images | None:
    """The images that vot-toolkit's pattern stands for, such as ``rgb/%08d.jpg`` or a folder, for ``%08d.jpg`` in it.

    Returns:
      Those numbered from 1 on without a gap; None where the first is not there.

    Raises:
      UserError: the pattern has no place for a number.
    """
    if not pattern.suffix:
        pattern = pattern / "%08d.jpg"
    match = re.fullmatch(r"([^%]*)%(0?)(\d*)d([^%]*)", pattern.name)
    if match is None:
        raise UserError(f"{pattern}: is no pattern of numbered images, such as color/%08d.jpg; mend the file sequence")
    before, fill, width, after = match.groups()
    held = set(Tree(pattern.parent).names(pattern.parent))
    files: dict[int, Path] = {}
    for number in count(1):
        name = before + str(number).rjust(int(width or 0), fill or " ") + after
        if name not in held:
            break
        files[number] = pattern.with_name(name)
    return Images(folder=pattern.parent, files=files) if files else None


def choose(images: Images, row: Row, layout: Layout, benchmark: Benchmark, annotated: int | None) -> tuple[Path, ...]:
    """The frames of a sequence.

    Where the definition knows the first and last number, exactly those; else as many as are annotated, from the
    layout's first number on. Images beyond are left out.

    Args:
      annotated: number of annotated frames; None where the annotation is the first box alone, so that every image is
        a frame.

    Raises:
      UserError: an image is missing.
    """
    files = images.files
    first = row.first if row.first is not None else layout.first
    if layout.loose and files and (row.first is None or not _all_there(files, row, first)):
        first = min(files)
    if layout.loose and row.first is None and len(files) == annotated and len({*np.diff([*files])}) == 1:
        return tuple(files.values())  # numbered in steps, of which none is missing
    if row.last is not None and row.first is not None:
        last = first + row.last - row.first
    elif annotated is not None:
        last = first + annotated - 1
    else:
        last = max(files, default=first)
    numbers = range(first, last + 1)
    missing = [number for number in numbers if number not in files]
    if missing:
        raise UserError(_told(images, missing, numbers, row, layout, benchmark))
    return tuple(files[number] for number in numbers)


def predicted(folder: Path, row: Row, layout: Layout, frames: int) -> tuple[Path, ...]:
    """Where the official archive has the frames, whether they are there or not."""
    first = row.first if row.first is not None else layout.first
    return tuple(folder / layout.file(number) for number in range(first, first + frames))


def _all_there(files: dict[int, Path], row: Row, first: int) -> bool:
    return first in files and (row.last is None or row.last in files)


def _told(
    images: Images, missing: SequenceOf[int], numbers: range, row: Row, layout: Layout, benchmark: Benchmark
) -> str:
    held = next(iter(images.files.values()), None)
    if layout.by_name:
        return (
            f"{images.folder}: {len(images.files)} images, but {len(numbers)} frames of {row.name} are annotated; "
            f"{benchmark.again()}"
        )
    name = layout.file(missing[0])
    if held is None and (others := Tree(images.folder).names(images.folder)):
        shown = ", ".join(others[:3]) + (", ..." if len(others) > 3 else "")
        return (
            f"{images.folder / name}: image missing, with all {len(numbers)} of {row.name}; the folder holds {shown}; "
            f"{benchmark.again()}, or give images of {', '.join(SUFFIXES[:4])}, ... whose names end in numbers"
        )
    if held is not None:
        stem, digits = held.stem.rstrip("0123456789"), len(held.stem) - len(held.stem.rstrip("0123456789"))
        name = f"{stem}{missing[0]:0{digits if held.stem[len(stem)] == '0' else layout.digits}d}{held.suffix}"
    return (
        f"{images.folder / name}: image missing ({len(missing)} of the {len(numbers)} images {numbers[0]} to "
        f"{numbers[-1]} of {row.name}); {benchmark.again()}"
    )
