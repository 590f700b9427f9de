"""Lines of boxes as programs that no benchmark knows write them, read where they can mean one thing only.

| spelling | example |
| --- | --- |
| brackets of a list or tuple, or of a list of them | `[20.0, 20.0, 30.0, 20.0]`, `[[20, 20, 30, 20],` |
| one line of heads | `x,y,w,h`, also with other columns: `frame,x,y,w,h,score` |
| a frame number first, counting up from 0 or 1 in every line | `1,20,20,30,20` |
| decimal commas between semicolons | `20,5;20,0;30,0;20,0` |

Anything else, such as a fifth number that no line of heads explains, is unclear.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

_HEADS = {
    "x": ("x", "left", "x0", "bb_left", "bbox_x", "xmin", "x_min", "x1"),
    "y": ("y", "top", "y0", "bb_top", "bbox_y", "ymin", "y_min", "y1"),
    "w": ("w", "width", "bb_width", "bbox_w", "bbox_width"),
    "h": ("h", "height", "bb_height", "bbox_h", "bbox_height"),
}
"""What columns of boxes are called. A corner's name counts where the size is named beside it."""
_FRAMES = (
    "frame",
    "frame_id",
    "frameid",
    "frame_number",
    "frame_no",
    "frame_idx",
    "frame_index",
    "frames",
    "t",
    "index",
)
"""What a column of frame numbers is called; pandas leaves its name empty."""
MASK = re.compile(r"m\s*\d+(\s*,\s*\d+)+")
"""How a mask of VOT's begins, which is no spelling of a box."""
GAP = re.compile(r"[,;]\s*[,;]")
"""Two separators in a row, between which a number is missing."""
_BRACKETS = re.compile(r"^(?:\[\s*)?[\[({]\s*([^\[\](){}]*?)\s*[\])}](?:\s*,|\s*\],?)?$")
_DECIMAL_COMMA = re.compile(r"^\s*-?\d+(,\d+)?\s*(;\s*-?\d+(,\d+)?\s*)+;?\s*$")


class Unclear(Exception):
    """A line that may mean several things, or nothing."""

    def __init__(self, line: int, text: str, found: str = ""):
        """Take the line's number from 1, its text, and how many numbers it holds or what it is, where that is known."""
        super().__init__(line, text, found)
        self.line, self.text, self.found = line, text, found

    def told(self, wanted: str) -> str:
        """What the line is in place of what was wanted, in words."""
        if self.found.isdigit() or not self.found:
            return f"not {wanted}{self.found and f' but {self.found}'}"
        return self.found


def mixed(line: str) -> str:
    """What is wrong with a line of VOT's, where it may be a box with decimal commas or a polygon; empty: nothing."""
    if "," not in line or ";" not in line:
        return ""
    return (
        f"{line[:60]!r} holds commas and semicolons, as boxes with decimal commas do and polygons of points; write "
        "decimal points, and commas between all numbers"
    )


def plain_rows(lines: Sequence[str], columns: int) -> list[list[float]]:
    """The numbers of every line, `columns` of them.

    Args:
      lines: without their ends; blank ones at the end are left out already.
      columns: 4 for boxes, of which alone frame numbers and heads are known.

    Raises:
      Unclear: a line means several things, or nothing.
    """
    commas = ";" in "".join(lines) and all(_DECIMAL_COMMA.match(line) for line in lines[1:])
    first = _words(lines[0], commas=commas) if lines else []
    chosen, skipped = None, 0
    if first and not any(_number(word) is not None for word in first):
        chosen, skipped = _columns(first, lines[0]) if columns == 4 else None, 1
        if chosen is None:
            raise Unclear(1, lines[0])
    table = [[_number(word) for word in _words(line, commas=commas)] for line in lines[skipped:]]
    if columns == 4 and chosen is None and _frames_first(table):
        chosen = [1, 2, 3, 4]
    if skipped and chosen is not None:
        _check_frames(first, table, lines)
    rows = []
    wanted = columns if chosen is None else len(first) if skipped else 5
    for number, (line, values) in enumerate(zip(lines[skipped:], table, strict=True), skipped + 1):
        row = [value for value in values if value is not None]
        if len(row) != len(values) or len(values) != wanted:
            raise Unclear(number, line, f"{len(row)}" if row and len(row) == len(values) else "")
        rows.append(row if chosen is None else [row[place] for place in chosen])
    return rows


def _words(line: str, *, commas: bool) -> list[str]:
    """What stands between separators; brackets about the line, and quotes about words, are taken off."""
    line = line.strip().lstrip("#").strip()
    line = _BRACKETS.sub(r"\1", line)
    if commas:
        line = line.replace(",", ".")
    return [word.strip("\"'") for word in re.split(r"\s*[,;]\s*|\s+", line.strip().rstrip(",;").rstrip())]


def _columns(heads: Sequence[str], line: str) -> list[int] | None:
    """Where x, y, w and h stand, by a line of heads; None where it does not say."""
    folded = [head.casefold() for head in heads]
    places = []
    for names in _HEADS.values():
        found = [place for place, head in enumerate(folded) if head in names]
        if len(found) != 1:
            return None
        places += found
    return places


def _check_frames(heads: Sequence[str], table: Sequence[Sequence[float | None]], lines: Sequence[str]) -> None:
    """Raise Unclear where a column of frame numbers does not count up: lines are missing, doubled or out of order."""
    for place, head in enumerate(heads):
        if head.casefold() in _FRAMES or (place == 0 and not head):
            column = [row[place] if place < len(row) else None for row in table]
            if len({*column}) == 1:  # it counts nothing
                continue
            for number, (before, value) in enumerate(pairwise(column), 2):
                if before is None or value != before + 1:
                    words = "of another frame than the next: lines are missing or out of order"
                    raise Unclear(number + 1, lines[number], words)


def _frames_first(table: Sequence[Sequence[float | None]]) -> bool:
    """Whether five numbers stand in every line and the first counts frames, and no other could."""
    if len(table) < 2 or any(len(row) != 5 for row in table):
        return False

    def counts(column: int) -> bool:
        values = [row[column] for row in table]
        return values[0] in (0, 1) and values == [values[0] + number for number in range(len(values))]  # pyright: ignore

    return counts(0) and not counts(4)


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None
