"""The numbers of a benchmark run: means over sequences, spreads over seeds."""

from collections.abc import Iterable
from dataclasses import dataclass

from drol_jax.metrics import ope
from drol_jax.metrics.ope import Scores
from drol_jax.metrics.spread import Difference, Spread, over_seeds, paired
from drol_jax.results import Timing


@dataclass(frozen=True)
class Entrant:
    """A tracker that takes part, under one seed or several."""

    name: str
    """As in the results folder, without the seed."""
    label: str
    """Short, for column heads: "DROL", "base"."""
    seeds: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Outcome:
    """One sequence tracked by one entrant under one seed."""

    entrant: str
    seed: int
    sequence: str
    scores: Scores
    timing: Timing


@dataclass(frozen=True)
class Failure:
    """A sequence that could not be tracked."""

    sequence: str
    entrant: str | None
    """None: the sequence itself could not be opened, so that no entrant tracked it."""
    seed: int | None
    message: str


@dataclass(frozen=True)
class Line:
    """What an entrant reached on some sequences."""

    auc: Spread
    precision: Spread
    """At 20 pixels."""
    normalised_precision: Spread
    """At a fifth of the target's size."""
    frames: int
    """In one pass, not times the seeds."""
    fps: float | None
    """Frames over tracking seconds, all seeds together, compilation excluded; None where no time was recorded."""
    compile_seconds: float
    """Sum over sequences and seeds."""


@dataclass(frozen=True, eq=False)
class Summary:
    """All outcomes of a benchmark run."""

    dataset: str
    sequences: tuple[str, ...]
    """Every sequence that was asked for, in order."""
    attributes: dict[str, tuple[str, ...]]
    """By sequence."""
    entrants: tuple[Entrant, ...]
    outcomes: tuple[Outcome, ...]
    failures: tuple[Failure, ...] = ()

    @property
    def covered(self) -> tuple[str, ...]:
        """Sequences that every entrant finished under every seed: only over these are means comparable."""
        return tuple(s for s in self.sequences if all(self.finished(entrant, s) for entrant in self.entrants))

    def finished(self, entrant: Entrant, sequence: str) -> bool:
        """Whether the entrant tracked the sequence under all its seeds."""
        seeds = {o.seed for o in self.outcomes if (o.entrant, o.sequence) == (entrant.name, sequence)}
        return seeds >= set(entrant.seeds)

    def line(self, entrant: Entrant, sequences: Iterable[str]) -> Line:
        """Mean over sequences, for each seed by itself, then mean and spread over the seeds.

        Args:
          sequences: finished by the entrant; at least one.
        """
        wanted = set(sequences)
        chosen = [o for o in self.outcomes if o.entrant == entrant.name and o.sequence in wanted]
        per_seed = [ope.mean(o.scores for o in chosen if o.seed == seed) for seed in entrant.seeds]
        frames = sum(o.timing.frames for o in chosen)
        seconds = sum(o.timing.seconds for o in chosen)
        return Line(
            auc=over_seeds([s.auc for s in per_seed]),
            precision=over_seeds([s.precision_at_20 for s in per_seed]),
            normalised_precision=over_seeds([s.normalised_precision_at_02 for s in per_seed]),
            frames=frames // len(entrant.seeds),
            fps=frames / seconds if seconds > 0 else None,
            compile_seconds=sum(o.timing.compile_seconds for o in chosen),
        )

    def difference(self, first: Entrant, second: Entrant) -> Difference | None:
        """Success AUC of one entrant minus another's over the covered sequences, each the mean over its seeds; None for
        fewer than two sequences."""
        if len(self.covered) < 2:
            return None
        rows = [[self.line(entrant, [s]).auc.mean for s in self.covered] for entrant in (first, second)]
        return paired(rows[0], rows[1])

    def curves(self, entrant: Entrant) -> Scores:
        """Mean curves over covered sequences and seeds."""
        covered = set(self.covered)
        return ope.mean(o.scores for o in self.outcomes if o.entrant == entrant.name and o.sequence in covered)

    def carriers(self) -> dict[str, tuple[str, ...]]:
        """Covered sequences by attribute, attributes in alphabetical order."""
        names = sorted({name for sequence in self.covered for name in self.attributes.get(sequence, ())})
        return {name: tuple(s for s in self.covered if name in self.attributes.get(s, ())) for name in names}
