"""What tracking one sequence once came to, in the shape in which it is written."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from drol_jax.metrics.regions import Regions
from drol_jax.results.formats import Run

if TYPE_CHECKING:  # run imports jax, which writing a result file does not need
    from drol_jax.running.loop import Trajectory


@dataclass(frozen=True)
class Timing:
    """What one finished run cost."""

    frames: int
    """Tracked; a restart's skipped frames are none."""
    seconds: float
    """Tracking, without compilation."""
    compile_seconds: float

    @classmethod
    def total(cls, parts: Iterable[Self]) -> Self:
        """What several runs cost together."""
        parts = list(parts)
        return cls(
            sum(part.frames for part in parts),
            sum(part.seconds for part in parts),
            sum(part.compile_seconds for part in parts),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Tracked:
    """One run over the T frames of a sequence, or over those that it went through."""

    regions: Regions
    """In the benchmark's own origin."""
    scores: np.ndarray
    """float32 [T], NaN where there is none; the others as in `Trajectory`."""
    online_scores: np.ndarray
    verdicts: np.ndarray
    templates: np.ndarray
    timing: Timing

    @classmethod
    def of(cls, trajectory: "Trajectory", origin: int = 0) -> Self:
        """A whole trajectory as it stands, its boxes.

        Args:
          origin: coordinates of the top-left pixel in the benchmark's annotations (OTB: 1), added to x and y.
        """
        return cls(
            regions=Regions.from_boxes(np.add(trajectory.boxes, (origin, origin, 0, 0))),
            scores=trajectory.scores,
            online_scores=trajectory.online_scores,
            verdicts=trajectory.verdicts,
            templates=trajectory.templates,
            timing=Timing(len(trajectory.boxes), trajectory.seconds, trajectory.compile_seconds),
        )

    @property
    def run(self) -> Run:
        """What result files hold. Every frame's time is the mean, as the device is never waited for frame by frame."""
        each = self.timing.seconds / max(self.timing.frames, 1)
        return Run(self.regions, times=np.full(len(self.regions), each), confidence=self.scores.astype(np.float64))
