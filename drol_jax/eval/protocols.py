"""How result files came about, told by a run's manifest or by what the files hold. Needs no jax."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.metrics.regions import FAILED, INITIALISED, REGION, UNKNOWN, Regions
from drol_jax.results.formats import STARTS, read_run
from drol_jax.results.layout import TrackerResults
from drol_jax.results.manifest import manifest_of
from drol_jax.results.runs import Run

SCORED_AS = {"ope": "ope", "longterm": "longterm", "restart": "vot", "multistart": "vot", "r-ope": "r-ope"}
"""How results are scored, by how they came about. Results of got10k's protocol may be scored as any one pass."""


def from_anchors(trackers: Sequence[TrackerResults], entries: Sequence[datasets.SequenceEntry]) -> bool:
    """Whether any tracker's VOT results are runs from anchors (VOT2020 and later) instead of restarts."""
    return any(_from_anchors(tracker, entries) for tracker in trackers)


def check_started(sequence: datasets.Sequence, runs: Mapping[int, Run], wanted: str) -> None:
    """Raise a UserError where runs do not begin, or go on behind a failure, with the code of a start, as VOT's do.

    Args:
      wanted: what the benchmark is scored by, in words.
    """
    for number, run in runs.items():
        trouble = _unlike_restarts(run.regions, wanted)
        if trouble:
            raise UserError(f"repetition {number}: {trouble}" if len(runs) > 1 else trouble)


def _unlike_restarts(regions: Regions, wanted: str) -> str:
    """Why a run does not begin, or does not go on behind a failure, as VOT's do, in words; empty where it does."""
    codes = regions.codes
    if codes[0] == REGION and np.array_equal(regions.boxes[0], (1, 0, 0, 0)):
        return "its first line is 1,0,0,0, where VOT's files have a code alone in a line; write 1"
    if codes[0] == REGION:
        return (
            f"no start (code 1) stands in the first line, so that this is one pass, and {wanted} are scored here; pass "
            "--protocol ope to score it as one pass"
        )
    if codes[0] != INITIALISED:
        return f"code {codes[0]} stands in the first line, where a run begins with a start (code 1); track it again"
    started, last = False, 0
    for frame in np.flatnonzero(codes != UNKNOWN):
        if codes[frame] == INITIALISED and started:
            return (
                f"a start (code 1) stands in frame {frame} (counted from 0) and no failure (code 2) between it and the "
                f"start in frame {last}, so that failures are not written; track it again"
            )
        if codes[frame] != INITIALISED and not started:
            what = "another failure" if codes[frame] == FAILED else "a region"
            return (
                f"{what} stands in frame {frame} (counted from 0) and no start (code 1) between it and the failure in "
                f"frame {last}; track it again"
            )
        if codes[frame] != REGION:
            started, last = codes[frame] == INITIALISED, int(frame)
    return ""


def check_anchors(sequence: datasets.Sequence, runs: Mapping[int, Run]) -> np.ndarray | None:
    """A sequence's anchors, int8 [T] as `datasets.Sequence.anchors`; None where the benchmark names none.

    Raises:
      UserError: there are no runs from some of them, or runs from elsewhere; or a run does not begin with the code of
        a start.
    """
    marks = sequence.anchors
    if marks is not None:
        wanted = np.flatnonzero(marks).tolist()
        missing, other = sorted({*wanted} - {*runs}), sorted({*runs} - {*wanted})
        named = f"the sequence's anchors are {_listed(wanted)} (frames from 0)"
        if missing:
            also = f", and there are runs from {_listed(other)}" if other else ""
            raise UserError(f"no run starts at {_listed(missing)}{also}: {named}; track it again")
        if other:
            raise UserError(f"runs start at {_listed(other)}, and {named}; take these files away")
    for anchor, run in runs.items():
        if len(run.regions) and run.regions.codes[0] == REGION:
            raise UserError(
                f"the run from frame {anchor} begins with a region, where vot-toolkit writes a start (code 1); "
                "write 1 in its first line, or pass --protocol ope if it is one pass over the sequence"
            )
    return marks


def _listed(frames: Sequence[int]) -> str:
    return ", ".join(map(str, frames[:6])) + (", ..." if len(frames) > 6 else "")


def check_way(folder: Path, kind: str) -> None:
    """Raise a UserError where a manifest says that our own runs came about in another way than is scored.

    Args:
      folder: of the tracker.
      kind: "ope", "vot", "longterm", "got10k" or "r-ope".
    """
    manifest = manifest_of(folder)
    if manifest is None:
        return
    way = str(manifest["settings"].get("protocol", "ope"))
    came = SCORED_AS.get(way, "ope")
    if came != ("ope" if kind == "got10k" else kind):
        raise UserError(
            f"{folder} was tracked with --protocol {way}, by its manifest, which is not how the benchmark is scored; "
            f"pass --protocol {way} to score it so"
        )


def check_unbroken(files: Mapping[int, Path], runs: Mapping[int, Run]) -> None:
    """Raise a UserError where VideoCube's toolkit has noted that a tracker was started again (R-OPE)."""
    for number, run in runs.items():
        if run.starts is not None and len(run.starts):
            path = files[number]
            raise UserError(
                f"{path}: {STARTS}{path.name} beside it names frames in which the tracker was started again (R-OPE), "
                "and one pass is scored here; pass --protocol r-ope to score it so"
            )


def _from_anchors(tracker: TrackerResults, entries: Sequence[datasets.SequenceEntry]) -> bool:
    manifest = manifest_of(tracker.folder)
    if manifest is not None:
        return manifest["settings"].get("protocol") == "multistart"
    for entry in entries:
        files = tracker.files.get(entry.name)
        told = _told(entry, files) if files else None
        if told is not None:
            return told
    return False


def _told(entry: datasets.SequenceEntry, files: Mapping[int, Path]) -> bool | None:
    """Whether one sequence's runs are from anchors; None where nothing can be read or either may be."""
    try:
        sequence = entry.open()
        runs = {number: read_run(path, regions=True).regions for number, path in files.items()}
    except UserError:
        return None
    frames, marks = len(sequence), sequence.anchors
    lengths = {number: len(run) for number, run in runs.items()}
    if any(len(run.frames_of(FAILED)) for run in runs.values()):
        return False
    if sorted(runs) == list(range(1, len(runs) + 1)):
        return False  # repetitions; anchors lie about fifty frames apart
    if marks is not None and ({*np.flatnonzero(marks).tolist()} <= {*runs} or {*lengths.values()} != {frames}):
        return True
    if any(len(run) and run.codes[0] == REGION for run in runs.values()):
        return False  # one pass
    if 0 in lengths or any(n != frames and n in (frames - number, number + 1) for number, n in lengths.items()):
        return True
    return False if frames in lengths.values() else None
