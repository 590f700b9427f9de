"""What a run over a sequence comes to: results taken from the device a chunk at a time, and their table."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from drol_jax.api import Tracker
from drol_jax.image.masks import corners
from drol_jax.image.shapes import Mask
from drol_jax.system.workers import Watch
from drol_jax.tracker.state import StepOutput

Until = Callable[[int, np.ndarray], int | None]
"""Called with the results of some frames on end: the index of the first, and what the tracker reports, float64 [n, 4]
boxes or, with a mask branch, [n, 8] polygons. Returns how many of them to keep, after which the run ends; None to go
on."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Trajectory:
    """What a tracker made of a sequence of T frames. Row 0 is the start."""

    boxes: np.ndarray
    """float64 [T, 4] (x, y, w, h), pixels, 0-based."""
    scores: np.ndarray
    """float32 [T], NaN in row 0."""
    online_scores: np.ndarray
    """float32 [T], peak of the online score map; NaN in row 0 and with the subnet off."""
    verdicts: np.ndarray
    """int8 [T], `Verdict`; -1 in row 0 and with the subnet off."""
    templates: np.ndarray
    """int8 [T], 0 first template, 1 short-term one."""
    confidences: np.ndarray
    """float32 [T] in 0 to 1, the probability that the box is right (`StepOutput.confidence`); NaN in row 0."""
    polygons: np.ndarray | None
    """float64 [T, 8], x and y of the four corners of the mask's rotated box; None without a mask branch."""
    masks: tuple[Mask, ...] | None = None
    """T masks, the start's box in row 0; None without a mask branch."""
    seconds: float
    """Wall time from the first frame to the last result, decoding included, compilation not. Where several sequences
    are tracked at once, this one's share: at any moment the time is divided equally among those under way."""
    compile_seconds: float


class Row(NamedTuple):
    output: StepOutput
    polygon: np.ndarray | None
    mask: Mask | None


class Rows:
    """The results of a run so far, on the host. Row 0 belongs to frame 1."""

    def __init__(self, tracker: Tracker, until: Until | None, fetch: Callable[[list[Any]], list[StepOutput]]):
        self.rows: list[Row] = []
        self.until = until
        self._tracker, self._fetch = tracker, fetch

    def take(self, outputs: list[Any], shape: tuple[int, ...]) -> bool:
        """Fetch the results of the next frames. Returns whether the run has ended.

        Raises:
          FloatingPointError: a box or score is not finite.
        """
        fresh: list[Row] = []
        trouble = None
        for output in self._fetch(outputs):
            if not (np.isfinite(output.box).all() and np.isfinite(output.score)):
                trouble = f"box or score of frame {len(self.rows) + len(fresh) + 1} is not finite"
                break
            polygon, mask = self._tracker.outline(output, *shape[:2])
            fresh.append(Row(replace(output, mask=None), polygon, mask))
        kept = None
        if self.until is not None and fresh:
            reported = [row.output.box if row.polygon is None else row.polygon for row in fresh]
            kept = self.until(len(self.rows) + 1, np.array(reported, np.float64))
        self.rows += fresh[:kept]
        if kept is None and trouble is not None:
            raise FloatingPointError(trouble)
        return kept is not None


def trajectory_of(first_box: np.ndarray, rows: list[Row], watch: Watch) -> Trajectory:
    nan = np.float32(np.nan)
    outputs = [row.output for row in rows]
    polygons = [row.polygon for row in rows if row.polygon is not None]
    masks = [row.mask for row in rows if row.mask is not None]
    return Trajectory(
        boxes=np.array([first_box, *(output.box for output in outputs)], np.float64),
        scores=np.array([nan, *(output.score for output in outputs)], np.float32),
        online_scores=np.array([nan, *(output.online_score for output in outputs)], np.float32),
        verdicts=np.array([-1, *(output.verdict for output in outputs)], np.int8),
        templates=np.array([0, *(output.template for output in outputs)], np.int8),
        confidences=np.array([nan, *(output.confidence for output in outputs)], np.float32),
        polygons=np.array([corners(first_box), *polygons]) if polygons else None,
        masks=(Mask.filled(first_box), *masks) if masks else None,
        seconds=watch.seconds,
        compile_seconds=watch.compile_seconds,
    )
