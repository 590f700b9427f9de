"""What every dataset hands over: frames and boxes of one target."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from drol_jax.errors import UserError
from drol_jax.image.depth import DeepFrame
from drol_jax.image.shapes import Shape
from drol_jax.image.source import FrameSource


@dataclass(frozen=True, eq=False)
class Sequence:
    """One target in one video.

    Raises:
      UserError: frames and boxes differ in number; boxes are not [T, 4]; a row is partly NaN or infinite; the first
        row holds no box or one of negative size; polygons, absent, anchors, a tag or a measured number do not have T
        rows; a tracker may be started again in a frame that is none; a polygon is partly NaN; an anchor has no box;
        only the first box is said to be known but there are more; the size is not two positive whole numbers.
    """

    name: str
    frames: tuple[FrameSource, ...]
    """T frames, in order. Paths need not exist before they are read: scoring result files takes no images."""
    boxes: np.ndarray
    """float64 [T, 4] (x, y, w, h), pixels, 0-based; a row of NaN where the target is absent or unknown. Rows after the
    first may have no area or a negative size, as the published annotations of a few absent targets do. Read-only."""
    attributes: tuple[str, ...] = ()
    """Short codes of what makes the sequence hard, e.g. "OCC"."""
    origin: int = 0
    """What the benchmark's own files count the first pixel as (OTB: 1); result files are written in it."""
    polygons: np.ndarray | None = field(default=None, kw_only=True)
    """float64 [T, 8] (x1, y1, ..., x4, y4), pixels, 0-based: the groundtruth of benchmarks that annotate four corners,
    of which `boxes` are the upright boxes (`drol_jax.image.boxes.box_from_polygon`); NaN rows as in boxes, and where
    the groundtruth of a frame is something else. None where no frame has four corners. Read-only."""
    shapes: tuple[Shape | None, ...] | None = field(default=None, kw_only=True)
    """T masks, or corners float64 [K, 2] of polygons of other than four corners, pixels, 0-based, of which `boxes` are
    the bounds; None where the groundtruth of a frame is something else. None where no frame has any."""
    absent: np.ndarray | None = field(default=None, kw_only=True)
    """bool [T], True where the benchmark marks the target as absent (out of view or wholly occluded), whether or not
    the row of boxes holds numbers; None where it marks nothing. Read-only."""
    tags: Mapping[str, np.ndarray] = field(default_factory=dict, kw_only=True)
    """Tags by name (VOT: "camera_motion", "occlusion", ...) bool [T], True in the frames that carry the tag.
    Read-only."""
    measured: Mapping[str, np.ndarray] = field(default_factory=dict, kw_only=True)
    """What the benchmark measured of the frames, by name (VideoCube: "corrcoef", ...), float64 [T], NaN where it is not
    known. Read-only."""
    restarts: np.ndarray | None = field(default=None, kw_only=True)
    """int64 [N], frames in which a tracker may be started again (VideoCube's R-OPE); None where the benchmark names
    none. Read-only."""
    anchors: np.ndarray | None = field(default=None, kw_only=True)
    """int8 [T], VOT2020 and later: 1 where a tracker is started to run forward, -1 to run backward, else 0; None where
    the benchmark names no anchors. Read-only."""
    size: tuple[int, int] | None = field(default=None, kw_only=True)
    """(height, width) of the images in pixels, where it is known without decoding one."""
    only_first_box: bool = field(default=False, kw_only=True)
    """The groundtruth is the first box alone, the other rows of boxes are NaN: a server scores the results."""

    def __post_init__(self) -> None:
        boxes = _table(self.name, "boxes", self.boxes, 4, "(x, y, w, h)")
        if len(self.frames) != len(boxes):
            raise UserError(
                f"sequence {self.name}: {len(self.frames)} frames (first: {_describe(self.frames)}) but "
                f"{len(boxes)} boxes; give one box a frame, a row of NaN where the target is absent"
            )
        if not len(boxes):
            raise UserError(f"sequence {self.name}: no frames; give at least one")
        unknown = np.isnan(boxes)
        negative = (boxes[:, 2:] < 0).any(axis=1) & (np.arange(len(boxes)) == 0)
        bad = (unknown.any(axis=1) & ~unknown.all(axis=1)) | np.isinf(boxes).any(axis=1) | negative
        if bad.any():
            row = int(np.argmax(bad))
            raise UserError(
                f"sequence {self.name}: box {row} (counted from 0) is {boxes[row].tolist()}; give four finite numbers, "
                "w, h >= 0 in the first row, or four NaN where the target is absent"
            )
        if unknown[0].any():
            raise UserError(f"sequence {self.name}: the first frame has no box; start it where the target is visible")
        if self.only_first_box and not unknown[1:].all():
            row = 1 + int(np.argmin(unknown[1:].any(axis=1)))
            raise UserError(
                f"sequence {self.name}: only the first box is said to be known, but box {row} (counted from 0) is "
                f"{boxes[row].tolist()}; give NaN there or leave only_first_box False"
            )
        frozen = {"boxes": boxes, "tags": {tag: self._flags(f"tag {tag}", flags) for tag, flags in self.tags.items()}}
        frozen["measured"] = {name: self._measured(name, values) for name, values in self.measured.items()}
        if self.restarts is not None:
            frozen["restarts"] = self._places(self.restarts)
        if self.polygons is not None:
            frozen["polygons"] = self._corners(self.polygons, unknown[:, 0])
        if self.shapes is not None and len(self.shapes) != len(boxes):
            raise UserError(
                f"sequence {self.name}: {len(boxes)} frames but {len(self.shapes)} shapes; give one a frame"
            )
        if self.anchors is not None:
            frozen["anchors"] = self._anchors(self.anchors, unknown[:, 0])
        if self.absent is not None:
            frozen["absent"] = self._flags("absent", self.absent)
        if self.size is not None and not (len(self.size) == 2 and all(int(n) == n and n > 0 for n in self.size)):
            raise UserError(f"sequence {self.name}: size is {self.size}; give (height, width) in whole pixels, or None")
        boxes.setflags(write=False)
        for name, value in frozen.items():
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def first_box(self) -> np.ndarray:
        """float64 [4] (x, y, w, h), pixels, 0-based: the box that a tracker starts from."""
        return self.boxes[0]

    def _flags(self, what: str, flags: np.ndarray) -> np.ndarray:
        flags = np.array(flags)
        if flags.shape != (len(self.frames),) or flags.dtype != np.bool_:
            raise UserError(
                f"sequence {self.name}: {what} is {flags.dtype} {list(flags.shape)}; give one bool a frame, "
                f"[{len(self.frames)}]"
            )
        flags.setflags(write=False)
        return flags

    def _measured(self, name: str, values: np.ndarray) -> np.ndarray:
        values = np.array(values, np.float64)
        if values.shape != (len(self.frames),):
            raise UserError(f"sequence {self.name}: {name} is {list(values.shape)}; give one number a frame")
        values.setflags(write=False)
        return values

    def _places(self, restarts: np.ndarray) -> np.ndarray:
        places = np.array(restarts, np.int64)
        if places.ndim != 1 or ((places < 0) | (places >= len(self.frames))).any():
            raise UserError(
                f"sequence {self.name}: a tracker may be started again in frames {places.ravel().tolist()[:6]}, of "
                f"{len(self.frames)}; give frames from 0 to {len(self.frames) - 1}"
            )
        places.setflags(write=False)
        return places

    def _anchors(self, anchors: np.ndarray, unknown: np.ndarray) -> np.ndarray:
        anchors = np.sign(np.asarray(anchors, np.int64)).astype(np.int8)
        if anchors.shape != (len(self.frames),):
            raise UserError(
                f"sequence {self.name}: {len(anchors)} anchors for {len(self.frames)} frames; give one each"
            )
        if (unknown & (anchors != 0)).any():
            row = int(np.argmax(unknown & (anchors != 0)))
            raise UserError(
                f"sequence {self.name}: frame {row} (counted from 0) is an anchor, but its box is not known"
            )
        anchors.setflags(write=False)
        return anchors

    def _corners(self, polygons: np.ndarray, unknown: np.ndarray) -> np.ndarray:
        polygons = _table(self.name, "polygons", polygons, 8, "(x1, y1, ..., x4, y4)")
        if len(polygons) != len(self.frames):
            raise UserError(
                f"sequence {self.name}: {len(self.frames)} frames but {len(polygons)} polygons; give one a frame"
            )
        # All finite or all NaN; and NaN where there is no box.
        bad = ~np.isnan(polygons).all(axis=1) & (unknown | ~np.isfinite(polygons).all(axis=1))
        if bad.any():
            row = int(np.argmax(bad))
            raise UserError(
                f"sequence {self.name}: polygon {row} (counted from 0) is {polygons[row].tolist()}; give eight finite "
                "numbers, or eight NaN where the box is not known or the frame has no four corners"
            )
        polygons.setflags(write=False)
        return polygons


