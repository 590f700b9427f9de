"""Per-frame details of a run, as a CSV file beside its boxes."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drol_jax.errors import UserError, reason
from drol_jax.online.verdict import Verdict
from drol_jax.results.runs import FrameDetails
from drol_jax.system.atomic import write_text

CONFIDENCE = "confidence"
TEMPLATES = {0: "first", 1: "short_term"}


def write_details(path: Path, details: FrameDetails) -> None:
    """Write frame (from 0), score, online_score, verdict, template, confidence; empty where NaN.

    Raises:
      UserError: the file cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["frame", "score", "online_score", "verdict", "template", CONFIDENCE])
    columns = (details.scores, details.online_scores, details.verdicts, details.templates, details.confidences)
    for frame, (score, online, verdict, template, confidence) in enumerate(zip(*columns, strict=True)):
        words = Verdict(int(verdict)).name.lower(), TEMPLATES[int(template)]
        writer.writerow([frame, _number(score), _number(online), *words, _number(confidence)])
    write_text(path, text.getvalue())


@dataclass(frozen=True)
class Signs:
    """What a run told of each frame."""

    confidences: np.ndarray | None
    """float64 [T], NaN where there is none; None where the file tells none, as those of earlier versions."""
    verdicts: tuple[str, ...]
    """T names of `Verdict`, in lower case."""


def read_signs(path: Path) -> Signs:
    """Read a file that `write_details` wrote.

    Raises:
      UserError: it cannot be read, or a line is damaged.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for frame, row in enumerate(rows):
            if row.get("frame") != str(frame) or None in row or None in row.values():
                raise ValueError(f"line {frame + 2} is not that of frame {frame}")
        known = bool(rows) and CONFIDENCE in rows[0]
        confidences = np.array([float(row[CONFIDENCE] or "nan") for row in rows]) if known else None
        return Signs(confidences, tuple(row.get("verdict") or "off" for row in rows))
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read ({reason(error)}); track the sequence again") from error


def read_confidences(path: Path) -> np.ndarray | None:
    """Read the confidences of a file that `write_details` wrote; what `Signs.confidences` is.

    Raises:
      UserError: it cannot be read.
    """
    return read_signs(path).confidences


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{float(value):.6g}"
