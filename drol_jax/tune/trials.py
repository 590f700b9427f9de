"""Settings tried on sequences: scores by sequence. Imports jax."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from drol_jax import datasets
from drol_jax.api import Tracker, load
from drol_jax.errors import UserError
from drol_jax.eval.backend import varied
from drol_jax.eval.outcomes import scorer_of
from drol_jax.eval.runner import Kind
from drol_jax.eval.scorers import Scorer
from drol_jax.results.formats import FORMATS
from drol_jax.results.runs import Run, Tracked, Trajectory
from drol_jax.running.settings import SettingsRunner
from drol_jax.system.workers import Check, Clock, work_off
from drol_jax.tune.bench import Params
from drol_jax.tune.space import by_section

if TYPE_CHECKING:
    from drol_jax.tune.cli import Arguments


@dataclass(frozen=True)
class Judge:
    """How a trajectory becomes a number: as its result file would be scored."""

    scorer: Scorer
    measure: str
    """Key of one of the scorer's columns."""
    decimals: int = 4
    """Of result files."""

    def score(self, sequence: datasets.Sequence, trajectory: Trajectory) -> float | None:
        """The measure of one pass."""
        run = Tracked.of(trajectory, sequence.origin).run
        regions = run.regions.from_boxes(run.regions.boxes.round(self.decimals) + 0.0)
        return self.scorer.numbers([self.scorer.judge(sequence, {1: Run(regions)})])[self.measure]


def judge_of(dataset: str, kind: Kind, dialect: str | None, measure: str | None, form: str) -> Judge:
    """How passes over a dataset become numbers.

    Args:
      kind, form: of the protocol that the dataset is run by.
      dialect, measure: as on the command line.

    Raises:
      UserError: nobody can score the dataset here, or not by that measure.
    """
    scorer = scorer_of(datasets.canonical(dataset), kind, dialect)
    if scorer is None:
        raise UserError(f"{dataset}'s server keeps the groundtruth; search on a benchmark that is scored here")
    return Judge(scorer, check_measure(scorer, measure), FORMATS[form].decimals or 4)


def tracker_of(arguments: "Arguments") -> Tracker:
    """The tracker whose settings are searched. Raises what `drol_jax.load` raises."""
    return load(
        arguments.config,
        arguments.weights,
        fidelity=arguments.fidelity,
        precision=arguments.precision,
        plugin=arguments.plugin,
        cache=False,
    )


class LocalBench:
    """This process, with as many sequences at once as lanes."""

    def __init__(
        self,
        tracker: Tracker,
        entries: Sequence[datasets.SequenceEntry],
        judge: Judge,
        varying: Sequence[str],
        lanes: int = 1,
        on_frame: Callable[[str, int, int], None] = lambda name, index, branches: None,
    ):
        """Take a tracker.

        Args:
          varying: names of the scalars that settings may differ in.
          on_frame: told the sequence, the frame, and how many different passes the settings have come to.
        """
        self._tracker, self._judge, self._lanes, self._on_frame = tracker, judge, lanes, on_frame
        self._entries = {entry.name: entry for entry in entries}
        self._clock, self._varying = Clock(), varying
        self._runners: dict[tuple[Any, ...], tuple[Tracker, SettingsRunner]] = {}

    def scores(self, sequences: Sequence[str], settings: Sequence[Params]) -> dict[str, list[float | None]]:
        """The measure of every setting, by sequence.

        Raises:
          UserError: a sequence cannot be opened or tracked, or a setting is none.
        """
        found: dict[str, list[float | None]] = {}
        groups = self._groups(settings)

        def one(name: str, check: Check) -> None:
            sequence = self._entries[name].open()
            scores: list[float | None] = [None] * len(settings)

            def told(index: int, branches: int) -> None:
                check()
                self._on_frame(name, index, branches)

            for places, runner, hypers in groups:
                trajectories = runner.run(sequence, self._tracker.seed, hypers, told)
                for place, trajectory in zip(places, trajectories, strict=True):
                    scores[place] = self._judge.score(sequence, trajectory)
            found[name] = scores

        work_off(one, list(sequences), self._lanes)
        return found

    def _groups(self, settings: Sequence[Params]) -> list[tuple[list[int], SettingsRunner, list[Any]]]:
        """Settings of one configuration together: their places, what runs them, their scalars."""
        groups: dict[tuple[Any, ...], tuple[list[int], SettingsRunner, list[Any]]] = {}
        for place, params in enumerate(settings):
            static = tuple((key, value) for key, value in sorted(params.items()) if not key.startswith("hyper."))
            if static not in self._runners:
                variant = varied(self._tracker, self._tracker.name, by_section(dict(static)))
                self._runners[static] = variant, SettingsRunner(variant, self._clock, self._varying)
            variant, runner = self._runners[static]
            group = groups.setdefault(static, ([], runner, []))
            group[0].append(place)
            group[2].append(varied(variant, variant.name, by_section(params)).settings.hyper)
        return list(groups.values())


def check_measure(scorer: Scorer, measure: str | None) -> str:
    """The key of the measure that is searched for; by default the scorer's first.

    Raises:
      UserError: it has no such measure.
    """
    keys = [column.key for column in scorer.columns]
    if measure is None:
        return keys[0]
    if measure not in keys:
        raise UserError(f"--measure {measure!r}: the dialect {scorer.dialect} has {', '.join(keys)}")
    return measure
