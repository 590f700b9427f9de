"""Pairs out of the sequences that `drol_jax.datasets` reads, GOT-10k's training part among them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from drol_jax.datasets import SequenceEntry, load
from drol_jax.errors import UserError
from drol_jax.frames import read
from drol_jax.train.pairs.disk import Clip, FromDisk, Track
from drol_jax.train.pairs.disk_cut import CutSettings, Sighting

_LEAST = 2.0
"""Pixels; boxes with a shorter side are marks of absence more often than targets."""


@dataclass(frozen=True, kw_only=True)
class SequencesSettings:
    """One dataset, as it unpacks."""

    dataset: str
    """Its name, as `drol_jax.datasets.load` takes it."""
    root: str | None = None
    """Its folder, or the folder around it; the built-in Synth needs none."""
    only: tuple[str, ...] = ()
    """Names of its sequences; none: all."""
    render_seed: int = 0
    """What Synth is rendered from."""
    frame_range: int = 100
    """Largest distance of a pair's frames."""
    cut: CutSettings = field(default_factory=CutSettings)


def sequences(
    settings: SequencesSettings,
    batch_size: int,
    exemplar: int = 127,
    instance: int = 287,
    seed: int = 0,
    workers: int = 4,
) -> FromDisk:
    """The dataset's pairs. A sequence is read when a pair wants it.

    Raises:
      UserError: an unknown dataset or sequence, or the dataset is not under the root.
    """
    root = None if settings.root is None else Path(settings.root)
    entries = load(settings.dataset, root, settings.only or None, settings.render_seed)
    return FromDisk(
        list_sequences(entries),
        frame_range=settings.frame_range,
        settings=settings.cut,
        batch_size=batch_size,
        exemplar=exemplar,
        instance=instance,
        seed=seed,
        workers=workers,
    )


def list_sequences(entries: Iterable[SequenceEntry]) -> list[Track]:
    """A track of every sequence."""
    return [Track(video=entry.name, open=partial(_clip, entry)) for entry in entries]


def _clip(entry: SequenceEntry) -> Clip:
    sequence = entry.open()
    # A row of NaN compares as False.
    known = (sequence.boxes[:, 2:] >= _LEAST).all(axis=1)
    if sequence.absent is not None:
        known &= ~sequence.absent
    numbers = np.flatnonzero(known)
    if not len(numbers):
        raise UserError(f"sequence {entry.name}: no frame has a box of {_LEAST:g} pixels; leave the sequence out")

    def sighting(i: int) -> Sighting:
        return Sighting(picture=read(sequence.frames[numbers[i]]), box=sequence.boxes[numbers[i]])

    return Clip(numbers=numbers, read=sighting)
