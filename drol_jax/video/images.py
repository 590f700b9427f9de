"""`Images`: a folder of images, those that a pattern names, or rendered ones, as a source."""

import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np

from drol_jax.errors import UserError, reason
from drol_jax.image import frames
from drol_jax.image.complaints import listened, listening_pool
from drol_jax.image.depth import DeepFrame, frame_sources
from drol_jax.image.source import FrameSource
from drol_jax.video.options import Mark
from drol_jax.video.reader import EndsHere, Facts, Seen

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".jp2", ".ppm", ".pgm", ".pbm", ".avif")
"""Of the images that are taken from a folder, in any case. A pattern takes all that it matches."""


class Images:
    """A `Reader`. A frame's time is its number divided by the rate of the options: images have none of their own."""

    def __init__(self, paths: Sequence[FrameSource], where: str, name: str, rate: Fraction) -> None:
        """Take images in the given order.

        Args:
          paths: at least one, all of a kind: files, or what renders them.
          where: the folder or pattern, for messages.
        """
        self.facts = Facts(name=name, where=where, rate=rate, frames=len(paths))
        self.cut = False
        self._paths, self._rate = tuple(paths), rate
        files = [path for path in paths if isinstance(path, Path)]
        self._frames = frame_sources(files) if len(files) == len(paths) else tuple(paths)
        self._pool = listening_pool(1)
        first = self._frames[0]
        self.notes: tuple[str, ...] = (first.levels.words,) if isinstance(first, DeepFrame) else ()

    def close(self) -> None:
        """Nothing to do: the thread that decodes ends with this object."""

    def frames(self, start: Mark) -> Iterator[Seen]:
        numbers = range(len(self._paths))
        first = next((n for n in numbers if start.reached(n, float(n / self._rate))), numbers[-1])
        for number in numbers[first:]:
            yield Seen(number, float(number / self._rate), partial(_picture, self._frames[number], self._pool))


def folder_images(folder: Path) -> list[Path]:
    """The images of a folder in natural order: img2 stands before img10.

    Raises:
      UserError: it cannot be listed or holds none.
    """
    try:
        files = [path for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError as error:
        raise UserError(f"{folder}: cannot be listed ({reason(error)}); mend the permissions") from error
    found = natural(path for path in files if path.suffix.lower() in SUFFIXES and path.is_file())
    if found:
        return found
    inside = next((path for path in natural(files) if path.is_dir() and _has_image(path)), None)
    cure = f"give {inside}" if inside else f"put frames there, such as 0001.jpg; {', '.join(SUFFIXES)} are taken"
    holds = f"holds no images, but {len(files)} other files or folders" if files else "is empty"
    raise UserError(f"{folder}: the folder {holds}; {cure}")


def natural(paths: Iterable[Path]) -> list[Path]:
    """Paths sorted with the numbers in their names as numbers."""

    def key(path: Path) -> tuple[list[tuple[int, str]], str]:
        parts = re.split(r"(\d+)", str(path))
        return [(int(part), "") if place % 2 else (0, part) for place, part in enumerate(parts)], str(path)

    return sorted(paths, key=key)


def _picture(source: FrameSource, pool: Executor) -> np.ndarray:
    try:
        if callable(source):
            return frames.read(source)
        image, words = pool.submit(listened, frames.read, source).result()
        frames.warn_of(source, words)
        return image
    except UserError as error:
        raise EndsHere(str(error)) from error


def _has_image(folder: Path) -> bool:
    try:
        return any(path.suffix.lower() in SUFFIXES for path in folder.iterdir())
    except OSError:
        return False
