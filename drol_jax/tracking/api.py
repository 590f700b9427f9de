"""`track`: a video and start boxes in, one line a frame out."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from drol_jax.api import Tracker, load
from drol_jax.errors import UserError
from drol_jax.follow.policy import Policy
from drol_jax.system.resources import DEFAULT_CONFIG
from drol_jax.tracking.described import video_of
from drol_jax.tracking.engine import Engine
from drol_jax.tracks.arrays import Tracks
from drol_jax.tracks.starts import Start, checked, parse_box, read_starts
from drol_jax.tracks.table import Row, Video
from drol_jax.video.ahead import ahead
from drol_jax.video.open import Spec, open_source
from drol_jax.video.options import ReadOptions

Boxes = Mapping[str, Sequence[float]] | Sequence[Any] | str | Path
"""{name: (x, y, w, h)}; one box; several; texts or `Start`s that also name frames; or the path of a file of boxes."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FrameTracks:
    """All targets in one frame."""

    number: int
    """Of the frame in the source, from 0."""
    time: float
    """Seconds since the source's first frame."""
    image: np.ndarray
    """uint8 RGB [H, W, 3]."""
    rows: tuple[Row, ...]
    """One a target, in the order in which they entered."""
    video: Video

    @property
    def tracks(self) -> Tracks:
        """The rows as a table: arrays, pandas, supervision."""
        return Tracks(self.video, self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)


def track(
    source: Spec,
    boxes: Boxes,
    *,
    tracker: Tracker | str | Path = DEFAULT_CONFIG,
    weights: str | Path | None = None,
    online: bool | None = None,
    options: ReadOptions | None = None,
    policy: Policy | None = None,
) -> Iterator[FrameTracks]:
    """Follow targets through a video.

    Args:
      source: as in `drol_jax.video.open.open_source`: a file, a folder, a camera, a stream, or an iterable of arrays.
      boxes: where the targets are in the first frame, or in the frames that they name; (x, y, w, h), pixels of the
        source, 0-based.
      tracker: one that is loaded, or the name of a configuration.
      weights, online: as in `drol_jax.load`, for a name.
      options: which frames are read.
      policy: when a target counts as lost, and more.

    Yields:
      Every frame that is read, with the rows of the targets that have entered.

    Raises:
      UserError: what is wrong with the source, the boxes or the tracker; a start box's frame never came.
    """
    if not isinstance(tracker, Tracker):
        tracker = load(tracker, weights, online=online)
    elif weights is not None or online is not None:
        raise UserError("weights and online belong to a tracker's name; this tracker is loaded already")
    with closing(ahead(open_source(source, options))) as opened:
        video = video_of(opened.info, source)
        engine = Engine(tracker, _starts(boxes, video), scale=opened.info.scale, policy=policy)
        number = 0
        for frame in opened:
            number = frame.number
            rows = engine.step(frame)
            yield FrameTracks(number=frame.number, time=frame.time, image=frame.image, rows=rows, video=video)
        if engine.waiting:
            start = engine.waiting[0]
            raise UserError(f"{start.name}: its frame {start.frame} never came, the last was {number}")


def _starts(boxes: Boxes, video: Video) -> list[Start]:
    """Start boxes in any form, checked and named."""
    if isinstance(boxes, Path) or (isinstance(boxes, str) and Path(boxes).is_file()):
        return read_starts(Path(boxes), video)
    if isinstance(boxes, str):
        return checked([parse_box(boxes)], video)
    if isinstance(boxes, Mapping):
        return checked([_start(box, name) for name, box in boxes.items()], video)
    given = list(boxes)
    if len(given) == 4 and all(isinstance(side, int | float | np.number) for side in given):
        given = [given]
    if not given:
        raise UserError("no target: give at least one box (x, y, w, h)")
    return checked([_start(box, None) for box in given], video)


def _start(box: Any, name: str | None) -> Start:
    if isinstance(box, Start):
        return box
    if isinstance(box, str):
        return parse_box(box)
    try:
        x, y, w, h = (float(side) for side in box)
    except (TypeError, ValueError):
        raise UserError(f"start box {box!r} is not four numbers; give (x, y, w, h) in pixels") from None
    return Start(0, name, (x, y, w, h), "boxes")
