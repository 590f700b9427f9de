"""A benchmark's sequences as its official archives lay them out on disk."""

import re
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from drol_jax.datasets.definitions import Benchmark, Layout, Row
from drol_jax.datasets.groundtruth import Groundtruth, read_groundtruth
from drol_jax.datasets.images import Images, choose, list_images, predicted
from drol_jax.datasets.sequence import Sequence, SequenceEntry
from drol_jax.datasets.text import read_flags, read_names
from drol_jax.datasets.tree import Tree, subfolders
from drol_jax.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a benchmark lies."""

    tree: Tree
    """Spellings below the folder that the layout's paths start from."""
    layout: Layout
    rows: tuple[Row, ...]
    """What should be there: the list file's sequences, else the benchmark's, else what was found."""
    annotated: int
    """How many of them have an annotation file."""
    pictured: int
    """How many of them have an annotation file and a folder for images."""


def find_place(root: Path, benchmark: Benchmark) -> Place | None:
    """The subfolder and layout that hold most of a benchmark's sequences; None where there is none at all."""
    places = [
        _survey(Tree(folder), layout, benchmark)
        for folder in subfolders(root, benchmark.folders)
        for layout in benchmark.layouts
    ]
    best = max(places, key=lambda place: (place.pictured, place.annotated), default=None)
    return best if best is not None and best.annotated else None


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
            raise UserError(
                f"{benchmark.name} sequence {row.name}: folder {where} of its images is missing; {benchmark.again()}"
            )
    groundtruth = read_groundtruth(path, benchmark, row.length if held is None else len(held.files))
    alone = benchmark.server and len(groundtruth.boxes) == 1
    groundtruth = _aligned(groundtruth, path, row, benchmark, alone=alone)
    annotated = None if alone else len(groundtruth.boxes)
    if held is not None:
        frames = choose(held, row, place.layout, benchmark, annotated)
    elif (count := row.length if annotated is None else annotated) is not None:
        layout = place.layout if place.layout.images else benchmark.layouts[0]
        frames = predicted(_official_folder(place, row, benchmark), row, layout, count)
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
    alone = benchmark.server and len(groundtruth.boxes) == 1
    boxes = np.vstack([groundtruth.boxes, np.full((len(frames) - 1, 4), np.nan)]) if alone else groundtruth.boxes.copy()
    boxes[:, :2] -= origin
    return Sequence(
        row.name,
        frames,
        boxes,
        attributes,
        origin=benchmark.origin,
        polygons=None if groundtruth.polygons is None else groundtruth.polygons - origin,
        absent=groundtruth.absent,
        tags=groundtruth.tags,
        anchors=groundtruth.anchors,
        size=groundtruth.size,
        only_first_box=alone,
    )


def groundtruth_file(place: Place, row: Row) -> Path | None:
    """A sequence's annotation file, in whatever spelling it exists."""
    marks = (row.mark, "") if row.alone else (row.mark,)
    for mark in marks:
        for folder, name in row.spellings():
            for template in place.layout.groundtruth:
                path = place.tree.find(row.fill(template, folder, name, mark))
                if path is not None and path.is_file():
                    return path
    return None


def images_of(place: Place, row: Row) -> Images | None:
    """What images a sequence's folder holds, in whatever spelling it exists; None without a folder."""
    empty = None
    for folder, name in row.spellings():
        for template in place.layout.images:
            path = place.tree.find(row.fill(template, folder, name))
            if path is not None and path.is_dir():
                held = list_images(path, place.layout)
                if held.files:
                    return held
                empty = empty or held
    return empty


def _official_folder(place: Place, row: Row, benchmark: Benchmark) -> Path:
    return place.tree.root / row.fill((place.layout.images or benchmark.layouts[0].images)[0])


def example(benchmark: Benchmark) -> str:
    """Where an image of the benchmark lies below DIR, for messages."""
    layout = benchmark.layouts[0]
    row = benchmark.rows[0] if benchmark.rows else Row(name="SEQUENCE", folder="SEQUENCE")
    return f"DIR/{row.fill(layout.images[0])}/{layout.file(row.first or layout.first)}"


def _survey(tree: Tree, layout: Layout, benchmark: Benchmark) -> Place:
    rows = benchmark.rows or _rows_on_disk(tree, layout, benchmark)
    place = Place(tree=tree, layout=layout, rows=rows, annotated=0, pictured=0)
    annotated = [row for row in rows if groundtruth_file(place, row) is not None]
    return replace(place, annotated=len(annotated), pictured=sum(_pictured(tree, layout, row) for row in annotated))


def _pictured(tree: Tree, layout: Layout, row: Row) -> bool:
    return any(tree.find(row.fill(form, *names)) for form in layout.images for names in row.spellings())


def _rows_on_disk(tree: Tree, layout: Layout, benchmark: Benchmark) -> tuple[Row, ...]:
    """The list file's sequences, else those that have an annotation where the layout says."""
    listed = tree.find(layout.list) if layout.list else None
    if listed is not None and listed.is_file():
        folders = read_names(listed)
    else:
        folders = sorted({folder for form in layout.groundtruth for folder in _folders(tree, layout, form)})
    rows = [Row(name=folder.rpartition("/")[2], folder=folder) for folder in folders]
    if layout.depth > 1:  # so deep, another benchmark's annotations may lie as well
        rows = [row for row in rows if _pictured(tree, layout, row)]
    return tuple(target for row in rows for target in (_objects(tree, row) if benchmark.reader == "vot" else [row]))


def _folders(tree: Tree, layout: Layout, form: str) -> list[str]:
    """What {folder}, or {name}, may stand for in the path of an annotation file."""
    before, after = form.replace("{name}", "{folder}").split("{folder}")
    base = tree.find(before) if before else tree.root
    if base is None:
        return []
    deep = "/".join("*" * layout.depth)
    found = [path.relative_to(base).as_posix() for path in base.glob(deep + after.format(mark="*"))]
    return [path[: path.rindex("/") if "{mark}" in after else len(path) - len(after)] for path in found]


def _objects(tree: Tree, row: Row) -> list[Row]:
    """One row for each object of a sequence that has several, as in workspaces of the VOT toolkit."""
    names = tree.names(tree.root / row.folder)
    if "groundtruth.txt" in names or "groundtruth_rect.txt" in names:
        return [row]
    found = [re.fullmatch(r"groundtruth(_.+)\.txt", name) for name in names]
    return [replace(row, name=row.name + match[1], mark=match[1]) for match in found if match] or [row]


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


def _attributes(place: Place, row: Row, benchmark: Benchmark) -> tuple[str, ...]:
    path = place.tree.find(row.fill(benchmark.attribute_file)) if benchmark.attribute_file else None
    if path is None:
        return row.attributes
    flags = read_flags(path, len(benchmark.attribute_names))
    return tuple(name for name, flag in zip(benchmark.attribute_names, flags, strict=True) if flag)


def _missing(place: Place, row: Row, benchmark: Benchmark) -> str:
    path = place.tree.root / row.fill(place.layout.groundtruth[0])
    what = f"{path} is missing" if path.parent.is_dir() else f"folder {path.parent} is missing"
    return f"{benchmark.name} sequence {row.name}: {what}; {benchmark.again()}"
