"""Arguments and wiring of ``python -m drol_jax.eval pack``."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval.commands import PROGRAM, data_root
from drol_jax.results.layout import find_trackers
from drol_jax.results.names import Names
from drol_jax.results.oxuva import read_of
from drol_jax.results.submit import check_complete, form_of, write_submission
from drol_jax.system.arguments import parse
from drol_jax.system.resources import version


@dataclass(frozen=True)
class Arguments:
    """Pack a tracker's result files into the zip file that a server takes: GOT-10k, TrackingNet, LaSOT or VOT.

    Every sequence has to be there with a box for every frame, in any toolkit's layout; names and number formats become
    the server's.

    Examples:

    python -m drol_jax.eval pack --dataset GOT-10k-test --data-root data --results mine --output mine.zip

    python -m drol_jax.eval pack --dataset VOT2018 --data-root VOT2018.json --results mine --output mine.zip

    Exit code: 0 packed, 2 misuse, or something is missing (it is named and nothing is written).
    """

    results: Path
    """The tracker's folder of result files."""
    dataset: str
    """Benchmark, e.g. GOT-10k-test, TrackingNet, LaSOT, VOT2018."""
    output: Path
    """The zip file to write."""
    data_root: Path = field(default_factory=data_root)
    """Folder that holds the dataset, which says what has to be there. Default: $DROL_JAX_DATA, else ./data."""
    experiment: str = "baseline"
    """One of a VOT tracker's experiments."""


def main(argv: Sequence[str]) -> int:
    """Run the command. Returns the exit code 0.

    Raises:
      UserError: misuse, or results that the server would reject.
      SystemExit: after --help (0) and on arguments that do not parse (2).
    """
    arguments = parse(Arguments, argv, f"{PROGRAM} pack")
    dataset = datasets.canonical(arguments.dataset)
    benchmark = dataset.removesuffix("-test").removesuffix("-val")
    form_of(benchmark)  # before anything is asked for that a benchmark without submissions does not need
    known = datasets.benchmark(dataset)
    entries = datasets.load(dataset, arguments.data_root, images=known is not None and known.server)
    trackers = find_trackers(arguments.results, Names.of(dataset, entries), arguments.experiment)
    if len(trackers) > 1:
        found = ", ".join(tracker.name for tracker in trackers)
        raise UserError(f"{arguments.results} holds the trackers {found}; name one's folder with --results")
    by_name = {entry.name: entry for entry in entries}
    opened = cache(lambda name: by_name[name].open())
    vot = known is not None and known.protocol in ("vot", "longterm")
    runs = {
        name: [read_of(opened(name), files[number], regions=vot) for number in sorted(files)]
        for name, files in trackers[0].files.items()
    }
    check_complete(benchmark, runs, [entry.name for entry in entries])
    frames = {name: len(opened(name)) for name in by_name}
    manifest = {"tracker": trackers[0].name, "packed_by": f"drol_jax {version()}", "dataset": dataset}
    write_submission(
        arguments.output,
        benchmark,
        runs,
        frames,
        experiment=arguments.experiment,
        manifest=manifest,
        opened=opened,
    )
    print(f"{arguments.output}: {len(frames)} sequences of {dataset}, {sum(frames.values())} frames")
    return 0
