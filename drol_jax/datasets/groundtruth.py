"""Annotation files of each benchmark's own form -> boxes, polygons and flags, in the files' own pixel origin."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import numpy as np

from drol_jax.datasets.definitions import Benchmark
from drol_jax.datasets.spellings import mixed
from drol_jax.datasets.text import AGAIN, fields, numbers, read_boxes, read_flags, read_lines, read_properties
from drol_jax.errors import UserError
from drol_jax.image.boxes import box_from_polygon
from drol_jax.image.shapes import Mask, Shape, box_of

TAGS = ("camera_motion", "illum_change", "motion_change", "size_change", "occlusion")
"""VOT's tags: a sequence has a file for each that any of its frames carries."""
MOST_FRAMES = 1_000_000
"""A file of properties cannot ask for more."""


@dataclass(frozen=True, kw_only=True)
class Groundtruth:
    """What annotation files say about N frames."""

    boxes: np.ndarray
    """float64 [N, 4] (x, y, w, h), pixels, in the files' own origin; NaN where the target is absent."""
    polygons: np.ndarray | None = None
    """float64 [N, 8], likewise; NaN also where a frame holds something else."""
    shapes: tuple[Shape | None, ...] | None = None
    """N masks, and polygons of other than four corners [K, 2]; None where no frame holds any."""
    absent: np.ndarray | None = None
    """bool [N]."""
    tags: Mapping[str, np.ndarray] = field(default_factory=dict)
    """bool [N] each."""
    measured: Mapping[str, np.ndarray] = field(default_factory=dict)
    """float64 [N] each."""
    restarts: np.ndarray | None = None
    """int64, frames in which a tracker may be started again."""
    anchors: np.ndarray | None = None
    """int64 [N], positive or negative where a run from an anchor starts."""
    size: tuple[int, int] | None = None
    """(height, width)."""

    def continued(self, frames: int) -> Self:
        """The same with frames behind that nothing is known of, so many in all."""
        more = frames - len(self.boxes)

        def unknown(table: np.ndarray) -> np.ndarray:
            fill = np.nan if table.dtype == np.float64 else 0
            return np.concatenate([table, np.full((more, *table.shape[1:]), fill, table.dtype)])

        return replace(
            self,
            boxes=unknown(self.boxes),
            polygons=None if self.polygons is None else unknown(self.polygons),
            shapes=None if self.shapes is None else (*self.shapes, *[None] * more),
            absent=None if self.absent is None else unknown(self.absent),
            tags={tag: unknown(marks) for tag, marks in self.tags.items()},
            anchors=None if self.anchors is None else unknown(self.anchors),
        )


def read_groundtruth(path: Path, benchmark: Benchmark, frames: int | None) -> Groundtruth:
    """Read one sequence's annotations.

    Args:
      path: the annotation file; the others are looked for beside it.
      frames: how many images there are, or are known to belong; None where neither is known.

    Raises:
      UserError: a file is missing, unreadable or of another form; names it.
    """
    match benchmark.reader:
        case "boxes":
            return Groundtruth(boxes=read_boxes(path))
        case "lasot":
            return _lasot(path)
        case "got10k":
            return _got10k(path)
        case "nfs":
            return Groundtruth(boxes=_nfs(path, benchmark.fps or 240, frames))
        case "vot":
            return _vot(path)
        case "oxuva":  # a table of all tracks, which drol_jax.datasets.oxuva reads
            raise UserError(f"{path}: OxUvA's labels stand in one table of all tracks; name the folder around it")


def _lasot(path: Path) -> Groundtruth:
    """Boxes, and absent where full_occlusion.txt or out_of_view.txt says so; or LaSOT's own toolkit's two folders."""
    boxes = read_boxes(path)
    files = [path.parent / "full_occlusion.txt", path.parent / "out_of_view.txt"]
    if path.parent.name == "annos":
        files = [path.parent / "absent" / path.name]
    absent = np.any([_beside(path, flags, len(boxes)) > 0 for flags in files], axis=0)
    return Groundtruth(boxes=boxes, absent=absent)


def _got10k(path: Path) -> Groundtruth:
    """Boxes; absent where cover.label is 0, the frames that GOT-10k does not score; the other labels as tags."""
    boxes = read_boxes(path)
    meta = path.parent / "meta_info.ini"
    size = None
    if meta.is_file():
        given = re.findall(r"\d+", read_properties(meta).get("resolution", ""))
        size = (int(given[1]), int(given[0])) if len(given) == 2 else None
    if len(boxes) == 1:
        return Groundtruth(boxes=boxes, size=size)
    cover, absence, cut = (
        _beside(path, path.parent / f"{label}.label", len(boxes)) for label in ("cover", "absence", "cut_by_image")
    )
    return Groundtruth(
        boxes=boxes, absent=cover == 0, tags={"absence": absence > 0, "cut_by_image": cut > 0}, size=size
    )


