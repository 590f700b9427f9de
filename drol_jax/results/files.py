"""Box files in PySOT's format, and text files that are written whole or not at all."""

from pathlib import Path

import numpy as np

from drol_jax.results.numbers import read_table
from drol_jax.system.atomic import write_text


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
