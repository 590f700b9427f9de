"""VideoCube's R-OPE: one pass, in which a tracker that has been lost is started again in frames that are named.

Source: huuuuusy/videocube-toolkit at d264d8de33, ``videocube/trackers/__init__.py``. Needs no jax.
"""

from dataclasses import dataclass

import numpy as np

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval.runner import Kind, OnFrame, Runner
from drol_jax.eval.scorers import size_of
from drol_jax.eval.segments import segment_of
from drol_jax.image.boxes import box_from_polygon
from drol_jax.metrics.regions import Regions
from drol_jax.metrics.videocube import overlaps_in_image
from drol_jax.results.groundtruth import own_boxes
from drol_jax.results.runs import Timing, Tracked, Trajectory

FAILURES = 10
"""Frames on end of an overlap below one half, after which a tracker is started again where that may be."""


@dataclass(frozen=True, kw_only=True)
class Renewed:
    """One pass; a tracker that has failed in ten frames on end is started in the next frame of `Sequence.restarts`.

    Frames in which a number of the groundtruth's box is zero, as where there is no target, neither fail nor end a
    series. Boxes are rounded and cut to the image before they are judged. A frame in which the tracker is started
    again holds the box 0, 0, 0, 0, so that it scores nothing.
    """

    kind: Kind = "r-ope"
    form: str = "r-ope"
    experiment: str = "baseline"
    repetitions: int = 1

    @property
    def parts(self) -> int:
        """As of `OnePass`."""
        return 1

    def numbers(self, sequence: datasets.Sequence, *, deterministic: bool) -> tuple[int, ...]:
        """The one run."""
        return (1,)

    def frames(self, sequence: datasets.Sequence, number: int) -> int:
        """How many frames a run goes through."""
        return len(sequence)

    def track(self, runner: Runner, sequence: datasets.Sequence, seed: int, number: int, on_frame: OnFrame) -> Tracked:
        """Run once. Raises what the runner raises, and UserError where the frames to start in or the images' size are
        not known."""
        if sequence.restarts is None:
            raise UserError(
                f"{sequence.name}: the file of the frames in which a tracker may be started again is missing, or the "
                "groundtruth kept by a server; unpack attribute/restart of the info data, or run --protocol ope"
            )
        truth, size = own_boxes(sequence), size_of(sequence)
        places, counts = {*sequence.restarts.tolist()}, (truth != 0).all(1) & ~np.isnan(truth).any(1)
        parts: list[Trajectory] = []
        starts = [0]
        while True:
            start, missed, again = starts[-1], [0], []

            def until(
                first: int,
                reported: np.ndarray,
                start: int = start,
                missed: list[int] = missed,
                again: list[int] = again,
            ) -> int | None:
                boxes = box_from_polygon(reported) if reported.shape[1] == 8 else reported
                frames = np.arange(start + first, start + first + len(boxes))
                good = overlaps_in_image(np.rint(boxes), truth[frames], size) >= 0.5
                for place, frame in enumerate(frames.tolist()):
                    if missed[0] >= FAILURES and frame in places:
                        again.append(frame)
                        return place
                    if counts[frame]:
                        missed[0] = 0 if good[place] else missed[0] + 1
                return None

            part = segment_of(sequence, np.arange(start, len(sequence)))
            parts.append(runner.run(part, seed, lambda index, at=start: on_frame(at + index), until))
            if not again:
                return _joined(sequence, parts, starts)
            starts.append(again[0])


def _joined(sequence: datasets.Sequence, parts: list[Trajectory], starts: list[int]) -> Tracked:
    """Trajectories that follow each other, as one run."""
    boxes = np.add(np.concatenate([part.boxes for part in parts]), (sequence.origin, sequence.origin, 0, 0))
    boxes[starts[1:]] = 0
    return Tracked(
        regions=Regions.from_boxes(boxes),
        scores=np.concatenate([part.scores for part in parts]),
        online_scores=np.concatenate([part.online_scores for part in parts]),
        verdicts=np.concatenate([part.verdicts for part in parts]),
        templates=np.concatenate([part.templates for part in parts]),
        confidences=np.concatenate([part.confidences for part in parts]),
        timing=Timing(len(boxes), sum(part.seconds for part in parts), sum(part.compile_seconds for part in parts)),
        starts=np.array(starts[1:], np.int64),
    )
