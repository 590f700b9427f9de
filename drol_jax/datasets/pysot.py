"""PySOT's JSON files: a whole benchmark's annotations and image names in one file, images in the folder around it."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from drol_jax.datasets.definitions import Benchmark, Row
from drol_jax.datasets.disk import build
from drol_jax.datasets.groundtruth import TAGS, Groundtruth, of_regions
from drol_jax.datasets.pysot_items import attributes_of, image_names
from drol_jax.datasets.sequence import Sequence, SequenceEntry
from drol_jax.datasets.text import checked_name, fitted, read_json
from drol_jax.datasets.tree import Tree, subfolders
from drol_jax.errors import UserError

_MOST = 2**30  # bytes; LaSOT's file has some 60 million


def find_json(root: Path, benchmark: Benchmark) -> Path | None:
    """The benchmark's JSON file in the root or in one of its usual subfolders, in any case; None without one."""
    for folder in subfolders(root, benchmark.folders):
        tree = Tree(folder)
        for name in benchmark.pysot:
            path = tree.find(name)
            if path is not None and path.is_file():
                return path
    return None


def load_pysot(path: Path, benchmark: Benchmark, *, images: bool, root: Path | None = None) -> list[SequenceEntry]:
    """List the sequences of a JSON file.

    Args:
      path: ``{sequence: {"img_names", "gt_rect", "attr", ...}}`` as PySOT has it, or ``image_files`` as DaSiamRPN.
      images: every image must be there when a sequence is opened; otherwise none is looked for.
      root: where images may be as well, or in a folder of the file's name below, if not in the file's folder.

    Returns:
      An entry for every sequence of the benchmark, in its order; opening one that the file lacks fails.

    Raises:
      UserError: the file cannot be read, is of another form, or its boxes are not this benchmark's.
    """
    table = _read(path)
    known = benchmark.spelled()
    rows = benchmark.rows or tuple(Row(name=checked_name(name, path), folder=name) for name in table)
    items = {row.name: (name, item) for name, item in table.items() if (row := known.get(name.casefold()))}
    if not benchmark.rows:
        items = {name: (name, item) for name, item in table.items()}
    if not items:
        raise UserError(
            f"{path}: holds none of the sequences of {benchmark.name} (begins with {next(iter(table), 'nothing')!r}); "
            f"give the file that PySOT calls {benchmark.pysot[0] if benchmark.pysot else benchmark.name + '.json'}"
        )
    origin = _origin(path, benchmark, {name: item for name, (_, item) in items.items()})
    tagged = any(item.get(tag) for _, item in items.values() for tag in TAGS)
    folders = (path.parent, *(() if root is None or root.is_file() else (root, root / path.stem)))
    opener = partial(
        _open, path=path, folders=folders, benchmark=benchmark, origin=origin, tagged=tagged, images=images
    )
    return [
        SequenceEntry(
            row.name, partial(opener, row, *items.get(row.name, (row.name, None))), row.attributes, row.aliases
        )
        for row in rows
    ]


