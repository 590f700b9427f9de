"""Archives of a finished run for evaluation servers."""

from collections.abc import Sequence
from pathlib import Path

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval.benchmark import Finished
from drol_jax.eval.runner import Kind
from drol_jax.results.submit import takes, write_submission


def check_submission(dataset: str, kind: Kind) -> None:
    """Raise a UserError where results of a benchmark, run that way, cannot be packed for its server."""
    if not takes(dataset) or kind == "multistart":
        raise UserError(
            f"the form of submissions of {dataset}, run as {kind}, is not known here; drop --submit and pack the "
            "results by hand"
        )


def pack(
    finished: Finished, kind: Kind, everything: Sequence[datasets.SequenceEntry], output: Path
) -> tuple[list[Path], list[str]]:
    """Write each tracker's archive for the evaluation server, ``<tracker>.zip``, where it has tracked every sequence.

    Returns:
      The archives, and what is in the way of the others.

    Raises:
      UserError: the benchmark takes no submissions, or not of this kind of run; a file cannot be written.
    """
    check_submission(finished.dataset, kind)
    archives, trouble = [], []
    by_name = {entry.name: entry for entry in everything}
    for run in finished.trackers:
        for seed in run.seeds:
            name, folder = run.folder(seed), finished.folders[run.name, seed]
            done = {one.sequence: one for one in finished.ran if (one.tracker, one.seed) == (run.name, seed)}
            missing = [entry.name for entry in everything if entry.name not in done]
            if missing:
                trouble.append(
                    f"{name}: not packed, {len(missing)} of {len(everything)} sequences are not tracked: "
                    f"{', '.join(missing[:3])}{', ...' if len(missing) > 3 else ''}"
                )
                continue
            results = {seq: [folder.run(seq, number) for number in one.numbers] for seq, one in done.items()}
            frames = {seq: len(several[0].regions) for seq, several in results.items()}
            path = output / f"{name}.zip"
            write_submission(
                path,
                finished.dataset,
                results,
                frames,
                experiment=folder.experiment,
                manifest={"tracker": name},
                opened=lambda sequence: by_name[sequence].open(),
            )
            archives.append(path)
    return archives, trouble
