"""A benchmark's sequences as its official archives lay them out on disk."""

import warnings
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from drol_jax.datasets.definitions import Benchmark, Row
from drol_jax.datasets.groundtruth import Groundtruth, read_groundtruth
from drol_jax.datasets.images import Images, choose, predicted
from drol_jax.datasets.marks import marked
from drol_jax.datasets.place import Place, groundtruth_file, images_beside, images_of
from drol_jax.datasets.sequence import Sequence, SequenceEntry
from drol_jax.datasets.text import read_flags
from drol_jax.errors import UserError
from drol_jax.image.depth import frame_sources
from drol_jax.image.shapes import moved


def list_place(place: Place, benchmark: Benchmark, *, images: bool) -> list[SequenceEntry]:
    """One entry a sequence, in the benchmark's order. See `open_sequence`."""
    return [
        SequenceEntry(
            row.name, partial(open_sequence, place, row, benchmark, images=images), row.attributes, row.aliases
        )
        for row in place.rows
    ]


def open_sequence(place: Place, row: Row, benchmark: Benchmark, *, images: bool = True) -> Sequence:
    """Read one sequence's annotations and list its frames.

    Args:
      images: look for the images; otherwise the frames are where the official archive has them, whether or not they
        are there, and only the annotations must exist.

    Raises:
      UserError: the folder, the annotation file or an image is missing; the annotation is broken; its lines and the
        images differ in number. One line that names the file and the cure.
    """
    path = groundtruth_file(place, row)
    if path is None:
        raise UserError(_missing(place, row, benchmark))
    held = None
    if images:
        held = images_of(place, row)
        if held is None:
            where = _official_folder(place, row, benchmark)
            found = _seen(place, path.parent)
            raise UserError(
                f"{benchmark.name} sequence {row.name}: folder {where} of its images is missing{found}; "
                f"{benchmark.again()}"
            )
    groundtruth = read_groundtruth(path, benchmark, row.length if held is None else len(held.files))
    if benchmark.protocol == "server" and benchmark.measures == "videocube":  # boxes to start again from alone
        groundtruth = replace(groundtruth, boxes=groundtruth.boxes[:1])
    one = len(groundtruth.boxes) == 1
    seen = held if held is not None or not one else images_of(place, row)
    count = row.length if seen is None else len(seen.files)
    # One box and many images: the rest is kept by a server, or nobody has annotated it.
    alone = one and (benchmark.server or (count or 1) > 1)
    _check_whole(groundtruth, path, row, benchmark, seen, place)
    groundtruth = _aligned(groundtruth, path, row, benchmark, alone=alone)
    if benchmark.absent and not alone:
        groundtruth = replace(groundtruth, absent=_absent(place, row, benchmark, path, len(groundtruth.boxes)))
    if benchmark.tags and not alone:
        groundtruth = marked(groundtruth, place, row, benchmark)
    annotated = None if alone else len(groundtruth.boxes)
    if held is not None:
        frames = choose(held, row, place.layout, benchmark, annotated)
        if (other := images_beside(place, row, held)) is not None:
            warnings.warn(f"{row.name}: both {held.folder} and {other} hold images; the former are taken", stacklevel=2)
        if not benchmark.rows and len(held.files) > len(frames):
            more = f"{len(held.files) - len(frames)} of the {len(held.files)} images in {held.folder}"
            warnings.warn(f"{path}: {len(frames)} lines, so that {more} are left out", stacklevel=2)
    elif (count := count if annotated is None else annotated) is not None:
        layout = place.layout if place.layout.images else benchmark.layouts[0]
        frames = predicted(_official_folder(place, row, benchmark), row, layout, count)
        if benchmark.reader == "vot" and groundtruth.size is None:  # which measures may ask of the first image
            frames = _elsewhere(place, row, benchmark, annotated) or frames
    else:
        raise UserError(
            f"{path}: holds the first box alone, so that only the images tell how many frames {row.name} has; "
            f"{benchmark.again()} with its images"
        )
    try:
        return build(row, benchmark, groundtruth, frames, benchmark.origin, _attributes(place, row, benchmark))
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def build(
    row: Row,
    benchmark: Benchmark,
    groundtruth: Groundtruth,
    frames: tuple[Path, ...],
    origin: int,
    attributes: tuple[str, ...],
) -> Sequence:
    """A sequence from what was read.

    Args:
      origin: what the groundtruth counts the first pixel as.

    Raises:
      UserError: what was read does not fit together.
    """
    alone = len(groundtruth.boxes) == 1 and (benchmark.server or len(frames) > 1)
    if alone:
        groundtruth = groundtruth.continued(len(frames))
    boxes = groundtruth.boxes.copy()
    if len(boxes) > 2 and not (boxes[1:, 2:] > 0).all(1).any():  # a box, and lines that say nothing
        alone, boxes[1:] = True, np.nan
    boxes[:, :2] -= origin
    return Sequence(
        row.name,
        frame_sources(frames),
        boxes,
        attributes,
        origin=benchmark.origin,
        polygons=None if groundtruth.polygons is None else groundtruth.polygons - origin,
        shapes=groundtruth.shapes
        and tuple(None if shape is None else moved(shape, -origin) for shape in groundtruth.shapes),
        absent=groundtruth.absent,
        tags=groundtruth.tags,
        measured=groundtruth.measured,
        restarts=groundtruth.restarts,
        anchors=groundtruth.anchors,
        size=groundtruth.size,
        only_first_box=alone,
    )