def _open(
    row: Row,
    name: str,
    item: Mapping[str, Any] | None,
    *,
    path: Path,
    folders: tuple[Path, ...],
    benchmark: Benchmark,
    origin: int,
    tagged: bool,
    images: bool,
) -> Sequence:
    where = f"{path}, sequence {name}"
    if item is None:
        raise UserError(f"{where}: missing from the file; fetch {path.name} again, or leave the sequence out")
    try:
        groundtruth = _groundtruth(where, item, tagged=tagged)
        named = image_names(row, name, item, benchmark, len(groundtruth.boxes))
        tries = [(folder, names) for names in named for folder in folders]
        place, names = next((one for one in tries if one[1] and (one[0] / one[1][0]).exists()), tries[0])
        files = tuple(place / file for file in names)
        attributes = attributes_of(item.get("attr")) or row.attributes
    except (TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
        raise UserError(f"{where}: is of another form than PySOT's ({error}); fetch the file again") from None
    if len(files) != len(groundtruth.boxes) != 1:
        raise UserError(
            f"{where}: {len(files)} image names but {len(groundtruth.boxes)} boxes; fetch {path.name} again"
        )
    if images:
        _look(files, row, benchmark, folders)
    try:
        return build(row, benchmark, groundtruth, files, origin, attributes)
    except UserError as error:
        raise UserError(f"{where}: {error}") from None


def _groundtruth(where: str, item: Mapping[str, Any], *, tagged: bool) -> Groundtruth:
    regions = _regions(where, item["gt_rect"])
    frames = len(regions.boxes)
    absent = None
    if item.get("absent"):
        # Called absent, and 1 where the target is visible, as it is in every first frame.
        visible = fitted(np.array(item["absent"], np.int64), frames, f"{where}, absent", pad=False)
        absent = visible != visible[0]
    tags = {}
    if tagged:
        lists = {tag: np.array(item.get(tag) or [0], np.int64) for tag in TAGS}
        tags = {tag: fitted(flags, frames, f"{where}, {tag}", pad=True) > 0 for tag, flags in lists.items()}
    size = (int(item["height"]), int(item["width"])) if item.get("height") and item.get("width") else None
    return replace(regions, absent=absent, tags=tags, size=size)


def _regions(where: str, rects: list[list[float] | None]) -> Groundtruth:
    """The boxes or polygons of ``gt_rect``; a code, null or nothing stands where the target is absent."""
    for frame, rect in enumerate(rects):
        if not isinstance(rect, list | None):
            raise UserError(
                f"{where}: frame {frame} (counted from 0) of gt_rect is {str(rect)[:40]!r}, no list of numbers such as "
                "[x, y, w, h]; mend the file"
            )
    if {4} == {len(rect) if rect is not None else 0 for rect in rects}:
        table = np.array(rects, np.float64)
        table[np.isnan(table).any(axis=1)] = np.nan
        return Groundtruth(boxes=table)
    rows: list[list[float] | None] = []
    for frame, rect in enumerate(rects):
        row = [float(value) for value in rect or ()]
        if len(row) > 1 and len(row) != 4 and (len(row) < 6 or len(row) % 2):
            raise UserError(
                f"{where}: frame {frame} (counted from 0) of gt_rect holds {len(row)} numbers, neither 4 of a box nor "
                "6, 8 or more of a polygon; fetch the file again"
            )
        rows.append(None if len(row) < 2 or np.isnan(row).any() else row)
    return of_regions(rows)


def _look(files: tuple[Path, ...], row: Row, benchmark: Benchmark, folders: tuple[Path, ...]) -> None:
    """Every image is there, by one look into each folder."""
    held = {folder: set(Tree(folder).names(folder)) for folder in {file.parent for file in files}}
    missing = [file for file in files if file.name not in held[file.parent]]
    if missing:
        others = [str(folder) for folder in folders[1:] if folder != folders[0] and folder.is_dir()]
        nor = f", nor are they under {' or '.join(others)}" if others and len(missing) == len(files) else ""
        if len(missing) == len(files):
            near = next(folder for folder in missing[0].parents if folder.is_dir())
            names = Tree(near).names(near)
            nor += f"; {near} holds {', '.join(names[:4]) or 'nothing'}{', ...' if len(names) > 4 else ''}"
        raise UserError(
            f"{missing[0]}: image missing ({len(missing)} of the {len(files)} of {row.name}{nor}); {benchmark.again()}"
        )


def _origin(path: Path, benchmark: Benchmark, items: Mapping[str, Mapping[str, Any]]) -> int:
    """What the file counts the first pixel as: such files are in circulation both as published and shifted to 0."""
    seen = None
    for name, box in benchmark.probe.items():
        if name in items:
            seen = f"{name} starts at {items[name]['gt_rect'][0]}"
            for origin in {benchmark.origin, 0}:
                shift = [benchmark.origin - origin] * 2 + [0, 0]
                try:
                    if np.allclose(np.subtract(box, items[name]["gt_rect"][0]), shift, atol=1e-3):
                        return origin
                except (TypeError, ValueError):
                    pass
    if seen is not None:
        raise UserError(f"{path}: {seen}, unlike {benchmark.name}'s own annotation; fetch the file again")
    return benchmark.origin


def _read(path: Path) -> dict[str, dict[str, Any]]:
    table = read_json(path, _MOST)
    sound = isinstance(table, dict) and all(
        isinstance(item, dict) and isinstance(item.get("gt_rect"), list) and item["gt_rect"] for item in table.values()
    )
    if not sound or not table:
        raise UserError(f"{path}: is no annotation file of PySOT's, {{sequence: {{'gt_rect': ...}}}}; fetch it again")
    return table
