"""`Start`: where a target is when it is first followed; and the checks that every start box passes."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from drol_jax.errors import UserError
from drol_jax.tracks.table import Video

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Start:
    """A target's start box."""

    frame: int
    """From 0."""
    name: str | None
    """The target's; None where nobody gave one."""
    box: Box
    """(x, y, w, h), pixels of the source, 0-based."""
    where: str = field(default="", compare=False, repr=False)
    """Where it was given, for messages."""


@dataclass(frozen=True)
class Source:
    """A file that holds start boxes."""

    path: Path
    text: str
    video: Video
    """That they are for."""


@dataclass(frozen=True)
class Kind:
    """A kind of file that start boxes are read from."""

    name: str
    """What people call it."""
    recognises: Callable[[str], bool]
    """Whether a text is of this kind."""
    read: Callable[[Source], list[Start]]
    """Start boxes of a text that is; each UserError, and each `where`, begins with the place in the file."""


def checked(starts: Iterable[Start], video: Video) -> list[Start]:
    """Start boxes in the order given, all with names; those without one are `target 1`, `target 2`, ...

    Raises:
      UserError: a box that is not finite, has no size, holds parts of the image for pixels or lies wholly outside it; a
        frame before the first; a name that is empty, no Unicode text, or given twice.
    """
    given = list(starts)
    for start in given:
        _check_box(start, video)
        if start.frame < 0:
            raise UserError(f"{start.where}: frame {start.frame}; frames count from 0")
    taken = Counter(start.name for start in given if start.name is not None)
    for start in given:
        _check_name(start, taken)
    free = (name for number in range(1, len(given) + len(taken) + 1) if (name := f"target {number}") not in taken)
    return [start if start.name is not None else replace(start, name=next(free)) for start in given]


def distinct(labels: Sequence[str]) -> list[str]:
    """Names made of labels that several targets may share: `car 1`, `car 2`; a label of one target stays as it is."""
    counts, used, names = Counter(labels), Counter[str](), list[str]()
    for label in labels:
        name = label
        while counts[label] > 1 and (name == label or name in counts or name in names):
            used[label] += 1
            name = f"{label} {used[label]}"
        names.append(name)
    return names


def same_size(where: str, width: object, height: object, video: Video) -> None:
    """Refuse boxes that were drawn on images of another size.

    Raises:
      UserError: that is so.
    """
    if (width, height) != (video.width, video.height):
        raise UserError(
            f"{where}: its images have {width} x {height} pixels, the video has {video.width} x {video.height}; "
            "draw the boxes on the video itself"
        )


def _check_box(start: Start, video: Video) -> None:
    x, y, w, h = start.box
    told = f"{start.where}: box {x:g},{y:g},{w:g},{h:g}"
    if not all(math.isfinite(value) for value in start.box):
        raise UserError(f"{told} is not finite; give x,y,w,h in pixels")
    if w <= 0 or h <= 0:
        raise UserError(f"{told} has no positive width and height; give x,y,w,h in pixels, not two corners")
    if min(x, y) >= 0 and max(x + w, y + h) <= 1:
        raise UserError(f"{told} is less than the first pixel; give x,y,w,h in pixels, not as parts of the image")
    if x >= video.width or y >= video.height or x + w <= 0 or y + h <= 0:
        raise UserError(f"{told} lies outside the image of {video.width} x {video.height} pixels; give one inside")


def _check_name(start: Start, taken: Counter[str]) -> None:
    name = start.name
    if name is None:
        return
    if not name.strip():
        raise UserError(f"{start.where}: the target's name is empty; give one or leave it out")
    if any("\ud800" <= letter <= "\udfff" for letter in name):
        raise UserError(f"{start.where}: the name {name!r} is no valid text; write it in UTF-8")
    if taken[name] > 1:
        raise UserError(f"{start.where}: {taken[name]} targets are named {name!r}; give each a name of its own")
