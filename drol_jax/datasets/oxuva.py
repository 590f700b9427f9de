"""OxUvA's files: one table of labels for all tracks, with corners in shares of the image; images in a folder a video.

Source: oxuva/long-term-tracking-benchmark at fd49bed27a, ``python/oxuva/io_annot.py``, ``io_task.py`` and
``examples/opencv/track.py``, which takes shares times the image's size for pixels.
"""

import csv
import io
from collections.abc import Sequence as SequenceOf
from functools import partial
from pathlib import Path

import numpy as np

from drol_jax.datasets.definitions import Benchmark, Layout
from drol_jax.datasets.images import list_images
from drol_jax.datasets.sequence import Sequence, SequenceEntry
from drol_jax.datasets.text import checked_name, read_lines
from drol_jax.datasets.tree import Tree, subfolders
from drol_jax.errors import UserError
from drol_jax.image.decoding import decoded

UNIT = (1, 1)
"""Size of an image that nobody knows: boxes stay in shares of it."""
_LABELS, _TASKS = 12, 8  # columns


def find_table(root: Path, benchmark: Benchmark) -> Path | None:
    """The benchmark's table under the root or in one of its usual subfolders; None without one."""
    for folder in subfolders(root, benchmark.folders):
        for form in benchmark.layouts[0].groundtruth:
            path = Tree(folder).find(form)
            if path is not None and path.is_file():
                return path
    return None


def list_tracks(path: Path, benchmark: Benchmark, *, images: bool) -> list[SequenceEntry]:
    """List the tracks of a table, a sequence each, called VIDEO_OBJECT.

    Args:
      path: of annotations (twelve columns), or of tasks (eight), which tell the first box alone.
      images: every image must be there when a sequence is opened. Otherwise the size is that of the first one that is
        there, and `UNIT` where none is.

    Returns:
      An entry for every track, in the file's order.

    Raises:
      UserError: the file cannot be read, or a line is of another form.
    """
    tracks: dict[tuple[str, str], list[list[str]]] = {}
    lines = read_lines(path)
    for number, row in enumerate(csv.reader(io.StringIO("\n".join(lines))), 1):
        if number == 1 and row[:1] in (["video"], ["video_id"]):
            continue
        if len(row) not in (_LABELS, _TASKS):
            told = f"{', '.join(row)[:60]!r} has {len(row)} columns, and labels have {_LABELS}, tasks {_TASKS}"
            raise UserError(f"{path}, line {number}: {told}; fetch the file again")
        tracks.setdefault((row[0], row[1]), []).append(row)
    opener = partial(_open, path=path, benchmark=benchmark, images=images)
    return [
        SequenceEntry(checked_name(f"{video}_{target}", path), partial(opener, video, target, rows))
        for (video, target), rows in tracks.items()
    ]


def first_number(sequence: Sequence) -> int:
    """Number of the first frame of a track in its video, which starts somewhere in it.

    Raises:
      UserError: the frames are no numbered files.
    """
    path = sequence.frames[0]
    if isinstance(path, Path) and path.stem.isdecimal():
        return int(path.stem)
    raise UserError(f"{sequence.name}: the frames are not numbered as OxUvA's, whose result files name numbers")


def _open(
    video: str, target: str, rows: SequenceOf[SequenceOf[str]], *, path: Path, benchmark: Benchmark, images: bool
) -> Sequence:
    name, where = f"{video}_{target}", f"{path}, {video} {target}"
    labels, last = _labels(rows, where)
    first, alone = min(labels), len(rows[0]) == _TASKS
    layout = benchmark.layouts[0]
    folder = path.parent.parent / layout.images[0].format(folder=video)
    frames = _frames(folder, layout, first, last, name, benchmark, images=images)
    height, width = size = _size(frames[0]) if images or frames[0].is_file() else UNIT
    boxes, absent = np.full((last - first + 1, 4), np.nan), np.zeros(last - first + 1, bool)
    for number, corners in labels.items():
        if corners is None:
            absent[number - first] = True
        else:
            left, right, top, bottom = corners
            boxes[number - first] = (left * width, top * height, (right - left) * width, (bottom - top) * height)
    return Sequence(
        name, frames, boxes, origin=benchmark.origin, absent=None if alone else absent, size=size, only_first_box=alone
    )


def _labels(rows: SequenceOf[SequenceOf[str]], where: str) -> tuple[dict[int, tuple[float, ...] | None], int]:
    """Corners (left, right, top, bottom) in shares of the image by frame, or None where the target is absent; and the
    last frame."""
    found: dict[int, tuple[float, ...] | None] = {}
    try:
        for row in rows:
            corners = tuple(float(word) for word in row[-4:])
            if len(row) == _TASKS:
                return {int(row[2]): corners}, int(row[3])
            if row[7] not in ("present", "absent"):
                raise ValueError(f"object_presence is {row[7]!r}, wanted present or absent")
            found[int(row[6])] = corners if row[7] == "present" else None
    except ValueError as error:
        raise UserError(f"{where}: {error}; fetch the file again") from None
    return found, max(found)


def _frames(
    folder: Path, layout: Layout, first: int, last: int, name: str, benchmark: Benchmark, *, images: bool
) -> tuple[Path, ...]:
    numbers = range(first, last + 1)
    held = list_images(folder, layout).files if folder.is_dir() else {}
    missing = [number for number in numbers if number not in held]
    if images and missing:
        what = f"image missing ({len(missing)} of the {len(numbers)} of {name})" if held else "its folder is missing"
        raise UserError(f"{folder / f'{missing[0]:0{layout.digits}d}.jpeg'}: {what}; {benchmark.again()}")
    return tuple(held.get(number, folder / f"{number:0{layout.digits}d}.jpeg") for number in numbers)


def _size(path: Path) -> tuple[int, int]:
    height, width = decoded(path).shape[:2]
    return height, width
