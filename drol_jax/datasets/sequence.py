"""What every dataset hands over: frames and boxes of one target."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drol_jax.errors import UserError

FrameSource = Path | Callable[[], np.ndarray]
"""An image file, or something that renders uint8 RGB [H, W, 3]. `drol_jax.frames.read` reads either."""


@dataclass(frozen=True, eq=False)
class Sequence:
    """One target in one video.

    Raises:
      UserError: frames and boxes differ in number; boxes are not [T, 4]; a row is partly NaN, infinite, or of
        negative size; the first row holds no box.
    """

    name: str
    frames: tuple[FrameSource, ...]
    """T frames, in order."""
    boxes: np.ndarray
    """float64 [T, 4] (x, y, w, h), pixels, 0-based; a row of NaN where the target is absent or unknown. Read-only."""
    attributes: tuple[str, ...] = ()
    """Short codes of what makes the sequence hard, e.g. "OCC"."""
    origin: int = 0
    """What the benchmark's own files count the first pixel as (OTB: 1); result files are written in it."""

    def __post_init__(self) -> None:
        try:
            boxes = np.array(self.boxes, np.float64)
        except (TypeError, ValueError):
            raise UserError(f"sequence {self.name}: boxes are no table of numbers; give [T, 4] (x, y, w, h)") from None
        if boxes.ndim != 2 or boxes.shape[1] != 4:
            raise UserError(f"sequence {self.name}: boxes have shape {boxes.shape}; give [T, 4] (x, y, w, h)")
        if len(self.frames) != len(boxes):
            raise UserError(
                f"sequence {self.name}: {len(self.frames)} frames (first: {_describe(self.frames)}) but "
                f"{len(boxes)} boxes; give one box a frame, a row of NaN where the target is absent"
            )
        if not len(boxes):
            raise UserError(f"sequence {self.name}: no frames; give at least one")
        absent = np.isnan(boxes)
        bad = (absent.any(axis=1) & ~absent.all(axis=1)) | np.isinf(boxes).any(axis=1) | (boxes[:, 2:] < 0).any(axis=1)
        if bad.any():
            row = int(np.argmax(bad))
            raise UserError(
                f"sequence {self.name}: box {row} (counted from 0) is {boxes[row].tolist()}; give four finite numbers "
                "with w, h >= 0, or four NaN where the target is absent"
            )
        if absent[0].any():
            raise UserError(f"sequence {self.name}: the first frame has no box; start it where the target is visible")
        boxes.setflags(write=False)
        object.__setattr__(self, "boxes", boxes)

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def first_box(self) -> np.ndarray:
        """float64 [4] (x, y, w, h), pixels, 0-based: the box that a tracker starts from."""
        return self.boxes[0]


@dataclass(frozen=True)
class SequenceEntry:
    """A sequence that is listed but not read yet, so that one broken sequence does not stop the others."""

    name: str
    opener: Callable[[], Sequence]
    attributes: tuple[str, ...] = ()

    def open(self) -> Sequence:
        """Read the annotations and list the frames (no frame is decoded or rendered).

        Raises:
          UserError: the sequence is missing, incomplete or contradicts itself; names the file.
        """
        return self.opener()


def _describe(frames: tuple[FrameSource, ...]) -> str:
    first = frames[0] if frames else None
    return str(first) if isinstance(first, Path) else "none" if first is None else "rendered"
