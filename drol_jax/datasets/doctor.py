"""What is wrong with a benchmark on disk, and what to do about it."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from drol_jax.datasets import benchmark, canonical
from drol_jax.datasets.definitions import Benchmark, Row
from drol_jax.datasets.place import Place, groundtruth_file, images_of
from drol_jax.datasets.sequence import Sequence, SequenceEntry
from drol_jax.datasets.source import find_source, list_entries, select
from drol_jax.datasets.text import read_names
from drol_jax.errors import UserError
from drol_jax.image.boxes import start_trouble
from drol_jax.image.complaints import listened, listening_pool
from drol_jax.image.depth import DeepFrame
from drol_jax.image.source import FrameSource
from drol_jax.system.names import nearest

ALIKE = 0.75
"""How much a name must look like a missing one to be taken for it misspelt, from 0 to 1."""

Read = Callable[[FrameSource], np.ndarray]
"""Decodes an image to uint8 RGB [H, W, 3]; raises UserError where it cannot. `drol_jax.image.frames.read` is one."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something about the files that is not as it should be."""

    sequence: str | None
    """None: about the benchmark as a whole."""
    level: Literal["error", "warning", "note"]
    """The sequence cannot be used; its scores may differ from the published ones; worth knowing."""
    what: str
    """Begins with the path of the file, where it is about one."""
    cure: str


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """All that was found."""

    dataset: str
    where: Path
    """Folder that the paths start from, or PySOT's JSON file."""
    sequences: tuple[str, ...]
    """That the benchmark has."""
    usable: tuple[str, ...]
    """That can be tracked: nothing worse than a warning."""
    frames: int
    """Frames of the usable sequences."""
    findings: tuple[Finding, ...]


def examine(
    name: str,
    root: Path,
    read: Read,
    *,
    only: list[str] | None = None,
    decode: bool = False,
    on_sequence: Callable[[str], None] = lambda _: None,
) -> Diagnosis:
    """Examine a benchmark's sequences one by one.

    Of each, the annotations are read, the images counted, and the first and last decoded.

    Args:
      name: a benchmark, by any of its names.
      root: its folder, the folder around it, or PySOT's JSON file.
      read: decodes an image.
      only: sequences to examine, in any spelling; None for all.
      decode: decode every image.
      on_sequence: told the name of each sequence before it is examined.

    Raises:
      UserError: an unknown dataset or sequence, one without files, or nothing of it under root.
    """
    of = benchmark(name)
    if of is None:
        raise UserError(f"{canonical(name)} is built in and has no files; name a benchmark on disk with --dataset")
    source = find_source(of, root, images=True)
    listed = list_entries(source, of, root, images=True)
    if only is not None:
        listed = select(listed, only, of.name)
    findings = _whole(of, source, len(listed)) if only is None else []
    rows = {row.name: row for row in source.rows} if isinstance(source, Place) else {}
    usable, frames = [], 0
    for entry in listed:
        on_sequence(entry.name)
        sequence, found = _one(of, source, entry, rows.get(entry.name), read, decode=decode)
        findings += found
        if sequence is not None and not any(finding.level == "error" for finding in found):
            usable.append(entry.name)
            frames += len(sequence)
    return Diagnosis(
        dataset=of.name,
        where=source.tree.root if isinstance(source, Place) else source,
        sequences=tuple(entry.name for entry in listed),
        usable=tuple(usable),
        frames=frames,
        findings=tuple(findings),
    )


def _whole(of: Benchmark, source: Place | Path, count: int) -> list[Finding]:
    """What concerns the benchmark as a whole: how many sequences there are, and what its list file says."""
    found = []
    if of.count is not None and count != of.count:
        found.append(
            Finding(
                sequence=None,
                level="warning",
                what=f"{count} sequences, but {of.name} has {of.count}; their names are known from the disk alone",
                cure=f"see which ones are missing, and {of.again()}",
            )
        )
    listed = source.tree.find(source.layout.list) if isinstance(source, Place) and source.layout.list else None
    if listed is not None and of.rows:
        names, known = {name.casefold() for name in read_names(listed)}, of.spelled()
        missing = [row.name for row in of.rows if row.name.casefold() not in names]
        unknown = sorted(name for name in names if name not in known)
        for words, which in (("lacks", missing), ("has, unlike the benchmark,", unknown)):
            if which:
                shown = ", ".join(which[:5]) + (f" and {len(which) - 5} more" if len(which) > 5 else "")
                what = f"{listed}: {words} {shown}"
                cure = f"the benchmark's own {len(of.rows)} sequences are read; {of.again()} if this is another one"
                found.append(Finding(sequence=None, level="warning", what=what, cure=cure))
    return found


