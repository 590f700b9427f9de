"""Tables of numbers in text files: one line a frame, in whatever spelling can mean one thing only."""

import re
from pathlib import Path

import numpy as np

from drol_jax.datasets.spellings import GAP, MASK, Unclear, mixed, plain_rows
from drol_jax.errors import UserError
from drol_jax.system import reading

_SEPARATORS = str.maketrans({",": " ", ";": " ", "\t": " "})


def read_rows(path: Path) -> list[list[float]]:
    """Every line's numbers; lines may differ in how many they hold (VOT: codes, boxes, polygons).

    Raises:
      UserError: missing or unreadable file, or a line that holds no numbers.
    """
    rows, lines = [], text_of(path).splitlines()
    for number, line in enumerate(lines, 1):
        if trouble := mixed(line):
            raise UserError(f"{path}, line {number}: {trouble}")
        try:
            if GAP.search(line):
                raise ValueError
            row = [float(word) for word in line.translate(_SEPARATORS).split()]
        except ValueError:
            row = []
        if not row or (len(row) > 1 and len(row) % 2):  # no code, box or polygon
            try:
                return plain_rows(lines, 4)
            except Unclear:
                pass
        if not row:
            raise UserError(f"{path}, line {number}: {line[:60]!r} holds no numbers; mend the line or track it again")
        rows.append(row)
    return rows


def read_table(path: Path, columns: int, names: str) -> np.ndarray:
    """A table with the same number of numbers in every line.

    Of boxes, other spellings are read where they can mean one thing only: `drol_jax.datasets.spellings`.

    Args:
      columns: how many; names: what they are, for messages ("x,y,w,h").

    Returns:
      float64 [lines, columns].

    Raises:
      UserError: missing or unreadable file, or a line that holds other than `columns` numbers.
    """
    written = text_of(path)
    text = written.translate(_SEPARATORS)
    lines = text.splitlines()
    try:
        # All numbers in one go, which is many times faster than line by line.
        if not GAP.search(written) and all(len(line.split()) == columns for line in lines):
            table = np.array(text.split(), np.float64).reshape(-1, columns)
            if columns == 4 and len(table) > 1 and lines[0].split() == ["0", "1", "2", "3"]:
                cure = "delete it, or write 0.0 if it is a box"
                raise UserError(f"{path}: the first line, 0,1,2,3, may be numbers of columns; {cure}")
            return table
    except ValueError:
        pass
    try:
        rows = plain_rows(written.splitlines(), columns)
    except Unclear as trouble:
        if columns == 4 and trouble.line == 1 and trouble.text.strip() in ("0", "1", "2"):
            raise UserError(
                f"{path}: a code of VOT's ({trouble.text.strip()}) stands in the first line, so that this is a run "
                "with restarts or from an anchor, and boxes of one pass are wanted; score it as that, or track one pass"
            ) from None
        if columns == 4 and MASK.match(trouble.text):
            raise UserError(
                f"{path}, line {trouble.line}: a mask of VOT's ({trouble.text[:30]}...), and boxes of one pass are "
                "wanted; write boxes, or score a workspace's runs with --dataset VOT"
            ) from None
        counted = {2: "two", 4: "four", 8: "eight"}.get(columns, str(columns))
        # Of other programs' files there may be no second copy.
        ours = (path.parent / "manifest.json").is_file()
        cure = "mend the line" + (", or delete the file to track again" if ours else "")
        told = trouble.told(f"{counted} numbers {names}")
        raise UserError(f"{path}, line {trouble.line}: {trouble.text[:60]!r} is {told}; {cure}") from None
    return np.array(rows, np.float64).reshape(-1, columns)


def read_values(path: Path, column: int = 0) -> np.ndarray:
    """A column of numbers: confidences, times. An empty line is NaN, as VOT's toolkits write the first frame.

    Args:
      column: from 0, of files with one for each repetition; the first where a line has fewer.

    Returns:
      float64 [lines].

    Raises:
      UserError: missing or unreadable file, or a line without a number there.
    """
    values = []
    for number, line in enumerate(text_of(path, keep_end=True).split("\n")[:-1], 1):
        words = re.split(r"[,;\s]+", line.strip().rstrip(",;"))
        word = words[column if column < len(words) else 0]
        try:
            values.append(float(word) if word else np.nan)
        except ValueError:
            raise UserError(f"{path}, line {number}: {line[:60]!r} is no number; mend the line") from None
    return np.array(values, np.float64)


def text_of(path: Path, *, keep_end: bool = False) -> str:
    """A file's text without the blank lines at its end, or as it stands but with a last line break.

    Raises:
      UserError: it cannot be read.
    """
    try:
        text = reading.text(path)
    except (OSError, UnicodeDecodeError) as error:
        why = (error.strerror if isinstance(error, OSError) and error.strerror else str(error)) or type(error).__name__
        raise UserError(f"cannot read result file {path}: {why}; check the path and the file") from error
    if keep_end:
        return text if text.endswith("\n") or not text else text + "\n"
    return text.rstrip()
