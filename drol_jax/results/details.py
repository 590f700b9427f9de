"""Per-frame details of a run, as a CSV file beside its boxes."""

import csv
import io
from pathlib import Path

import numpy as np

from drol_jax.online.verdict import Verdict
from drol_jax.results.runs import FrameDetails
from drol_jax.system.atomic import write_text

TEMPLATES = {0: "first", 1: "short_term"}


def write_details(path: Path, details: FrameDetails) -> None:
    """Write frame (from 0), score, online_score, verdict, template; empty where NaN.

    Raises:
      UserError: the file cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["frame", "score", "online_score", "verdict", "template"])
    columns = (details.scores, details.online_scores, details.verdicts, details.templates)
    for frame, (score, online, verdict, template) in enumerate(zip(*columns, strict=True)):
        numbers = ("" if np.isnan(value) else f"{value:.6g}" for value in (float(score), float(online)))
        writer.writerow([frame, *numbers, Verdict(int(verdict)).name.lower(), TEMPLATES[int(template)]])
    write_text(path, text.getvalue())
