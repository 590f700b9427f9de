"""What tracking one sequence once came to: the values that result files hold, and what they cost."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from drol_jax.metrics.regions import Regions


@dataclass(frozen=True, eq=False)
class Run:
    """One tracker's result on one sequence, once."""

    regions: Regions
    """T frames, in the benchmark's own origin."""
    times: np.ndarray | None = None
    """float64 [T], seconds; None where they are not known."""
    confidence: np.ndarray | None = None
    """float64 [T], NaN where there is none."""
    remark: str = ""
    """What had to be taken for granted in reading it, in words."""
    first: int | None = None
    """Number of the image that it begins with, where a file tells."""
    starts: np.ndarray | None = None
    """int64 [N], frames, from 0, in which the tracker was started again, where a file tells (VideoCube's R-OPE)."""


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

    @property
    def fps(self) -> float | None:
        """Frames a second, compilation excluded; None where no time was recorded."""
        return self.frames / self.seconds if self.seconds > 0 else None


class FrameDetails(Protocol):
    """Per-frame numbers of a tracker beside its boxes: the columns of a details file."""

    @property
    def scores(self) -> np.ndarray: ...
    @property
    def online_scores(self) -> np.ndarray: ...
    @property
    def verdicts(self) -> np.ndarray: ...
    @property
    def templates(self) -> np.ndarray: ...
    @property
    def confidences(self) -> np.ndarray: ...


class Trajectory(FrameDetails, Protocol):
    """What the frame loop returns; `drol_jax.running.trajectory.Trajectory` is one. Named here without jax."""

    @property
    def boxes(self) -> np.ndarray: ...
    @property
    def seconds(self) -> float: ...
    @property
    def compile_seconds(self) -> float: ...


@dataclass(frozen=True, kw_only=True, eq=False)
class Tracked:
    """One run over the T frames of a sequence, or over those that it went through."""

    regions: Regions
    """Boxes, polygons or codes of the frames, in the benchmark's own origin."""
    scores: np.ndarray
    """float32 [T], NaN where there is none; the others as in `drol_jax.running.trajectory.Trajectory`."""
    online_scores: np.ndarray
    verdicts: np.ndarray
    templates: np.ndarray
    confidences: np.ndarray
    timing: Timing
    starts: np.ndarray | None = None
    """As of `Run`."""

    @classmethod
    def of(cls, trajectory: Trajectory, origin: int = 0) -> Self:
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
            confidences=trajectory.confidences,
            timing=Timing(len(trajectory.boxes), trajectory.seconds, trajectory.compile_seconds),
        )

    @property
    def run(self) -> Run:
        """What result files hold. Every frame's time is the mean, as the device is never waited for frame by frame."""
        each = self.timing.seconds / max(self.timing.frames, 1)
        return Run(
            self.regions,
            times=np.full(len(self.regions), each),
            confidence=self.scores.astype(np.float64),
            starts=self.starts,
        )