@dataclass(frozen=True)
class SequenceEntry:
    """A sequence that is listed but not read yet, so that one broken sequence does not stop the others."""

    name: str
    opener: Callable[[], Sequence]
    attributes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    """Other toolkits' spellings of the name, as their result files carry them, e.g. "Jogging.1" for "Jogging-1"."""

    def open(self) -> Sequence:
        """Read the annotations and list the frames (no frame is decoded or rendered).

        Raises:
          UserError: the sequence is missing, incomplete or contradicts itself; names the file.
        """
        return self.opener()


def _table(name: str, what: str, values: object, columns: int, letters: str) -> np.ndarray:
    try:
        table = np.array(values, np.float64)
    except (TypeError, ValueError):
        raise UserError(f"sequence {name}: {what} are no table of numbers; give [T, {columns}] {letters}") from None
    if table.ndim != 2 or table.shape[1] != columns:
        raise UserError(f"sequence {name}: {what} have shape {table.shape}; give [T, {columns}] {letters}")
    return table


def _describe(frames: tuple[FrameSource, ...]) -> str:
    first = frames[0] if frames else None
    return str(first) if isinstance(first, Path) else "none" if first is None else "rendered"


def digest(sequence: Sequence, *, whole: bool) -> str:
    """What tells a sequence from another of the same name, as tracks see it.

    Args:
      whole: the groundtruth of every frame decides what is tracked, not the first alone.

    Returns:
      16 hexadecimal digits, of the boxes, the number of frames, and the files of the first and last image; those that
      are rendered, or cannot be read, do not count.
    """
    boxes = sequence.boxes if whole else sequence.boxes[:1]
    found = hashlib.sha256(np.nan_to_num(np.round(boxes, 4), nan=-1e9).tobytes() + str(len(sequence)).encode())
    for frame in (sequence.frames[0], sequence.frames[-1]):
        path = frame.path if isinstance(frame, DeepFrame) else frame
        if isinstance(path, Path) and path.is_file():
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()[:16]
