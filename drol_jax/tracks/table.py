"""The table of tracks: one row a frame and target. All outputs are made of it."""

import enum
from dataclasses import dataclass
from fractions import Fraction


class TargetState(enum.StrEnum):
    """What is known of a target in a frame."""

    TRACKED = "tracked"
    UNCERTAIN = "uncertain"
    """Followed, but the box may be wrong."""
    OCCLUDED = "occluded"
    """Not seen for a moment; the box is its last place."""
    LOST = "lost"
    """Searched for; there is no box."""
    FOUND_AGAIN = "found again"
    """The first frame after a loss in which it is seen; there is a box."""
    OUT_OF_VIEW = "out of view"
    """Left the image; there is no box."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One target in one frame."""

    frame: int
    """Number of the frame in the source, from 0."""
    time: float
    """Seconds since the source's first frame."""
    name: str
    """The target's."""
    box: tuple[float, float, float, float] | None
    """(x, y, w, h), pixels of the source, 0-based, continuous: the right edge is x + w. None where it is not seen."""
    confidence: float
    """Probability in [0, 1] that the box overlaps the target by more than a half; of a lost target that it is seen."""
    state: TargetState
    overlap: tuple[str, ...] = ()
    """Names of the targets that it lies on."""
    polygon: tuple[float, ...] | None = None
    """x and y of the corners of the mask's rotated box, pixels of the source; None without a mask branch."""
    mask: str | None = None
    """The mask as COCO's compressed run-length text over the source's frame; None without a mask branch."""


@dataclass(frozen=True, kw_only=True)
class Video:
    """The video that a table is of."""

    name: str
    """Of its file, with its ending, or what stands for one."""
    width: int
    height: int
    """Pixels of the source, upright."""
    rate: Fraction | None
    """Nominal frames a second, where known."""
    frames: int | None
    """Frames that it has, once all are read; before that an estimate or None."""
    images: tuple[str, ...] = ()
    """Names of its image files by frame number, for a folder of images; empty for a film."""
