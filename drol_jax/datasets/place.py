"""Where a benchmark's annotations and images lie: the folder and the layout that hold most of its sequences."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from drol_jax.datasets.definitions import Benchmark, Layout, Row
from drol_jax.datasets.images import SUFFIXES, Images, list_images, list_pattern
from drol_jax.datasets.text import checked_name, read_names, read_properties
from drol_jax.datasets.tree import Tree, subfolders
from drol_jax.errors import UserError

CHANNELS = ("color", "depth", "ir")
"""Of vot-toolkit's sequences, in the order in which it takes one for a tracker of single images."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a benchmark lies."""

    root: Path
    """The folder that the user named. What the dataset's own files point to lies below it."""
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
    best, places = None, []
    for exact in (True,) if benchmark.rows else (True, False):  # to look into every folder for other case takes long
        places = [
            _survey(root, Tree(folder), layout, benchmark, exact=exact)
            for folder in subfolders(root, benchmark.folders)
            for layout in benchmark.layouts
        ]
        best = max(places, key=lambda place: (place.pictured, place.annotated), default=None)
        if best is not None and best.annotated:
            break
    if best is not None and best.annotated and not benchmark.rows:
        _check_depth(best, places)
    return best if best is not None and best.annotated else None


def _check_depth(best: Place, places: Sequence[Place]) -> None:
    """Raise a UserError where some sequences lie a folder deeper than others, of which one kind would be left out."""
    for place in places:
        other = place.tree.root == best.tree.root and place.layout.depth != best.layout.depth
        if other and place.layout.loose and best.layout.loose and place.pictured:
            deep, flat = sorted((place, best), key=lambda one: -one.layout.depth)
            raise UserError(
                f"{place.tree.root}: sequences lie one folder deep, such as {flat.rows[0].folder}, and two, such as "
                f"{deep.rows[0].folder}; move them to one depth, or name a folder of one kind with --data-root DIR"
            )


def groundtruth_file(place: Place, row: Row) -> Path | None:
    """A sequence's annotation file, in whatever spelling it exists; the one that vot-toolkit's properties of the
    sequence name, there or not."""
    for folder, name in row.spellings():
        named = _named(place, row, folder, name)
        if named is not None:
            return named
        # A folder of its own for each target, Jogging-1 beside Jogging-2, needs no mark.
        own = row.alone or folder != row.folder
        # Some unpackers and disks have groundtruth_rect_1.txt for groundtruth_rect.1.txt.
        marks = (row.mark, f"_{row.mark[1:]}") if row.mark.startswith(".") else (row.mark,)
        for mark in (*marks, "") if own else marks:
            for template in place.layout.groundtruth:
                path = place.tree.find(row.fill(template, folder, name, mark))
                if path is not None and path.is_file():
                    return path
    return None


def images_of(place: Place, row: Row) -> Images | None:
    """What images a sequence's folder holds, in whatever spelling it exists; None without a folder."""
    empty = None
    for folder, name in row.spellings():
        channel = _channel(place, row, folder, name)
        if channel is not None:
            return channel
        for template in place.layout.images:
            path = place.tree.find(row.fill(template, folder, name))
            if path is not None and path.is_dir():
                held = list_images(path, place.layout)
                if held.files:
                    return held
                # Of folders without frames the one with other images says most.
                if empty is None or (_any_image(place.tree, path) and not _any_image(place.tree, empty.folder)):
                    empty = held
    return empty


def images_beside(place: Place, row: Row, taken: Images) -> Path | None:
    """A folder with images that would be the sequence's as well, were it not for those that are taken; None where there
    is none, or where an official layout says which counts."""
    if not place.layout.loose:
        return None
    for folder, name in row.spellings():
        for template in place.layout.images:
            path = place.tree.find(row.fill(template, folder, name))
            if path is None or path == taken.folder or not path.is_dir():
                continue
            if list_images(path, place.layout).files:
                return path
    return None


def _channel(place: Place, row: Row, folder: str, name: str) -> Images | None:
    """The images of the channel that vot-toolkit's properties of a sequence name; None where they name none."""
    file = _properties(place, row, folder, name)
    if file is None:
        return None
    given = read_properties(file)
    keys = [key for channel in CHANNELS if (key := f"channels.{channel}") in given]
    return list_pattern(_pointed(place, file, keys[0], given[keys[0]])) if keys else None


