"""How a tracker is run over a sequence: one pass, VOT's restart, VOT's anchors. Needs no jax.

All of them cut a sequence into segments and hand each to the one frame loop, `drol_jax.running.loop.Runner`, which
tells them a chunk of results at a time and drops what came after they had seen enough.

A segment's name decides the online subnet's draws, together with the seed. The first segment of the first repetition
bears the sequence's own name, so that until its first failure a restart is the one-pass run; every other segment has a
name, and draws, of its own. A tracker that draws nothing at random is deterministic: it is not tracked again to be
repeated.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from drol_jax import datasets
from drol_jax.datasets.sequence import digest
from drol_jax.errors import UserError
from drol_jax.eval.renewing import Renewed
from drol_jax.eval.runner import Kind, OnFrame, Runner
from drol_jax.eval.scorers import size_of
from drol_jax.eval.segments import anchors, regions_of, segment_of, supervising, together
from drol_jax.metrics.raster import overlaps
from drol_jax.metrics.restart import REPETITIONS, SKIPPED
from drol_jax.results.runs import Tracked, Trajectory

SAME = 3
"""Equal repetitions after which VOT's toolkit takes a tracker for deterministic."""


@dataclass(frozen=True, kw_only=True)
class OnePass:
    """One pass, from the first frame to the last."""

    kind: Kind = "ope"
    form: str = "pysot"
    """Format of the result files."""
    experiment: str = "baseline"
    repetitions: int = 1
    starts_with_code: bool = False
    """The first frame holds a code, as in VOT's files, and a mask's rotated box counts as the result."""

    @property
    def parts(self) -> int:
        """How many units of work a sequence is, as far as that is known before it is opened."""
        return self.repetitions

    def numbers(self, sequence: datasets.Sequence, *, deterministic: bool) -> tuple[int, ...]:
        """The runs over a sequence, from 1."""
        return (1,) if deterministic else tuple(range(1, self.repetitions + 1))

    def frames(self, sequence: datasets.Sequence, number: int) -> int:
        """How many frames a run goes through."""
        return len(sequence)

    def track(self, runner: Runner, sequence: datasets.Sequence, seed: int, number: int, on_frame: OnFrame) -> Tracked:
        """Run once. Raises what the runner raises."""
        order = np.arange(len(sequence))
        trajectory = runner.run(segment_of(sequence, order, number=number), seed, on_frame)
        if not self.starts_with_code:
            return Tracked.of(trajectory, sequence.origin)
        return together(sequence, len(sequence), [(0, trajectory)], failed=[])


@dataclass(frozen=True, kw_only=True)
class Restart:
    """VOT's supervised experiment, as PySOT runs it: five frames after a failure the tracker is started from the
    groundtruth.

    A failure is a frame in which the result and the groundtruth share no pixel (`raster`, TRAX, bounds width and
    height). A frame of unknown groundtruth is no failure and no start.
    """

    kind: Kind = "restart"
    form: str = "vot"
    experiment: str = "baseline"
    repetitions: int = REPETITIONS

    @property
    def parts(self) -> int:
        """As of `OnePass`."""
        return self.repetitions

    def numbers(self, sequence: datasets.Sequence, *, deterministic: bool) -> tuple[int, ...]:
        """The repetitions, from 1; of a deterministic tracker as many as VOT's toolkit asks for."""
        return tuple(range(1, min(self.repetitions, SAME if deterministic else self.repetitions) + 1))

    def frames(self, sequence: datasets.Sequence, number: int) -> int:
        """How many frames a run goes through."""
        return len(sequence)

    def track(self, runner: Runner, sequence: datasets.Sequence, seed: int, number: int, on_frame: OnFrame) -> Tracked:
        """Run one repetition. Raises what the runner raises, and UserError where the images' size is not known."""
        groundtruth, (height, width) = supervising(sequence), size_of(sequence)
        known = np.flatnonzero(groundtruth.is_region)
        parts: list[tuple[int, Trajectory]] = []
        failed: list[int] = []
        begin = 0
        while len(starts := known[known >= begin]):
            start = int(starts[0])

            def until(first: int, reported: np.ndarray, start: int = start) -> int | None:
                seen = groundtruth[start + first : start + first + len(reported)]
                shared = overlaps(regions_of(reported, sequence.origin), seen, (width, height), "trax")
                lost = seen.is_region & ~(shared > 0)
                if not lost.any():
                    return None
                failed.append(start + first + int(np.argmax(lost)))
                return int(np.argmax(lost)) + 1

            failures = len(failed)
            part = segment_of(sequence, np.arange(start, len(sequence)), number=number)
            parts.append((start, runner.run(part, seed, lambda index, at=start: on_frame(at + index), until)))
            begin = failed[-1] + SKIPPED if len(failed) > failures else len(sequence)
        return together(sequence, len(sequence), parts, failed)


