"""A search from its arguments to its files. Imports jax."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from drol_jax import datasets
from drol_jax.api import Tracker
from drol_jax.errors import UserError
from drol_jax.eval.backend import varied
from drol_jax.eval.commands import Load
from drol_jax.eval.placing import ray_options
from drol_jax.eval.running import Running, choose
from drol_jax.results.environments import noted
from drol_jax.results.settings import environment, plain
from drol_jax.system.program import make_ready, tell
from drol_jax.tune.bench import Bench
from drol_jax.tune.chosen import gain_of, write_chosen, write_summary
from drol_jax.tune.remote import BenchRecipe, RayBench
from drol_jax.tune.space import Space, by_section
from drol_jax.tune.split import Split
from drol_jax.tune.study import Search
from drol_jax.tune.trials import Judge, LocalBench, judge_of, tracker_of
from drol_jax.tune.tuning import best_of, tune

if TYPE_CHECKING:
    from drol_jax.tune.cli import Arguments

TRIALS = 100


def run(arguments: "Arguments", space: Space, parts: Split, command: str, listing: Load = datasets.load) -> int:
    """Search, choose, tell the gain. Returns the exit code.

    Args:
      listing: lists a dataset's sequences; tests pass their own.
      command: what was typed, for the chosen file.

    Raises:
      UserError: what loading and searching raise.
    """
    from drol_jax.tune.cli import made
    from drol_jax.tune.page import write_page

    dataset = datasets.canonical(arguments.dataset)
    how = choose(dataset, parts.searched, None, None)
    if how.kind not in ("ope", "got10k"):
        raise UserError(f"{dataset} is run by protocol {how.kind}; a search runs one pass: choose another --dataset")
    judge = judge_of(dataset, how.kind, arguments.dialect, arguments.measure, how.form)
    scorer, measure = judge.scorer, judge.measure
    (column,) = [one for one in scorer.columns if one.key == measure]
    make_ready(arguments)
    tracker = tracker_of(arguments)
    _check_values(tracker, space)
    parts_of_own = tracker.config.parts
    here = environment(*([] if parts_of_own is None else [parts_of_own.digest]))
    folder = made(arguments.output or _usual(dataset, tracker.name))
    names = [entry.name for entry in parts.searched]
    told = {
        "tracker": tracker.name,
        "dataset": datasets.title(dataset),
        "dialect": scorer.dialect,
        "measure": measure,
        "maximize": column.larger_is_better,
        "sequences": names,
    }
    facts = {
        **told,
        "settings": plain(tracker.settings),
        "weights_hash": tracker.weights_hash,
        "space": plain(space),
        "seed": arguments.seed,
        "pruned": not arguments.no_prune,
        "code": here["code"],
    }
    holding, at_once = _bench(arguments, tracker, parts, space, judge, how, listing)
    search = Search(
        folder,
        arguments.storage,
        f"{tracker.name} {datasets.title(dataset)}",
        facts,
        space,
        maximize=column.larger_is_better,
        seed=arguments.seed,
        prune=not arguments.no_prune,
    )
    if apart := noted(folder, here):
        tell(f"note: {apart}: trials that are kept were scored under others; choose another --output to search anew")
    most = arguments.trials or (None if space.grid is not None else TRIALS)
    with holding as bench:
        with search.storing():
            tune(search, bench, names, together=arguments.together, trials=most, at_once=at_once, tell=tell)
            outcomes = search.outcomes
        best = best_of(outcomes, maximize=column.larger_is_better)
        if best is None:
            raise UserError("no setting went through all sequences; see the messages above")
        gain = gain_of(bench, [entry.name for entry in parts.held_out], best.params)
    chosen = varied(tracker, f"{tracker.name}_tuned", by_section(best.params)).settings
    header = [
        f"{measure} {best.value:.4f} on {', '.join(names)} of {told['dataset']}; {gain.words}.",
        command,
    ]
    path = write_chosen(folder, chosen, header)
    shown = {**told, "best": plain(best), "trials": [plain(one) for one in outcomes], "environment": here}
    write_summary(folder, shown, gain)
    page = write_page(folder, space, outcomes, best, search.importance(), gain, told, path.read_text(encoding="utf-8"))
    print(f"Best of {len(outcomes)} settings: trial {best.number}, {column.head} {best.value:.4f}")
    for key, value in best.params.items():
        print(f"  {key}: {value}")
    print(f"{gain.words[0].upper()}{gain.words[1:]}.")
    print(f"Configuration: {path}\nTo look at: {page}")
    return 0


def _bench(
    arguments: "Arguments", tracker: Tracker, parts: Split, space: Space, judge: Judge, how: Running, listing: Load
) -> tuple[AbstractContextManager[Bench], int]:
    """What tries settings, inside `with`, and at how many sequences it is at once."""
    options, entries = ray_options(arguments), [*parts.searched, *parts.held_out]
    if options is None:
        lanes = int(arguments.lanes)
        return nullcontext(LocalBench(tracker, entries, judge, space.scalars, lanes)), lanes
    recipe = BenchRecipe(
        arguments=arguments,
        kind=how.kind,
        form=how.form,
        measure=judge.measure,
        varying=space.scalars,
        load=listing,
    )
    return RayBench(recipe, options, entries), options.workers


def _check_values(tracker: Tracker, space: Space) -> None:
    """Refuse scalars out of their limits before a study holds them. Static settings may depend on one another."""
    for one in space.dimensions:
        ends = (int(one.low), int(one.high)) if one.whole else (one.low, one.high)
        for value in () if one.static else one.values or ends:
            varied(tracker, tracker.name, by_section({one.key: value}))


def _usual(dataset: str, name: str) -> Path:
    return Path("results") / datasets.title(dataset) / "tune" / name
