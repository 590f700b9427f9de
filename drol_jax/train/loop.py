"""The loop over the steps of a run, with its log, checkpoints and evaluations."""

import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.errors import UserError
from drol_jax.train.evaluate import Evaluator
from drol_jax.train.feed import ahead
from drol_jax.train.folder import RunFolder
from drol_jax.train.optimiser import learning_rate
from drol_jax.train.processes import agreed, of_the_first
from drol_jax.train.run import Plan
from drol_jax.train.state import TrainState


class Monitor(Protocol):
    """Who is told how far the run is."""

    def begin(self, step: int, total: int) -> None: ...
    def words(self, words: str) -> None: ...
    def step(self, done: int) -> None: ...
    def say(self, words: str) -> None: ...


class Stopped(Exception):
    """Asked to stop, after `step` steps, which are kept."""

    def __init__(self, step: int):
        super().__init__(str(step))
        self.step = step


class Loop:
    """One process's part in a run."""

    def __init__(self, plan: Plan, folder: RunFolder, monitor: Monitor):
        self._plan, self._folder, self._monitor = plan, folder, monitor
        self._settings = plan.run.settings
        self._rate = learning_rate(self._settings.optimiser, self._settings.schedule, plan.steps)
        self._waiting: list[dict[str, jax.Array]] = []
        self._evaluator: Evaluator | None = None
        self._earlier_seconds = 0.0
        self._began = self._saved = self._evaluated = self._logged = time.monotonic()

    def run(self) -> TrainState:
        """Take all steps that are left. The last checkpoint then is of the last step.

        Raises:
          UserError: the loss is not finite, something cannot be written, a source cannot give its pairs.
          Stopped: Ctrl-C or a polite request to end; the state is kept.
        """
        plan = self._plan
        state = self._start()
        done = int(state.step)
        self._monitor.begin(done, plan.steps)
        with _asked_to_stop() as asked:
            for end, learns in ((plan.release, False), (plan.steps, True)):
                if done >= end:
                    continue
                function = plan.step_function(backbone_learns=learns)
                before: Any = None
                with ahead(plan.run.source, done, end, plan.run.mesh, self._settings.batch_size) as batches:
                    self._logged = time.monotonic()
                    for pairs in batches:
                        state, scalars = function(state, pairs)
                        done += 1
                        # The host is one step ahead of the device and no more.
                        jax.block_until_ready(before)
                        before = scalars
                        self._waiting.append(scalars)
                        self._after(state, done, stop=bool(asked))
        tried = any("auc" in line and line["step"] == done for line in self._folder.lines())
        if not of_the_first(tried):
            self._evaluate(state, done)  # the process that took the last step ended before it could
        return state

    def _start(self) -> TrainState:
        """The state to go on from: the last checkpoint's, or the first."""
        state = self._plan.begin()
        last = self._folder.last()
        lines = self._folder.lines(until=last or 0)
        if last is None:
            return state
        self._earlier_seconds = max((line["seconds"] for line in lines), default=0.0)
        self._monitor.say(f"going on after step {last} of {self._plan.steps}")
        return self._plan.placed(self._folder.restore(state))

    def _after(self, state: TrainState, done: int, *, stop: bool) -> None:
        """What is due after a step."""
        last = done == self._plan.steps
        due = done % self._settings.log_steps == 0 or last
        if jax.process_count() > 1 and not due:
            stop = False  # they agree on it where the next line of the log is due
        if due or stop:
            self._log(done)
            now, minutes = time.monotonic(), self._settings.evaluation.minutes
            to_save = now - self._saved >= 60 * self._settings.checkpoint_minutes
            to_evaluate = bool(minutes) and now - self._evaluated >= 60 * minutes
            stop, to_save, to_evaluate = agreed([stop, to_save, to_evaluate])
            if last or stop or to_save:
                self.save(state)
            if last or (to_evaluate and not stop):
                self._evaluate(state, done)
        self._monitor.step(done)
        if stop and not last:
            raise Stopped(done)

    def save(self, state: TrainState) -> None:
        """Keep a checkpoint; never of numbers that are not finite."""
        if not all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves((state.params, state.stats))):
            raise self._unsound(int(state.step))
        self._folder.save(int(state.step), state)
        self._saved = time.monotonic()

    def _log(self, done: int) -> None:
        """A line of the log: means over the steps since the last."""
        rows = jax.device_get(self._waiting)
        self._waiting = []
        first = done - len(rows) + 1
        means: dict[str, float] = {}
        for name in rows[0]:
            values = np.array([row[name] for row in rows], np.float64)
            if not np.isfinite(values).all():
                raise self._unsound(first + int(np.argmin(np.isfinite(values))))
            means[name] = float(values.mean())
        now = time.monotonic()
        pace = len(rows) * self._settings.batch_size / max(now - self._logged, 1e-9)
        self._logged = now
        rate = float(self._rate(done - 1))  # pyright: ignore[reportArgumentType]
        self._write({"step": done, **means, "rate": rate, "pairs_per_second": round(pace, 2)})
        self._monitor.words(f"loss {means['loss']:.4f}, overlap {means['overlap']:.3f}, {pace:.1f} pairs/s")

    def _evaluate(self, state: TrainState, done: int) -> None:
        settings = self._settings.evaluation
        if not settings.seeds:
            return
        if self._evaluator is None:
            self._evaluator = Evaluator(self._plan.run.tracker, settings)
        scores = self._evaluator.scores(state.network)
        self._write({"step": done, **scores})
        self._monitor.say(f"step {done}: tracks with AUC {scores['auc']:.3f}, precision {scores['precision']:.3f}")
        self._evaluated = self._logged = time.monotonic()

    def _write(self, line: Mapping[str, Any]) -> None:
        seconds = self._earlier_seconds + time.monotonic() - self._began
        self._folder.log({**line, "seconds": round(seconds, 1)})

    def _unsound(self, step: int) -> UserError:
        last = self._folder.last()
        kept = "there is no checkpoint yet" if last is None else f"the checkpoint of step {last} is kept"
        return UserError(
            f"the loss of step {step} is not finite; {kept} in {self._folder.path}: lower optimiser.rate or "
            "optimiser.clip, or lengthen schedule.warmup, and name another --output"
        )


@contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """A list that Ctrl-C, or a request to end, fills; a second Ctrl-C ends the process at once."""
    asked: list[int] = []

    def note(number: int, _: Any) -> None:
        if asked:
            raise KeyboardInterrupt(number)
        asked.append(number)

    try:
        earlier = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # not the main thread, to which signals go
        earlier = {}
    try:
        yield asked
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
