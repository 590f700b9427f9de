"""Benchmarks by name: annotations on disk, or the built-in synthetic one, as lazily opened sequences."""

import difflib
from collections.abc import Sequence as SequenceOf
from pathlib import Path

from drol_jax.datasets.otb import definitions, load_otb
from drol_jax.datasets.sequence import FrameSource, Sequence, SequenceEntry
from drol_jax.datasets.synth import load_synth
from drol_jax.errors import UserError

__all__ = ["DATASETS", "FrameSource", "Sequence", "SequenceEntry", "load"]

DATASETS = ("Synth", "OTB2013", "OTB50", "OTB100", "OTB2015")


def load(
    name: str, root: Path | None = None, only: SequenceOf[str] | None = None, seed: int = 0
) -> list[SequenceEntry]:
    """List a dataset's sequences; each is read when it is opened.

    Args:
      name: one of DATASETS, in any case; "OTB2015" is OTB100.
      root: where the dataset lies; the built-in Synth needs none.
      only: names of the sequences wanted, in any case and in any toolkit's spelling; None for all.
      seed: what Synth is rendered from; other datasets do not depend on it.

    Returns:
      Entries in the dataset's own order.

    Raises:
      UserError: an unknown dataset or sequence (names the nearest valid one), or the dataset is not under root.
    """
    dataset = _pick(name, {known: known for known in DATASETS}, "dataset")
    if dataset == "Synth":
        entries = load_synth(seed)
        spellings = {entry.name: entry.name for entry in entries}
    elif root is None:
        raise UserError(f"{dataset} lies on disk and no folder was named; say where with --data-root DIR")
    else:
        entries = load_otb(Path(root), dataset)
        names = {entry.name for entry in entries}
        spellings = {alias: row.name for row in definitions() if row.name in names for alias in row.aliases()}
    if only is None:
        return entries
    wanted = {_pick(given, spellings, f"{dataset} sequence") for given in only}
    return [entry for entry in entries if entry.name in wanted]


def _pick(given: str, spellings: dict[str, str], what: str) -> str:
    """The name that a spelling stands for, whatever its case."""
    folded = {spelling.casefold(): name for spelling, name in spellings.items()}
    if given.casefold() in folded:
        return folded[given.casefold()]
    near = difflib.get_close_matches(given.casefold(), folded, n=1, cutoff=0.0)
    raise UserError(f"unknown {what} {given!r}; the nearest is {folded[near[0]]!r}")
