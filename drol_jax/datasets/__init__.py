"""Benchmarks by name: annotations on disk, or the built-in synthetic one, as lazily opened sequences."""

import difflib
from collections.abc import Sequence as SequenceOf
from pathlib import Path

from drol_jax.datasets.definitions import Benchmark, benchmarks
from drol_jax.datasets.disk import entries, example, find_place
from drol_jax.datasets.pysot import find_json, load_pysot
from drol_jax.datasets.sequence import FrameSource, Sequence, SequenceEntry
from drol_jax.datasets.synth import load_synth
from drol_jax.errors import UserError

__all__ = ["DATASETS", "Benchmark", "FrameSource", "Sequence", "SequenceEntry", "benchmark", "canonical", "load"]

DATASETS = ("Synth", *benchmarks())


def load(
    name: str,
    root: Path | None = None,
    only: SequenceOf[str] | None = None,
    seed: int = 0,
    *,
    images: bool = True,
) -> list[SequenceEntry]:
    """List a dataset's sequences; each is read when it is opened.

    The official folders are looked for first, PySOT's JSON file where there are none.

    Args:
      name: one of DATASETS or another name of one, in any case; "OTB2015" is OTB100.
      root: where the dataset lies: its folder, the folder around it, or PySOT's JSON file. The built-in Synth needs
        none.
      only: names of the sequences wanted, in any case and in any toolkit's spelling; None for all.
      seed: what Synth is rendered from; other datasets do not depend on it.
      images: opening a sequence looks for its images. Without, annotations are enough, as for scoring result files;
        `Sequence.frames` then is where the images would be.

    Returns:
      Entries in the dataset's own order.

    Raises:
      UserError: an unknown dataset or sequence (names the nearest valid one), or the dataset is not under root.
    """
    dataset = canonical(name)
    if dataset == "Synth":
        found = load_synth(seed)
    elif root is None:
        raise UserError(f"{dataset} lies on disk and no folder was named; say where with --data-root DIR")
    else:
        found = _load(benchmarks()[dataset], Path(root), images=images)
    if only is None:
        return found
    spellings = {alias: entry.name for entry in found for alias in entry.aliases}
    spellings |= {entry.name: entry.name for entry in found}
    wanted = {_pick(given, spellings, f"{dataset} sequence") for given in only}
    return [entry for entry in found if entry.name in wanted]


def canonical(name: str) -> str:
    """The dataset's own name, one of DATASETS, from any of its names in any case.

    Raises:
      UserError: an unknown dataset (names the nearest).
    """
    spellings = {alias: row.name for row in benchmarks().values() for alias in row.aliases}
    return _pick(name, spellings | {known: known for known in DATASETS}, "dataset")


def benchmark(name: str) -> Benchmark | None:
    """What is known about a dataset, from any of its names; None for the built-in Synth.

    Raises:
      UserError: an unknown dataset.
    """
    return benchmarks().get(canonical(name))


def _load(of: Benchmark, root: Path, *, images: bool) -> list[SequenceEntry]:
    if root.is_file():
        return load_pysot(root, of, images=images)
    if not root.is_dir():
        raise UserError(f"{of.name}: folder {root} does not exist; {_how_to_get(of, root)}")
    place = find_place(root, of)
    if place is not None and (place.pictured or not images):
        return entries(place, of, images=images)
    path = find_json(root, of)
    if path is not None:
        return load_pysot(path, of, images=images)
    if place is not None:
        return entries(place, of, images=images)
    raise UserError(f"{of.name}: no annotation of any of its sequences lies under {root}; {_how_to_get(of, root)}")


def _how_to_get(of: Benchmark, root: Path) -> str:
    json = f", or PySOT's {of.pysot[0]}" if of.pysot else ""
    return (
        f"fetch {of.download} from {of.site}, unpack it under one folder and name that with --data-root DIR "
        f"(looked for {example(of)} with DIR = {root} and its usual subfolders{json})"
    )


def _pick(given: str, spellings: dict[str, str], what: str) -> str:
    """The name that a spelling stands for, whatever its case."""
    folded = {spelling.casefold(): name for spelling, name in spellings.items()}
    if given.casefold() in folded:
        return folded[given.casefold()]
    near = difflib.get_close_matches(given.casefold(), folded, n=1, cutoff=0.0)
    raise UserError(f"unknown {what} {given!r}; the nearest is {folded[near[0]]!r}")