@dataclass(frozen=True, kw_only=True)
class MultiStart:
    """VOT's anchor-based experiment (2020 and later): from each anchor towards one end, without restarts."""

    kind: Kind = "multistart"
    form: str = "vot-multistart"
    experiment: str = "baseline"
    repetitions: int = 1

    @property
    def parts(self) -> int:
        """As of `OnePass`."""
        return 1

    def numbers(self, sequence: datasets.Sequence, *, deterministic: bool) -> tuple[int, ...]:
        """The anchors' frames, from 0."""
        return tuple(np.flatnonzero(anchors(sequence)).tolist())

    def frames(self, sequence: datasets.Sequence, number: int) -> int:
        """How many frames a run goes through."""
        return len(self._order(sequence, number))

    def track(self, runner: Runner, sequence: datasets.Sequence, seed: int, number: int, on_frame: OnFrame) -> Tracked:
        """Run from one anchor. Raises what the runner raises."""
        order = self._order(sequence, number)
        trajectory = runner.run(segment_of(sequence, order), seed, on_frame)
        return together(sequence, len(order), [(0, trajectory)], failed=[])

    def _order(self, sequence: datasets.Sequence, anchor: int) -> np.ndarray:
        forward = anchors(sequence)[anchor] > 0
        return np.arange(anchor, len(sequence)) if forward else np.arange(anchor, -1, -1)


Running = OnePass | Restart | MultiStart | Renewed


def data_of(sequence: datasets.Sequence, running: Running) -> str:
    """Digest of what is tracked: `drol_jax.datasets.sequence.digest`, of all the groundtruth where it decides that."""
    return digest(sequence, whole=running.kind in ("restart", "multistart", "r-ope"))


def choose(
    dataset: str, entries: Sequence[datasets.SequenceEntry], protocol: Kind | None, repetitions: int | None
) -> Running:
    """How a dataset is run.

    Args:
      protocol: overrides the benchmark's own.
      repetitions: overrides the protocol's own number.

    Raises:
      UserError: repetitions of a protocol that has none; a protocol that the dataset has no frames for.
    """
    known = datasets.known(dataset)
    kind: Kind = "ope"
    if known is not None:
        if known.protocol == "vot":
            kind = "multistart" if not known.count and _anchored(entries) else "restart"
        elif known.reader == "got10k":
            kind = "got10k"
        elif known.protocol == "longterm":
            kind = "longterm"
    kind = protocol or kind
    if repetitions is not None and (repetitions < 1 or kind not in ("got10k", "restart")):
        raise UserError(
            f"--repetitions {repetitions}: protocol {kind} "
            + ("needs at least one" if kind in ("restart", "got10k") else "runs once; repeat the tracker with --seeds")
        )
    match kind:
        case "ope":
            return OnePass()
        case "got10k":
            return OnePass(kind=kind, form="got10k-test", repetitions=repetitions or 3)
        case "longterm":
            return OnePass(kind=kind, form="pysot-longterm", experiment="longterm", starts_with_code=True)
        case "restart":
            return Restart(repetitions=repetitions or REPETITIONS)
        case "multistart":
            return MultiStart()
        case "r-ope":
            if known is None or known.measures != "videocube":
                raise UserError(f"--protocol r-ope is VideoCube's, and {dataset} names no frames to start again in")
            return Renewed()


def _anchored(entries: Sequence[datasets.SequenceEntry]) -> bool:
    """Whether a workspace of VOT's toolkit names anchors, as from 2020 on. The first readable sequence tells."""
    for entry in entries:
        try:
            return entry.open().anchors is not None
        except UserError:
            continue
    return False
