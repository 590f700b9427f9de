"""Settings tried on sequences by Ray's workers. Needs no jax here; the workers do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from drol_jax import datasets
from drol_jax.datasets.sequence import digest
from drol_jax.eval.commands import Load
from drol_jax.eval.ray_engine import opened_there, same_there
from drol_jax.eval.runner import Kind
from drol_jax.system.ray_workers import RayOptions, RayWorkers
from drol_jax.system.workers import Check
from drol_jax.tune.bench import Bench, Params

if TYPE_CHECKING:
    from drol_jax.tune.cli import Arguments


class Units:
    """What a worker holds: the tracker, compiled, and the sequences."""

    def __init__(self, bench: Bench, entries: Mapping[str, datasets.SequenceEntry]):
        self._bench, self._entries = bench, entries

    def scores(self, sequence: str, data: str, settings: Sequence[Params]) -> list[float | None]:
        """The measure of every setting on one sequence.

        Args:
          sequence: its name.
          data: digest of the sequence as it lies for whoever asks.

        Raises:
          UserError: what tracking raises; here lies another sequence of that name, or none.
        """
        opened = opened_there(self._entries, sequence)
        same_there(opened, digest(opened, whole=True), data)
        return self._bench.scores([sequence], settings)[sequence]


@dataclass(frozen=True, kw_only=True)
class BenchRecipe:
    """How a worker comes by its `Units`. Pickled."""

    arguments: "Arguments"
    kind: Kind
    """Of the protocol."""
    form: str
    """Format of the result files whose scores count."""
    measure: str
    varying: tuple[str, ...]
    """Names of the scalars that settings may differ in."""
    load: Load = datasets.load

    def prepare(self) -> Units:
        """Load.

        Raises:
          UserError: what loading raises.
        """
        from drol_jax.system.program import make_ready
        from drol_jax.tune.trials import LocalBench, judge_of, tracker_of

        make_ready(self.arguments)
        asked = self.arguments
        entries = self.load(asked.dataset, asked.data_root, None, 0)
        judge = judge_of(asked.dataset, self.kind, asked.dialect, self.measure, self.form)
        bench = LocalBench(tracker_of(asked), entries, judge, self.varying)
        return Units(bench, {entry.name: entry for entry in entries})


class RayBench:
    """Ray's workers, each at one sequence with all settings. As `bench.Bench`; used inside `with`."""

    def __init__(self, recipe: BenchRecipe, options: RayOptions, entries: Sequence[datasets.SequenceEntry]):
        """Prepare. Raises what `RayWorkers` raises."""
        self._there = RayWorkers(recipe, options, lasting=True)
        self._entries = {entry.name: entry for entry in entries}
        self._data: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._there.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._there.__exit__()

    def scores(self, sequences: Sequence[str], settings: Sequence[Params]) -> dict[str, list[float | None]]:
        """The measure of every setting, by sequence.

        Raises:
          UserError: as `LocalBench.scores`; a worker died under a sequence too often.
        """
        asked: list[dict[str, Any]] = [dict(one) for one in settings]
        found: dict[str, list[float | None]] = {}

        def one(name: str, check: Check) -> None:
            if name not in self._data:
                self._data[name] = digest(self._entries[name].open(), whole=True)
            found[name], _ = self._there.do("scores", name, self._data[name], asked, waiting=check)

        self._there.work_off(one, list(sequences))
        return found
