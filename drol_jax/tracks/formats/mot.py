"""MOTChallenge text, with the targets' names in a file beside it.

Ten columns: frame (from 1), id (from 1, by first appearance), x, y, w, h (pixels, 0-based), confidence, class (1),
visibility (0 where occluded, else 1), -1. A frame without a box has no line. Confidence is at least 0.0001: readers
take 0 for "to be ignored". Names are in `.mot.names.csv`, with columns id and name, as the text has no room for them.
For CVAT put it as `gt/gt.txt` into a zip, with a `gt/labels.txt` whose first line is a label of the task.
"""

from collections.abc import Sequence

from drol_jax.tracks.formats.csv import guarded, written
from drol_jax.tracks.formats.interface import Numbers, Stream
from drol_jax.tracks.formats.layout import PARTS, PIXELS, tidy
from drol_jax.tracks.table import Row, TargetState, Video

SUFFIX, NAMES = ".mot.txt", ".mot.names.csv"


def _begin(video: Video) -> str:
    return ""


def _lines(rows: Sequence[Row], numbers: Numbers) -> str:
    return "".join(_line(row, row.box, numbers[row.name]) for row in rows if row.box is not None)


def _line(row: Row, box: tuple[float, ...], number: int) -> str:
    pixels = ",".join(f"{tidy(value, PIXELS):.{PIXELS}f}" for value in box)
    confidence = max(tidy(row.confidence, PARTS), 10**-PARTS)
    visibility = 0 if row.state is TargetState.OCCLUDED else 1
    return f"{row.frame + 1},{number},{pixels},{confidence:.{PARTS}f},1,{visibility},-1\n"


def _names(numbers: Numbers) -> str:
    return written(["id", "name"]) + "".join(written([number, guarded(name)]) for name, number in numbers.items())


FORMAT = Stream(suffix=SUFFIX, begin=_begin, lines=_lines, beside={NAMES: _names})