def _one(
    of: Benchmark, source: Place | Path, entry: SequenceEntry, row: Row | None, read: Read, *, decode: bool
) -> tuple[Sequence | None, list[Finding]]:
    found = _misnamed(source, row) if isinstance(source, Place) and row is not None else []
    try:
        with warnings.catch_warnings(action="ignore"):  # what they say is found below
            sequence = entry.open()
    except UserError as error:
        near = _near(source, row) if isinstance(source, Place) and row is not None else None
        return None, [*found, _error(entry.name, error, near)]
    if sequence.only_first_box and not of.server:
        what = f"{entry.name}: the first of {len(sequence)} frames alone is annotated"
        cure = "it is tracked and its boxes are written, not scored"
        found.append(Finding(sequence=entry.name, level="note", what=what, cure=cure))
    if row is not None and row.first is None and row.length not in (None, len(sequence)):
        what = f"{len(sequence)} frames, but {row.length} are known of it"
        found.append(Finding(sequence=entry.name, level="warning", what=what, cure=of.again()))
    if isinstance(source, Place) and row is not None and row.first is None:
        held = images_of(source, row)
        extra = 0 if held is None else len(held.files) - len(sequence)
        if held is not None and extra > 0:
            what = f"{held.folder}: {extra} images more than annotations"
            cure = "the ones after the last annotated frame are left out; nothing to do"
            found.append(Finding(sequence=entry.name, level="note", what=what, cure=cure))
    where = source if not isinstance(source, Place) else groundtruth_file(source, row) if row is not None else None
    if isinstance(first := sequence.frames[0], DeepFrame):
        try:
            what, cure = f"{first.path}: {first.levels.words}", "nothing to do, but trackers learned on 8 bits"
            found.append(Finding(sequence=entry.name, level="note", what=what, cure=cure))
        except UserError:
            pass  # told below, with the file
    return sequence, found + _images(sequence, read, where, decode=decode)


def _images(sequence: Sequence, read: Read, where: Path | None, *, decode: bool) -> list[Finding]:
    """The first error among a sequence's images: empty files, damage, another size; or a start box outside. And what
    libjpeg complains of.

    Args:
      where: the file of its annotations.
    """
    paths = [path for frame in sequence.frames if isinstance(path := getattr(frame, "path", frame), Path)]
    deep = {path: frame for path, frame in zip(paths, sequence.frames, strict=False) if isinstance(frame, DeepFrame)}
    told: list[Finding] = []
    decoder = listening_pool(1)
    try:
        size = None
        for index, path in enumerate(paths):
            if path.stat().st_size == 0:
                raise UserError(f"{path}: the image file is empty; copy or unpack it again")
            if not decode and index not in (0, len(paths) - 1):
                continue
            image, words = decoder.submit(listened, read, deep.get(path, path)).result()
            shape = image.shape[:2]
            if words:
                what, cure = (
                    f"{path}: damaged, libjpeg says {words[0]!r}",
                    "it is read as it is; copy it again",
                )
                told.append(Finding(sequence=sequence.name, level="warning", what=what, cure=cure))
            if size is None:
                size = shape
                _check_start(sequence, size, where)
            if shape != size:
                raise UserError(
                    f"{path}: is {shape[1]}x{shape[0]}, the first image {size[1]}x{size[0]}; unpack the sequence again"
                )
    except UserError as error:
        told.append(_error(sequence.name, error))
    except OSError as error:
        trouble = UserError(f"{error.filename}: cannot be read ({error.strerror}); unpack it again")
        told.append(_error(sequence.name, trouble))
    finally:
        decoder.shutdown()
    return told


def _check_start(sequence: Sequence, size: tuple[int, ...], where: Path | None) -> None:
    """Raise a UserError, in the numbers of the annotations, where no track can start from the first box."""
    trouble = start_trouble(sequence.first_box, *size)
    if trouble is not None:
        own = np.add(sequence.first_box, (sequence.origin, sequence.origin, 0, 0))
        box = ",".join(f"{number:g}" for number in own)
        raise UserError(
            f"{where or sequence.name}: the box to start from, {box}, {trouble}; mend it or leave the sequence out"
        )


def _misnamed(place: Place, row: Row) -> list[Finding]:
    """An annotation file that was found under another than its official path."""
    path = groundtruth_file(place, row)
    official = [place.tree.root / row.fill(form) for form in place.layout.groundtruth]
    if path is None or path in official:
        return []
    what = f"{path}: its usual spelling is {official[0].relative_to(place.tree.root)}"
    cure = "it is read all the same; rename it for programs that mind"
    return [Finding(sequence=row.name, level="note", what=what, cure=cure)]


def _near(place: Place, row: Row) -> str | None:
    """A folder or file that may be the missing one under a name misspelled."""
    if groundtruth_file(place, row) is not None:
        return None
    folder = place.tree.root
    for part in row.fill(place.layout.groundtruth[0]).split("/"):
        names = place.tree.names(folder)
        if part in names:
            folder /= part
            continue
        taken = {spelling for other in place.rows if other != row for pair in other.spellings() for spelling in pair}
        near = nearest(part, (name for name in names if name not in taken), ALIKE)
        return None if near is None else f"if {folder / near} is it, rename it to {part}"
    return None


def _error(sequence: str, error: UserError, near: str | None = None) -> Finding:
    what, _, cure = str(error).rpartition("; ")
    return Finding(sequence=sequence, level="error", what=what or cure, cure=near or cure)
