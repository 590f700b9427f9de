"""Arguments and wiring of ``python -m drol_jax.eval ablate``."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated

import tyro

from drol_jax import datasets
from drol_jax.eval import ablation, benchmark, outcomes
from drol_jax.eval.backend import JaxBackend, TrackingArguments
from drol_jax.eval.commands import DATASET_HELP, PROGRAM, Load, data_root, one_of, split_names
from drol_jax.eval.progress import ProgressMonitor
from drol_jax.eval.ray_engine import EvalRecipe, engine_of
from drol_jax.eval.runner import Kind
from drol_jax.eval.running import choose
from drol_jax.eval.shards import Plan, read_shard
from drol_jax.eval.submission import pack
from drol_jax.eval.tracker_runs import Backend
from drol_jax.report.ablation_table import Line, show_ablation
from drol_jax.system.arguments import parse
from drol_jax.system.program import tell
from drol_jax.system.resources import DEFAULT_CONFIG


@dataclass(frozen=True)
class Arguments(TrackingArguments):
    """Repeat the paper's ablation study (table 5) on any benchmark, and print its figures beside the paper's.

    Groups: G1 the weight of the online score, G2 attention, G3 the short-term template's interval, G4 the template
    without the online score. Results go to OUTPUT/DATASET/ablation; the same command takes up an interrupted run.

    Examples:

    python -m drol_jax.eval ablate --groups G1,G3

    python -m drol_jax.eval ablate --dataset OTB100 --data-root data --config siamrpn_r50_otb --weights DIR

    Exit code: 0 all tracked, 1 some sequences failed, 2 misuse, 130 interrupted.
    """

    dataset: Annotated[str, tyro.conf.arg(help=DATASET_HELP)] = "Synth"
    data_root: Path = field(default_factory=data_root)
    """Folder that holds the datasets, or one dataset. Default: $DROL_JAX_DATA, else ./data."""
    config: str = DEFAULT_CONFIG
    """Configuration to vary. The paper's is siamrpn_r50."""
    weights: str | None = None
    """Converted weights, a folder or file, or hf://owner/repository on the hub. Default: the bundled ones."""
    groups: str | None = None
    """Groups wanted, separated by commas, e.g. G1,G3. Default: all."""
    sequences: str | None = None
    """Sequences wanted, separated by commas. Default: all."""
    seeds: int = 1
    """Repeat with this many seeds, counted up from the configuration's."""
    protocol: Annotated[Kind | None, one_of(Kind)] = None
    """How sequences are run, as without the command. Default: the benchmark's own."""
    repetitions: int | None = None
    """Runs over each sequence. Default: the protocol's own number."""
    output: Path = Path("results")
    """Folder for results."""
    overwrite: bool = False
    """Track again what is already there, and replace results of other settings."""
    keep: bool = False
    """Refuse a folder with results of other code, the library's or a plug-in's, where they would be set aside and all
    tracked anew."""


def main(
    argv: Sequence[str],
    backend: Callable[[TrackingArguments], Backend] = JaxBackend,
    load: Load = datasets.load,
) -> int:
    """Run the command. Returns the exit code 0, 1 or 130.

    Args:
      backend, load: as in `drol_jax.eval.cli.main`.

    Raises:
      UserError: misuse.
      SystemExit: after --help (0) and on arguments that do not parse (2).
    """
    arguments = parse(Arguments, argv, f"{PROGRAM} ablate")
    chosen = ablation.rows(split_names(arguments.groups, "--groups"))
    only = split_names(arguments.sequences, "--sequences")
    shard = read_shard(arguments.shard)
    recipe = EvalRecipe(
        arguments=arguments,
        runs=partial(
            ablation.load_runs,
            config=arguments.config,
            weights=arguments.weights,
            chosen=chosen,
            seeds=arguments.seeds,
        ),
        dataset=arguments.dataset,
        data_root=arguments.data_root,
        backend=backend,
        load=load,
    )
    engine_asked = engine_of(recipe)
    entries = load(arguments.dataset, arguments.data_root, only, benchmark.DATASET_SEED)
    dataset = datasets.canonical(arguments.dataset)
    how = choose(dataset, entries, arguments.protocol, arguments.repetitions)
    trackers = backend(arguments)
    runs = recipe.runs(trackers)
    folder = arguments.output / datasets.title(dataset) / "ablation"
    try:
        with engine_asked as engine, ProgressMonitor(len(Plan.of(entries, runs, how, shard).jobs)) as monitor:
            finished = benchmark.run(
                dataset,
                entries,
                runs,
                folder,
                trackers.environment(),
                monitor,
                how,
                overwrite=arguments.overwrite,
                keep=arguments.keep,
                tell=tell,
                engine=engine,
                shard=shard,
                root=arguments.data_root,
            )
    except benchmark.Interrupted as stop:
        tell(
            f"interrupted: {stop}; what is finished is kept in {folder}; run the same command"
            f"{' without --overwrite' if arguments.overwrite else ''} to resume"
        )
        return 130
    trackers.finish()
    if shard is not None and finished.left:
        return outcomes.show_shard(finished, shard, folder)
    everything = entries if only is None else load(dataset, arguments.data_root, None, benchmark.DATASET_SEED)
    lines = [
        Line(
            run.name,
            row.group,
            (f"{row.fusion:g}", row.pipeline, "-" if row.interval is None else str(row.interval)),
            row.published,
        )
        for row, run in zip(chosen, runs, strict=True)
    ]
    result = outcomes.result_of(finished, how.kind, everything, dialects=False)
    kept = not result.dialect
    show_ablation(None if kept else result, lines, ablation.groups())
    print()
    if kept:
        print(f"{dataset}'s server keeps the groundtruth and gives the scores: there are none here.")
        archives, trouble = pack(finished, how.kind, everything, folder)
        print("\n".join([*(f"To upload: {path}" for path in archives), *trouble]))
    else:
        done = f"mean over {len(result.covered)} of {len(result.sequences)} sequences"
        print(f"{dataset}, dialect {result.dialect}: {result.convention}; {done}.")
        result.write(folder)
        print(f"Results, scores.json and scores.csv: {folder}")
    for failure in finished.failures:
        print(f"FAILED {failure.sequence} ({failure.tracker or 'all'}): {failure.message}")
    return 1 if finished.failures else 0
