"""What result files tell of a tracker's confidence, held against the groundtruth."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.image.boxes import overlap
from drol_jax.metrics.reliability import Certainty
from drol_jax.results.details import read_confidences
from drol_jax.results.groundtruth import own_boxes
from drol_jax.results.runs import Run


def certainty_of(sequence: datasets.Sequence, files: Mapping[int, Path], runs: Mapping[int, Run]) -> Certainty | None:
    """The confidences of one-pass runs over a sequence, from the details beside their box files.

    The first frame is left out: its box is given.

    Args:
      files, runs: by repetition.

    Returns:
      None where no file tells confidences.

    Raises:
      UserError: details cannot be read, or have another length than the boxes.
    """
    found = []
    for number, path in files.items():
        details = path.parent / "details" / f"{path.stem}.csv"
        confidence = read_confidences(details) if details.is_file() else None
        if confidence is None:
            continue
        boxes, truth = runs[number].regions.boxes, own_boxes(sequence)
        if not len(boxes) == len(truth) == len(confidence):
            raise UserError(f"{details} has {len(confidence)} frames and {path} {len(boxes)}; track it again")
        # Where a benchmark marks absence, an unknown box is no absent target but a frame that nobody labelled.
        told = np.asarray(~np.isnan(truth).any(1) | (True if sequence.absent is None else sequence.absent))
        told[:1] = False
        found.append(Certainty(confidence[told], overlap(boxes, truth)[told]))
    return Certainty.pooled(found)
