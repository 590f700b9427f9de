"""`row_of`: a sight of a follower as a row of the table of tracks."""

from dataclasses import replace
from typing import Any

import numpy as np

from drol_jax.api import Tracker
from drol_jax.follow.sight import Sight
from drol_jax.image.masks import full_frame, rotated_box
from drol_jax.tracks import rle
from drol_jax.tracks.table import Row
from drol_jax.video.frame import VideoFrame


def row_of(tracker: Tracker, sight: Sight, frame: VideoFrame, scale: float = 1.0) -> Row:
    """The row of a target in a frame; with its mask and rotated box, where the tracker makes masks.

    Args:
      scale: pixels of the frame for one of the source, in which rows are.
    """
    box = None if sight.box is None else np.asarray(sight.box, np.float64) / scale
    row = Row(
        frame=frame.number,
        time=frame.time,
        name=sight.name,
        box=None if box is None else (float(box[0]), float(box[1]), float(box[2]), float(box[3])),
        confidence=sight.confidence,
        state=sight.state,
        overlap=sight.overlap,
    )
    return row if box is None or sight.output is None else _with_mask(row, tracker, sight.output, frame, scale)


def _with_mask(row: Row, tracker: Tracker, output: Any, frame: VideoFrame, scale: float) -> Row:
    if output.mask is None:
        return row
    height, width = (round(side / scale) for side in frame.image.shape[:2])
    covers = np.asarray(output.mask.box) / scale
    exact = tracker.config.fidelity == "exact"
    mask = full_frame(output.mask.probability, covers, height, width, exact=exact)
    threshold = float(tracker.hyper.mask_threshold)
    corners = rotated_box(mask, threshold, np.asarray(output.box) / scale)
    return replace(row, polygon=tuple(map(float, corners)), mask=rle.encode(mask > threshold))
