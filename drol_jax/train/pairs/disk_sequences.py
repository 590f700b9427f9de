"""Pairs out of the sequences that `drol_jax.datasets` reads, GOT-10k's training part among them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from drol_jax.datasets import SequenceEntry, canonical, load
from drol_jax.datasets.definitions import Benchmark, Layout
from drol_jax.datasets.own import FOLDERS as PLAIN
from drol_jax.datasets.own import plain
from drol_jax.datasets.source import find_source, list_entries, select
from drol_jax.errors import UserError
from drol_jax.image.frames import read
from drol_jax.train.pairs.disk import Clip, Draws, FromDisk, Track
from drol_jax.train.pairs.disk_cut import CutSettings, Sighting
from drol_jax.train.pairs.kept import Kept

FOLDERS = ("GOT-10k-train", PLAIN)
"""Datasets that are no benchmarks: GOT-10k's training part; any folder of sequences (`drol_jax.datasets.own`)."""
_LEAST = 2.0
"""Pixels; boxes with a shorter side are marks of absence more often than targets."""


@dataclass(frozen=True, kw_only=True)
class SequencesSettings:
    """One dataset, as it unpacks."""

    dataset: str
    """Its name, as `drol_jax.datasets.load` takes it; or one of FOLDERS."""
    root: str | None = None
    """Its folder, or the folder around it; the built-in Synth needs none."""
    only: tuple[str, ...] = ()
    """Names of its sequences; none: all."""
    render_seed: int = 0
    """What Synth is rendered from."""
    frame_range: int = 100
    """Largest distance of a pair's frames."""
    cut: CutSettings = field(default_factory=CutSettings)
    keep: bool = False
    """Read every frame once, when the run begins, and keep what pairs can show of it on the device. Costs 3 * P * P
    bytes of its memory a frame (0.55 MB with shift 48, scale 0.18 and search regions of 255), and as much of the host's
    while reading. Batches then are drawn on the device and wait for no image to be decoded; they are other ones."""


def sequences(
    settings: SequencesSettings, batch_size: int, exemplar: int = 127, instance: int = 287, seed: int = 0
) -> FromDisk | Kept:
    """The dataset's pairs. A sequence is read when a pair wants it; with `settings.keep` all are read now.

    Raises:
      UserError: an unknown dataset or sequence, or the dataset is not under the root; with `settings.keep` also, a
        frame cannot be read, or there is no room for what is kept.
    """
    draws = Draws(
        frame_range=settings.frame_range,
        cut=settings.cut,
        batch_size=batch_size,
        exemplar=exemplar,
        instance=instance,
        seed=seed,
    )
    root = None if settings.root is None else Path(settings.root)
    return (Kept if settings.keep else FromDisk)(list_sequences(_entries(settings, root)), draws)


def dataset_named(name: str) -> str:
    """The own name of a dataset or of a form of `FOLDERS`, from any of its names in any case.

    Raises:
      UserError: an unknown dataset (names the nearest).
    """
    return canonical(name, FOLDERS)


def _entries(settings: SequencesSettings, root: Path | None) -> list[SequenceEntry]:
    name, only = dataset_named(settings.dataset), settings.only or None
    try:
        if name not in FOLDERS:
            return load(name, root, only, settings.render_seed)
        if root is None:
            raise UserError(f"{name} lies on disk and no folder was named; say where with root")
        of = plain(server=False) if name == PLAIN else _got10k_train()
        source = find_source(of, root, images=True)
    except UserError as error:
        # Those who only track name the folder on the command line.
        trouble = str(error).replace("--data-root DIR", "root in the training file")
        if name == "folders" and root is not None:
            trouble = (
                f"{trouble.partition(';')[0]}; write renderings there (python -m drol_jax.eval render --output {root}; "
                "the comments of configs/train/*.yaml have the seeds), or name another folder of "
                "SEQUENCE/groundtruth.txt with images, by root in the training file"
            )
        raise UserError(trouble) from error
    entries = list_entries(source, of, root, images=True)
    return entries if only is None else select(entries, only, name)


def _got10k_train() -> Benchmark:
    """GOT-10k's training part, no sequence of which is known by name."""
    folders = ("", "train", "GOT-10k", "GOT-10k/train", "full_data", "full_data/train")
    layout = Layout(groundtruth=("{folder}/groundtruth.txt",), images=("{folder}", "{folder}/img"), loose=True)
    return plain(
        "GOT-10k-train", site="got-10k.aitestunion.com", download="the train split", reader="got10k", folders=folders,
        layouts=(layout,), server=False,
    )  # fmt: skip


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
        return Sighting(image=read(sequence.frames[numbers[i]]), box=sequence.boxes[numbers[i]])

    return Clip(numbers=numbers, read=sighting)
