"""Benchmarks by name: annotations on disk, or the built-in synthetic one, as lazily opened sequences."""

import re
from collections.abc import Sequence as SequenceOf
from pathlib import Path

from drol_jax.datasets.benchmarks import benchmarks
from drol_jax.datasets.definitions import Benchmark, pick
from drol_jax.datasets.own import FOLDERS, is_own, own
from drol_jax.datasets.sequence import Sequence, SequenceEntry
from drol_jax.datasets.source import find_source, list_entries, select
from drol_jax.datasets.synth import load_synth
from drol_jax.errors import UserError
from drol_jax.image.source import FrameSource

__all__ = [
    "DATASETS",
    "Benchmark",
    "FrameSource",
    "Sequence",
    "SequenceEntry",
    "benchmark",
    "built_in",
    "canonical",
    "is_own",
    "known",
    "load",
    "title",
]

DATASETS = ("Synth", *benchmarks())
RENDERED_FROM = "@"
"""Separator between Synth and the seed of a rendering other than the benchmark's: Synth@3."""


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
      name: one of DATASETS or another name of one, in any case; "OTB2015" is OTB100, "Synth@3" Synth rendered from
        seed 3; "folders", any folder of sequences; or the path of a JSON file, a definition or PySOT's annotations.
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
    if built_in(dataset):
        found = load_synth(int(dataset.partition(RENDERED_FROM)[2] or seed))
    elif root is None and not dataset.endswith(".json"):
        raise UserError(f"{dataset} lies on disk and no folder was named; say where with --data-root DIR")
    else:
        of = known(dataset)
        assert of is not None
        place = Path(root or "data")
        found = list_entries(find_source(of, place, images=images), of, place, images=images)
    return found if only is None else select(found, only, title(dataset))


def canonical(name: str, more: SequenceOf[str] = ()) -> str:
    """The dataset's own name, one of DATASETS or a rendering of Synth, from any of its names in any case; "folders" and
    paths of JSON files stay as they are. What people see is its `title`.

    Args:
      more: names that may be meant as well.

    Raises:
      UserError: an unknown dataset (names the nearest).
    """
    if is_own(name):
        own(name)
        return FOLDERS if name.casefold() == FOLDERS else name
    of, at, seed = name.partition(RENDERED_FROM)
    if at and of.casefold() == "synth" and seed.isdecimal():
        return f"Synth{at}{int(seed)}" if int(seed) else "Synth"
    spellings = {alias: row.name for row in benchmarks().values() for alias in row.aliases}
    choices = spellings | {known: known for known in (*DATASETS, FOLDERS, *more)}
    try:
        return pick(name, choices, "dataset")
    except UserError as error:
        if re.fullmatch(r"vot[s-]?20(?:2\d)?\w*", name, re.IGNORECASE):
            raise UserError(f"unknown dataset {name!r}; a workspace of the VOT toolkit of any year is 'VOT'") from None
        raise UserError(
            f"{error}; {FOLDERS!r} reads any folder of sequences, and a path ending in .json one's own"
        ) from None


def title(dataset: str) -> str:
    """The name that results and pages carry: the dataset's own, or that in a user's file.

    Args:
      dataset: from `canonical`.
    """
    of = own(dataset) if is_own(dataset) else None
    return dataset if of is None else of.name


def known(dataset: str) -> Benchmark | None:
    """What is known about a dataset by its canonical name; None for Synth, and for one that nothing is known of."""
    return own(dataset) if is_own(dataset) else benchmarks().get(dataset)


def built_in(name: str) -> bool:
    """Whether the dataset is Synth, rendered from whatever seed.

    Raises:
      UserError: an unknown dataset.
    """
    return canonical(name).partition(RENDERED_FROM)[0] == "Synth"


def benchmark(name: str) -> Benchmark | None:
    """What is known about a dataset, from any of its names; None for the built-in Synth.

    Raises:
      UserError: an unknown dataset.
    """
    return known(canonical(name))
