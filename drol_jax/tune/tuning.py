"""The search itself: batches of trials, sequence by sequence."""

from collections.abc import Callable, Sequence
from typing import Any

from drol_jax.errors import UserError
from drol_jax.report.columns import mean_of
from drol_jax.tune.bench import Bench
from drol_jax.tune.study import Outcome, Search


def tune(
    search: Search,
    bench: Bench,
    sequences: Sequence[str],
    *,
    together: int,
    trials: int | None,
    at_once: int = 1,
    tell: Callable[[str], None] = lambda words: None,
) -> None:
    """Go through a search to its end; it may be stopped at any moment and taken up by the same call.

    Args:
      sequences: names, in the order in which they are tried.
      together: settings in one batch.
      trials: how many in all; None: the whole grid.
      at_once: sequences between two looks at which trials are hopeless.
      tell: is told of every batch.

    Raises:
      UserError: a sequence cannot be tracked, or has no score.
    """
    while batch := search.batch(together, trials):
        _batch(search, bench, sequences, batch, at_once)
        ended = search.outcomes
        best = best_of(ended, maximize=search.study.direction.name == "MAXIMIZE")
        given_up = sum(one.pruned for one in ended)
        words = f"{len(ended)} settings tried, {given_up} of them given up early"
        tell(words if best is None else f"{words}; best {best.value:.4f} (trial {best.number})")


def best_of(outcomes: Sequence[Outcome], *, maximize: bool) -> Outcome | None:
    """The best trial that went through all sequences; the first of equals."""
    whole = [one for one in outcomes if one.value is not None and not one.pruned]
    return max(whole, key=lambda one: (one.value if maximize else -one.value, -one.number)) if whole else None  # pyright: ignore


def _batch(search: Search, bench: Bench, sequences: Sequence[str], batch: Sequence[Any], at_once: int) -> None:
    known = {trial.number: search.known(trial) for trial in batch}
    live = list(batch)
    for start in range(0, len(sequences), at_once):
        places = range(start, min(start + at_once, len(sequences)))
        fresh = [trial for trial in live if any(place not in known[trial.number] for place in places)]
        if fresh:
            names = [sequences[place] for place in places]
            scores = bench.scores(names, [trial.params for trial in fresh])
            for place, name in zip(places, names, strict=True):
                for trial, score in zip(fresh, scores[name], strict=True):
                    if place not in known[trial.number]:
                        if score is None:
                            raise UserError(f"{name} has no score of this measure; leave it out by --sequences")
                        known[trial.number][place] = score
                        search.report(trial, place, score)
        for trial in list(live):
            if places[-1] + 1 < len(sequences) and search.hopeless(trial):
                search.end(trial, mean_of(list(known[trial.number].values())), pruned=True)
                live.remove(trial)
        if not live:
            return
    for trial in live:
        search.end(trial, mean_of([known[trial.number][place] for place in range(len(sequences))]))