def _named(place: Place, row: Row, folder: str, name: str) -> Path | None:
    """The annotation file that a sequence's properties name; None where they name none, or where several objects
    have a file each."""
    file = None if row.mark else _properties(place, row, folder, name)
    named = read_properties(file).get("groundtruth") if file is not None else None
    return _pointed(place, file, "groundtruth", named) if file is not None and named else None


def _pointed(place: Place, file: Path, key: str, value: str) -> Path:
    """The path that a property stands for, from the file's folder. Links are followed, as those of the folders are.

    Raises:
      UserError: it leads out of the dataset.
    """
    path = Path(os.path.normpath(file.parent.absolute() / value.replace("\\", "/")))
    if not path.is_relative_to(os.path.normpath(place.root.absolute())):
        raise UserError(
            f"{file}: {key}={value} leads out of the dataset, {place.root}; put what it names there, or a link to it"
        )
    return path


def _properties(place: Place, row: Row, folder: str, name: str) -> Path | None:
    """vot-toolkit's file of a sequence's properties; None where there is none."""
    file = place.tree.find(row.fill(place.layout.properties, folder, name)) if place.layout.properties else None
    return file if file is not None and file.is_file() else None


def _survey(root: Path, tree: Tree, layout: Layout, benchmark: Benchmark, *, exact: bool) -> Place:
    rows = benchmark.rows or _rows_on_disk(tree, layout, benchmark, exact=exact)
    place = Place(root=root, tree=tree, layout=layout, rows=rows, annotated=0, pictured=0)
    annotated = [row for row in rows if groundtruth_file(place, row) is not None]
    return replace(place, annotated=len(annotated), pictured=sum(_pictured(tree, layout, row) for row in annotated))


def _pictured(tree: Tree, layout: Layout, row: Row) -> bool:
    for form in layout.images:
        for names in row.spellings():
            found = tree.find(row.fill(form, *names))
            # The folder of the annotation is there anyway.
            if found is not None and (form != "{folder}" or _any_image(tree, found)):
                return True
    return False


def _any_image(tree: Tree, folder: Path) -> bool:
    return any(name.lower().endswith(SUFFIXES) and not name.startswith(".") for name in tree.names(folder))


def _rows_on_disk(tree: Tree, layout: Layout, benchmark: Benchmark, *, exact: bool) -> tuple[Row, ...]:
    """The list file's sequences, else those that have an annotation where the layout says, also in other case where
    not `exact`."""
    listed = tree.find(layout.list) if layout.list else None
    if listed is not None and listed.is_file():
        folders = read_names(listed)
    else:
        some = (_folders(tree, layout, form, exact=exact) for form in layout.groundtruth)
        folders = sorted({folder for found in some for folder in found})
    short = [folder.rpartition("/")[2] for folder in folders]
    # Two folders may hold sequences of one name.
    names = short if len(set(short)) == len(short) else [folder.replace("/", "-") for folder in folders]
    rows = [Row(name=checked_name(name, tree.root), folder=of) for name, of in zip(names, folders, strict=True)]
    if layout.depth > 1:  # so deep, another benchmark's annotations may lie as well
        rows = [row for row in rows if _pictured(tree, layout, row)]
    return tuple(target for row in rows for target in (_objects(tree, row) if benchmark.reader == "vot" else [row]))


def _folders(tree: Tree, layout: Layout, form: str, *, exact: bool) -> list[str]:
    """What {folder}, or {name}, may stand for in the path of an annotation file."""
    before, after = form.replace("{name}", "{folder}").split("{folder}")
    base = tree.find(before) if before else tree.root
    if base is None:
        return []
    deep = "/".join("*" * layout.depth)
    asked = after.format(mark="*")
    if not exact:
        asked = "".join(f"[{letter.lower()}{letter.upper()}]" if letter.isalpha() else letter for letter in asked)
    found = [path.relative_to(base).as_posix() for path in base.glob(deep + asked)]
    return [path[: path.rindex("/") if "{mark}" in after else len(path) - len(after)] for path in found]


def _objects(tree: Tree, row: Row) -> list[Row]:
    """One row for each object of a sequence that has several, as in workspaces of the VOT toolkit."""
    names = tree.names(tree.root / row.folder)
    if "groundtruth.txt" in names or "groundtruth_rect.txt" in names:
        return [row]
    # Two marks: no object of vot-toolkit's, but what it calls _ignore.
    found = [re.fullmatch(r"groundtruth(_[^_].*)\.txt", name) for name in names]
    return [replace(row, name=row.name + match[1], mark=match[1]) for match in found if match] or [row]
