"""Box files in PySOT's format and per-frame details, written whole or not at all."""

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from drol_jax.results.numbers import read_table
from drol_jax.system.atomic import write_text

if TYPE_CHECKING:  # run imports jax, which reading a result file does not need
    from drol_jax.results.tracked import Tracked
    from drol_jax.running.loop import Trajectory

VERDICTS = {-1: "off", 0: "found", 1: "not_found", 2: "hard_negative", 3: "uncertain"}
TEMPLATES = {0: "first", 1: "short_term"}


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


def write_details(path: Path, trajectory: "Trajectory | Tracked") -> None:
    """Write what the tracker thought: frame (from 0), score, online_score, verdict, template; empty where NaN.

    Raises:
      UserError: the file cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["frame", "score", "online_score", "verdict", "template"])
    columns = (trajectory.scores, trajectory.online_scores, trajectory.verdicts, trajectory.templates)
    for frame, (score, online, verdict, template) in enumerate(zip(*columns, strict=True)):
        numbers = ("" if np.isnan(value) else f"{value:.6g}" for value in (float(score), float(online)))
        writer.writerow([frame, *numbers, VERDICTS[int(verdict)], TEMPLATES[int(template)]])
    write_text(path, text.getvalue())
