"""CSV for spreadsheets and pandas: one line a frame and target.

Columns: frame (from 0), time (seconds), name, x, y, w, h (pixels, 3 decimals; empty where there is no box), confidence
(4 decimals), state, overlap (names parted by `;`; a `;` or `\\` in a name has a `\\` before it). UTF-8, lines end in
LF. A name that a spreadsheet would run as a formula (begins with = + - @, a tab or a line break) has a `'` before it,
as has a name that begins with `'` before one of these; reading start boxes takes it off again.
"""

import csv
import io
import re
from collections.abc import Sequence

from drol_jax.tracks.formats.interface import Numbers, Stream
from drol_jax.tracks.formats.layout import PARTS, PIXELS, SECONDS, tidy
from drol_jax.tracks.table import Row, Video

COLUMNS = ("frame", "time", "name", "x", "y", "w", "h", "confidence", "state", "overlap")
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")


def guarded(name: str) -> str:
    """A cell's text that no spreadsheet takes for a formula."""
    return f"'{name}" if _FORMULA.match(name) else name


def unguarded(cell: str) -> str:
    """The name that `guarded` made the cell of; any other text as it is."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def written(cells: Sequence[object]) -> str:
    """One line of CSV, quoted where needed."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def _begin(video: Video) -> str:
    return written(COLUMNS)


def _lines(rows: Sequence[Row], numbers: Numbers) -> str:
    return "".join(written(_cells(row)) for row in rows)


def _cells(row: Row) -> list[object]:
    box = ["" if row.box is None else f"{tidy(row.box[i], PIXELS):.{PIXELS}f}" for i in range(4)]
    overlap = ";".join(name.replace("\\", "\\\\").replace(";", "\\;") for name in row.overlap)
    time, confidence = f"{tidy(row.time, SECONDS):.{SECONDS}f}", f"{tidy(row.confidence, PARTS):.{PARTS}f}"
    return [row.frame, time, guarded(row.name), *box, confidence, row.state.value, guarded(overlap)]


FORMAT = Stream(suffix=".csv", begin=_begin, lines=_lines, beside={})