def _official_folder(place: Place, row: Row, benchmark: Benchmark) -> Path:
    return place.tree.root / row.fill((place.layout.images or benchmark.layouts[0].images)[0])


def _elsewhere(place: Place, row: Row, benchmark: Benchmark, annotated: int | None) -> tuple[Path, ...] | None:
    """The frames as they lie on disk, in whatever folder; None where they are not all there."""
    held = images_of(place, row)
    try:
        return None if held is None else choose(held, row, place.layout, benchmark, annotated)
    except UserError:
        return None


def example(benchmark: Benchmark) -> str:
    """Where an image of the benchmark lies below DIR, for messages."""
    layout = benchmark.layouts[0]
    row = benchmark.rows[0] if benchmark.rows else Row(name="SEQUENCE", folder="SEQUENCE")
    return f"DIR/{row.fill(layout.images[0])}/{layout.file(row.first or layout.first)}"


def _aligned(groundtruth: Groundtruth, path: Path, row: Row, benchmark: Benchmark, *, alone: bool) -> Groundtruth:
    """The rows of the annotation that belong to the frames between the definition's first and last image."""
    if row.first is None or row.last is None or alone:
        return groundtruth
    frames, lines = row.last - row.first + 1, len(groundtruth.boxes)
    lead = row.first - (row.annotated_from or row.first)
    if lead and lines == frames + lead:
        return replace(groundtruth, boxes=groundtruth.boxes[lead:])
    if lines != frames:
        raise UserError(
            f"{path}: {lines} annotation lines, but {row.name} has {frames} frames (images {row.first} to {row.last}); "
            f"{benchmark.again()}"
        )
    return groundtruth


def _check_whole(
    groundtruth: Groundtruth, path: Path, row: Row, benchmark: Benchmark, images: Images | None, place: Place
) -> None:
    """Raise a UserError where an annotation has lost lines, or another beside it says otherwise, as far as one can tell
    of a sequence that nothing is known of."""
    lines = len(groundtruth.boxes)
    if row.length is None and images is not None and 1 < lines < len(images.files) / 2:
        raise UserError(
            f"{path}: {lines} lines for {len(images.files)} images in {images.folder}; give every image a line, or the "
            "first alone to track without scores"
        )
    if benchmark.rows or not place.layout.loose:
        return
    for form in place.layout.groundtruth:
        other = place.tree.find(row.fill(form))
        if other is not None and other != path and other.is_file() and other.read_bytes() != path.read_bytes():
            raise UserError(f"{path} and {other} may both be the groundtruth of {row.name}, and differ; remove one")


def _absent(place: Place, row: Row, benchmark: Benchmark, annotation: Path, frames: int) -> np.ndarray:
    """bool [frames] from the definition's files of flags, at their official place or beside the annotation."""
    absent = np.zeros(frames, bool)
    for form in benchmark.absent:
        official = place.tree.root / row.fill(form)
        beside = annotation.parent / official.name
        found = beside if beside != annotation and beside.is_file() else None
        path = place.tree.find(row.fill(form)) or found
        if path is None:
            raise UserError(
                f"{official} is missing, which tells where {row.name} is not seen and scores need; {benchmark.again()}"
            )
        absent |= read_flags(path, frames) != 0
    return absent


def _attributes(place: Place, row: Row, benchmark: Benchmark) -> tuple[str, ...]:
    path = place.tree.find(row.fill(benchmark.attribute_file)) if benchmark.attribute_file else None
    if path is None:
        return row.attributes
    flags = read_flags(path, len(benchmark.attribute_names))
    return tuple(name for name, flag in zip(benchmark.attribute_names, flags, strict=True) if flag)


def _seen(place: Place, folder: Path) -> str:
    """What a folder holds instead of what was looked for, in words to follow that."""
    names = place.tree.names(folder)
    return f" ({folder} holds {', '.join(names[:4])}{', ...' if len(names) > 4 else ''})" if names else ""


def _missing(place: Place, row: Row, benchmark: Benchmark) -> str:
    path = place.tree.root / row.fill(place.layout.groundtruth[0])
    what = f"{path} is missing" if path.parent.is_dir() else f"folder {path.parent} is missing"
    near = next((parent for parent in path.parents if parent.is_dir()), None)
    what += _seen(place, near) if near is not None else ""
    return f"{benchmark.name} sequence {row.name}: {what}; {benchmark.again()}"