def _nfs(path: Path, fps: int, frames: int | None) -> np.ndarray:
    """Boxes of NFS: a number, then left, top, right, bottom, then more; or four numbers x, y, w, h."""
    lines = read_lines(path)
    if len(fields(lines[0])) <= 4:
        return read_boxes(path)
    corners = np.array(
        [numbers(path, n, " ".join(line.split()[1:5]), (4,), "left, top, right, bottom, from the second column")
         for n, line in enumerate(lines, 1)]
    )  # fmt: skip
    boxes = np.concat([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    eighth = boxes[::8]
    if fps == 30 and (frames is None or (abs(len(eighth) - frames) <= 1 and len(boxes) > 2 * frames)):
        boxes = eighth
    # The two are known to differ by one here and there; the last one is left out then.
    return boxes[:frames] if frames is not None and len(boxes) - frames == 1 else boxes


def _vot(path: Path) -> Groundtruth:
    ignored = path.with_name("groundtruth__ignore.txt")
    if ignored.is_file():
        raise UserError(
            f"{ignored}: names pixels that vot-toolkit leaves out of overlaps, which is not done here; take the file "
            "away to track and to score without it"
        )
    lines = [_region(path, number, line) for number, line in enumerate(read_lines(path), 1)]
    given = read_properties(path.parent / "sequence") if (path.parent / "sequence").is_file() else {}
    if given.get("length", "").isdecimal() and len(lines) > 1:  # what lies behind is unknown, as in vot-toolkit
        lines += [None] * (min(int(given["length"]), MOST_FRAMES) - len(lines))
    regions = of_regions(lines)
    size = None
    if given.get("width", "").isdecimal() and given.get("height", "").isdecimal():
        size = (int(given["height"]), int(given["width"]))
    files = sorted(file for file in path.parent.iterdir() if file.suffix in (".tag", ".label"))
    tags = {file.stem: read_flags(file, len(lines), pad=True) > 0 for file in files}
    # A tag that no frame carries has no file.
    tags = {tag: np.zeros(len(lines), bool) for tag in TAGS if tags} | tags
    place = path.parent / "anchor.value"
    anchors = read_flags(place, len(lines), pad=True) if place.is_file() else None
    return replace(regions, tags=tags, anchors=anchors, size=size)


def of_regions(rows: Sequence[Sequence[float] | Mask | None]) -> Groundtruth:
    """The groundtruth of frames that hold different things.

    Args:
      rows: 4 numbers of a box, 6, 8 or more of a polygon, a mask, or None where the target is absent.
    """
    boxes, polygons = np.full((len(rows), 4), np.nan), np.full((len(rows), 8), np.nan)
    shapes: list[Shape | None] = [None] * len(rows)
    for frame, region in enumerate(rows):
        if isinstance(region, Mask) or (region is not None and len(region) not in (4, 8)):
            shape = region if isinstance(region, Mask) else np.array(region, np.float64).reshape(-1, 2)
            boxes[frame], shapes[frame] = box_of(shape), shape
        elif region is not None:
            (boxes if len(region) == 4 else polygons)[frame] = region
    four = ~np.isnan(polygons[:, 0])
    boxes[four] = box_from_polygon(polygons[four])
    return Groundtruth(
        boxes=boxes,
        polygons=polygons if four.any() else None,
        shapes=tuple(shapes) if any(shape is not None for shape in shapes) else None,
    )


def _region(path: Path, number: int, line: str) -> list[float] | Mask | None:
    """A box, a polygon or a mask; None where the target is absent or the line holds a code alone."""
    try:
        mask = Mask.read(line)
    except ValueError:
        raise UserError(
            f"{path}, line {number}: {line[:60]!r} is no mask m x, y, w, h, run lengths; mend or {AGAIN}"
        ) from None
    if mask is not None:
        return mask if mask.pixels.any() else None
    if trouble := mixed(line):
        raise UserError(f"{path}, line {number}: {trouble}")
    count = len(fields(line))
    counts = (1, 4, count) if count >= 6 and count % 2 == 0 else (1, 4, 6, 8)
    values = numbers(path, number, line, counts, "of a box, or 6, 8 or more of a polygon")
    return None if len(values) == 1 or np.isnan(values).any() else values


def _beside(path: Path, flags: Path, frames: int) -> np.ndarray:
    if not flags.is_file():
        raise UserError(f"{flags}: missing beside {path.name}; {AGAIN}")
    return read_flags(flags, frames)
