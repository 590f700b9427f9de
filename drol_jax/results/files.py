"""Box files in PySOT's format, and text files that are written whole or not at all."""

import os
from pathlib import Path

import numpy as np

from drol_jax.errors import UserError
from drol_jax.results.numbers import read_table


def write_boxes(path: Path, boxes: np.ndarray, origin: int = 0) -> None:
    """Write a box file in PySOT's format: ``x,y,w,h`` with four decimals, one line a frame.

    Args:
      path: its folder exists.
      boxes: [T, 4] (x, y, w, h), pixels, 0-based.
      origin: coordinates of the top-left pixel in the benchmark's annotations (OTB: 1), added to x and y.

    Raises:
      UserError: the file cannot be written (disk full, folder not writable).
    """
    # Rounding first, then adding zero, keeps "-0.0000" out of the file.
    rows = np.round(np.add(boxes, (origin, origin, 0, 0)), 4) + 0.0
    write_text(path, "".join(",".join(f"{value:.4f}" for value in row) + "\n" for row in rows))


def read_boxes(path: Path, origin: int = 0) -> np.ndarray:
    """Read a box file; numbers may be separated by commas, tabs, spaces or semicolons.

    Returns:
      float64 [T, 4] (x, y, w, h), pixels, 0-based: `origin` is subtracted from x and y.

    Raises:
      UserError: missing or unreadable file, or a line that is not four numbers.
    """
    boxes = read_table(path, 4, "x,y,w,h")
    boxes[:, :2] -= origin
    return boxes


def clear_litter(folder: Path) -> None:
    """Delete what processes that were killed while writing left below a folder.

    Raises:
      UserError: a file cannot be deleted.
    """
    for path in list(folder.rglob(".*.tmp")):
        pid = path.name.split(".")[-2]
        if pid.isdecimal() and (int(pid) == os.getpid() or not _runs(int(pid))):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise UserError(f"cannot delete {path}: {reason(error)}; mend the permissions") from error


def _runs(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # there is, but it is another user's
        return True
    return True


def write_text(path: Path, text: str) -> None:
    """Replace a file in one step: other programs, and a crash, see the old content or the new, never a part.

    Raises:
      UserError: it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        try:
            with open(temporary, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(
            f"cannot write {path}: {reason(error)}; free space, mend the permissions or choose another --output"
        ) from error


def reason(error: Exception) -> str:
    """An error in words, without the number and path that the caller tells anyway."""
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)) or type(error).__name__
