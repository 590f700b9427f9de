"""Annotation files as text: tables of numbers, one flag a frame, lists of names.

A byte-order mark, Windows line ends, blank lines at the end and a comma after the last number are accepted everywhere.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np

from drol_jax.datasets.spellings import GAP, MASK, Unclear, plain_rows
from drol_jax.errors import UserError, reason
from drol_jax.system import reading
from drol_jax.system.names import hint

AGAIN = "unpack the sequence again"


def read_lines(path: Path) -> list[str]:
    """The lines of a text file, without their ends and without blank lines at the file's end.

    Raises:
      UserError: the file cannot be read as text, or holds nothing but blanks.
    """
    try:
        text = reading.text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as text ({reason(error)}); {AGAIN}") from None
    lines = text.rstrip().splitlines()
    if not lines:
        raise UserError(f"{path}: the annotation file is empty; {AGAIN}")
    return lines


def read_boxes(path: Path) -> np.ndarray:
    """Read a table of boxes: numbers parted by commas, tabs, semicolons or blanks; NaN is a number. Other spellings are
    read where they can mean one thing only: `drol_jax.datasets.spellings`.

    Returns:
      float64 [T, 4], as written (no origin subtracted).

    Raises:
      UserError: an unreadable or empty file, or a line that is not four numbers (names file and line).
    """
    lines = read_lines(path)
    rows = [line.replace(",", " ").replace(";", " ").split() for line in lines]
    # Two separators in a row are a number that is missing; benchmarks hold a million lines that are none of this.
    if all(len(row) == 4 for row in rows) and not any(GAP.search(line) for line in lines):
        try:
            return np.array(rows, np.float64)
        except ValueError:
            pass
    try:
        return np.array(plain_rows(lines, 4), np.float64)
    except Unclear as trouble:
        if MASK.match(trouble.text):
            raise UserError(
                f"{path}, line {trouble.line}: a mask of VOT's ({trouble.text[:30]}...), and boxes are wanted; a "
                "workspace of the VOT toolkit is --dataset VOT"
            ) from None
        if trouble.found and not trouble.found.isdigit():
            raise UserError(
                f"{path}, line {trouble.line}: {trouble.text[:60]!r} is {trouble.found}; mend or {AGAIN}"
            ) from None
    exact = [numbers(path, number, line, (4,), "x, y, w, h") for number, line in enumerate(lines, 1)]
    return np.array(exact, np.float64)


def numbers(path: Path, number: int, line: str, counts: tuple[int, ...], letters: str) -> list[float]:
    """The numbers of one line.

    Args:
      path, number: for the message; lines are counted from 1.
      counts: how many numbers the line may hold.
      letters: what they mean, for the message.

    Raises:
      UserError: another number of them, or something that is no number.
    """
    try:
        values = [float(field) for field in fields(line)]
    except ValueError:
        values = []
    if len(values) not in counts:
        shown, words = line.strip()[:60], {1: "one", 4: "four", 8: "eight"}
        wanted = " or ".join(words.get(count, str(count)) for count in counts)
        raise UserError(f"{path}, line {number}: {shown!r} is not {wanted} numbers {letters}; mend or {AGAIN}")
    return values


def fields(line: str) -> list[str]:
    """What stands between commas, semicolons, tabs or blanks."""
    return re.split(r"\s*[,;]\s*|\s+", line.strip().rstrip(",;").rstrip())


def read_flags(path: Path, frames: int | None, *, pad: bool = False) -> np.ndarray:
    """Read one whole number a frame, on one line or on many.

    Args:
      frames: how many are wanted; None for as many as there are.
      pad: accept fewer, for which zeros follow, and more, which are left out, as the VOT toolkit does with tags.

    Returns:
      int64 [frames].

    Raises:
      UserError: an unreadable or empty file, something that is no whole number, or another number of them.
    """
    try:
        values = np.array(" ".join(read_lines(path)).replace(",", " ").replace(";", " ").split(), np.float64)
        if not (np.isfinite(values).all() and np.array_equal(np.trunc(values), values)):
            raise ValueError
    except ValueError:
        raise UserError(f"{path}: holds something else than whole numbers, one a frame; {AGAIN}") from None
    whole = values.astype(np.int64)
    return whole if frames is None else fitted(whole, frames, str(path), pad=pad)


def read_reals(path: Path, frames: int) -> np.ndarray:
    """Read one number a line, for each frame one.

    Returns:
      float64 [frames]; NaN behind the last line, as pandas joins columns, and where NaN is written.

    Raises:
      UserError: an unreadable or empty file, a line that is no number, or more of them than frames.
    """
    rows = (numbers(path, number, line, (1,), "a frame") for number, line in enumerate(read_lines(path), 1))
    values = np.array([row[0] for row in rows])
    if len(values) > frames:
        raise UserError(f"{path}: {len(values)} lines for {frames} frames; {AGAIN}")
    return np.concat([values, np.full(frames - len(values), np.nan)])


def fitted(flags: np.ndarray, frames: int, source: str, *, pad: bool) -> np.ndarray:
    """Fit flags to the number of frames; `pad` as in `read_flags`.

    Raises:
      UserError: another number of them, without `pad`; begins with the source.
    """
    if len(flags) == frames:
        return flags
    if pad:
        return np.concat([flags[:frames], np.zeros(max(frames - len(flags), 0), flags.dtype)])
    raise UserError(f"{source}: {len(flags)} flags for {frames} frames; {AGAIN}")


def read_names(path: Path) -> list[str]:
    """The names that a list file holds, one a line, blank lines left out.

    Raises:
      UserError: an unreadable or empty file, or a name that leads out of the folder.
    """
    return [checked_name(line.strip(), path) for line in read_lines(path) if line.strip()]


def checked_name(name: str, source: Path) -> str:
    """A sequence's name, which becomes a file's when results are written.

    Raises:
      UserError: it leads into another folder, or holds bytes that are no letters; names the source that it came from.
    """
    if any("\ud800" <= letter <= "\udfff" for letter in name):
        raise UserError(f"{source}: the name {name!r} is not in UTF-8; give it another")
    if name in ("", ".", "..") or "/" in name or "\\" in name or "\0" in name:
        raise UserError(f"{source}: {name!r} is no name of a sequence; {AGAIN}")
    return name


def read_properties(path: Path) -> dict[str, str]:
    """Lines ``key = value`` or ``key: value``, keys in lower case; other lines are passed over.

    Raises:
      UserError: an unreadable or empty file.
    """
    pairs = (re.match(r"\s*([\w.]+)\s*[=:]\s*(.*?)\s*$", line) for line in read_lines(path))
    return {pair[1].lower(): pair[2] for pair in pairs if pair}


def read_json(path: Path, most: int = reading.MOST) -> Any:
    """What a JSON file holds, in whatever Unicode it was written.

    Args:
      most: bytes that it may have.

    Raises:
      UserError: it is not there, cannot be read, or is no JSON.
    """
    try:
        return reading.document(path, most)
    except FileNotFoundError:
        near = sorted(one.name for one in path.parent.glob("*.json")) if path.parent.is_dir() else []
        raise UserError(f"no dataset file {path}{hint(path.name, near)}; check the path") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read as JSON ({reason(error)}); check the path") from None
    except ValueError as error:
        raise UserError(f"{path}: cannot be read as JSON ({error}); mend or fetch it again") from None
