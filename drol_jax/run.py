"""The frame loop: frames x step -> Trajectory."""

import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import jax
import numpy as np

from drol_jax.api import PRECISION, Tracker
from drol_jax.boxes import checked_start_box
from drol_jax.crops import Frame
from drol_jax.datasets.sequence import Sequence
from drol_jax.errors import UserError
from drol_jax.frames import flatten, prefetch
from drol_jax.masks import corners
from drol_jax.tracker import StepOutput, init, step
from drol_jax.tracker.step import init_draws

CHUNK = 16
"""Frames between two fetches of results: the host never waits for a single frame."""

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
    polygons: np.ndarray | None
    """float64 [T, 8], x and y of the four corners of the mask's rotated box; None without a mask branch."""
    seconds: float
    """Wall time from the first frame to the last result, decoding included, compilation not."""
    compile_seconds: float


class _Row(NamedTuple):
    output: StepOutput
    polygon: np.ndarray | None


class _Rows:
    """The results of a run so far, on the host. Row 0 belongs to frame 1."""

    def __init__(self, tracker: Tracker, until: Until | None):
        self.rows: list[_Row] = []
        self.until = until
        self._tracker = tracker

    def take(self, outputs: list[StepOutput], shape: tuple[int, ...]) -> bool:
        """Fetch the results of the next frames. Returns whether the run has ended.

        Raises:
          FloatingPointError: a box or score is not finite.
        """
        fresh: list[_Row] = []
        trouble = None
        for output in jax.device_get(outputs):
            if not (np.isfinite(output.box).all() and np.isfinite(output.score)):
                trouble = f"box or score of frame {len(self.rows) + len(fresh) + 1} is not finite"
                break
            polygon = self._tracker.polygon(output, *shape[:2])
            fresh.append(_Row(replace(output, mask=None), polygon))
        kept = None
        if self.until is not None and fresh:
            reported = [row.output.box if row.polygon is None else row.polygon for row in fresh]
            kept = self.until(len(self.rows) + 1, np.array(reported, np.float64))
        self.rows += fresh[:kept]
        if kept is None and trouble is not None:
            raise FloatingPointError(trouble)
        return kept is not None


class Runner:
    """Runs one tracker over sequences, compiling once for each length of flattened frames.

    Compilation is asked for explicitly, so that it can be timed apart, and kept in this object. States are donated:
    the memory of samples is updated in place.
    """

    def __init__(self, tracker: Tracker, like: "Runner | None" = None):
        """Take a tracker.

        Args:
          like: shares its compiled code, so that trackers that differ by `Hyper` alone compile once.
        """
        self.tracker = tracker
        self._init = jax.jit(init, static_argnums=0)
        self._step = jax.jit(step, static_argnums=0, donate_argnums=3)
        self._draws = jax.jit(init_draws, static_argnums=0)
        self._compiled: dict[Any, Any] = {} if like is None else like._compiled

    def run(
        self,
        sequence: Sequence,
        seed: int,
        on_frame: Callable[[int], None] | None = None,
        until: Until | None = None,
    ) -> Trajectory:
        """Track one sequence from its first box.

        Args:
          sequence: frames and boxes; only the first box is read.
          seed: of the online subnet's draws, folded with the sequence's name, so that neither order nor company of
            the sequences changes a result.
          on_frame: called with the index of each frame once it is on its way.
          until: ends the run early. It sees results a chunk at a time, while the tracker is already ahead; what comes
            after the last frame kept, errors included, is as if it had never been tracked.

        Raises:
          UserError: a frame cannot be read or differs in size; the start box lies outside; a result is not finite.
        """
        tracker = self.tracker
        pictures = prefetch(sequence.frames)
        try:
            rows = _Rows(tracker, until)
            return self._track(sequence, pictures, rows, _key(seed, sequence.name), on_frame or (lambda _: None))
        except FloatingPointError as error:
            raise UserError(
                f"sequence {sequence.name}: {error}; the weights of {tracker.name} or the hyper-parameters are unsound"
            ) from None
        finally:
            pictures.close()

    def _track(
        self,
        sequence: Sequence,
        pictures: Iterator[np.ndarray],
        rows: "_Rows",
        key: jax.Array,
        on_frame: Callable[[int], None],
    ) -> Trajectory:
        tracker = self.tracker
        fixed = (tracker.variables, tracker.hyper)
        began = time.perf_counter()
        compiling = 0.0
        first = next(pictures)
        box = checked_start_box(sequence.first_box, *first.shape[:2])
        frame = _frame(first)
        draws = None
        if tracker.config.online.enabled:
            draws, seconds = self._call(self._draws, key)
            compiling += seconds
        state, seconds = self._call(self._init, *fixed, frame, box, draws)
        compiling += seconds
        on_frame(0)

        waiting: list[StepOutput] = []
        try:
            for index, picture in enumerate(pictures, start=1):
                if picture.shape != first.shape:
                    (h, w), (h0, w0) = picture.shape[:2], first.shape[:2]
                    raise UserError(
                        f"sequence {sequence.name}: frame {index} is {w}x{h}, the first is {w0}x{h0}; "
                        "a sequence has one size: unpack it again"
                    )
                (state, output), seconds = self._call(self._step, *fixed, state, _frame(picture))
                compiling += seconds
                waiting.append(output)
                if len(waiting) == CHUNK:
                    taken, waiting = waiting, []
                    if rows.take(taken, first.shape):
                        break
                on_frame(index)
        except UserError:
            # The run may have ended before the frame that cannot be tracked.
            if rows.until is None or not rows.take(waiting, first.shape):
                raise
        else:
            rows.take(waiting, first.shape)
        seconds = time.perf_counter() - began - compiling
        return _trajectory(sequence.first_box, rows.rows, seconds, compiling)

    def _call(self, function: Any, *args: Any) -> tuple[Any, float]:
        """Call a jitted function of (config, *args); also the seconds that its compilation took, 0 if it was kept."""
        signature = (
            function.__wrapped__,
            self.tracker.config,
            *(getattr(leaf, "shape", None) for leaf in jax.tree.leaves(args)),
        )
        seconds = 0.0
        if signature not in self._compiled:
            began = time.perf_counter()
            with jax.default_matmul_precision(PRECISION):
                self._compiled[signature] = function.lower(self.tracker.config, *args).compile()
            seconds = time.perf_counter() - began
        return self._compiled[signature](*args), seconds


def _key(seed: int, name: str) -> jax.Array:
    return jax.random.fold_in(jax.random.key(seed), zlib.crc32(name.encode()))


def _frame(picture: np.ndarray) -> Frame:
    return Frame(*jax.device_put(flatten(picture)))


def _trajectory(first_box: np.ndarray, rows: list[_Row], seconds: float, compile_seconds: float) -> Trajectory:
    nan = np.float32(np.nan)
    outputs = [row.output for row in rows]
    polygons = [row.polygon for row in rows if row.polygon is not None]
    return Trajectory(
        boxes=np.array([first_box, *(output.box for output in outputs)], np.float64),
        scores=np.array([nan, *(output.score for output in outputs)], np.float32),
        online_scores=np.array([nan, *(output.online_score for output in outputs)], np.float32),
        verdicts=np.array([-1, *(output.verdict for output in outputs)], np.int8),
        templates=np.array([0, *(output.template for output in outputs)], np.int8),
        polygons=np.array([corners(first_box), *polygons]) if polygons else None,
        seconds=seconds,
        compile_seconds=compile_seconds,
    )
