"""Finding result files: which trackers lie under a folder, in which toolkit's layout, under which names."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from drol_jax.errors import UserError
from drol_jax.results.formats import STARTS
from drol_jax.results.held import check_folder, held
from drol_jax.results.manifest import CLAIMS, EARLIER
from drol_jax.results.names import Match, Names, folder_names, plain

_NOT_TRACKERS = ("details", "times", "time", EARLIER, CLAIMS)
_BESIDE = ("_time", "_object_presence_scores", "_all_boxes", "_all_scores")
"""Ends of files that pytracking and its heirs put beside the boxes."""
_FLAT = (".txt", ".csv", ".json")
"""Files of one sequence, the first counted where one sequence has several."""
_RUN = re.compile(r"^(?P<name>.+)_(?P<number>\d{3}|\d{8})$")
_DEPTH = 3
_EXPERIMENTS = ("baseline", "longterm", "realtime", "redetection", "supervised", "unsupervised")
"""Folders of a VOT tracker that are no trackers themselves."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """Files under one spelling that may be one sequence's."""

    spelling: str
    match: Match
    files: Mapping[int, Path]
    """By repetition (from 1) or anchor (VOT multi-start, from 0)."""

    @property
    def path(self) -> Path:
        """The first file, by which the candidate is told of."""
        return self.files[min(self.files)]


@dataclass(frozen=True, eq=False)
class TrackerResults:
    """One tracker's files."""

    name: str
    """The name of its folder, or of the tracker that the files' names tell."""
    folder: Path
    """Folder below which the files lie: the tracker's folder, or the chosen experiment's in it."""
    files: Mapping[str, Mapping[int, Path]]
    """Box files by sequence name and repetition (from 1) or anchor (VOT multi-start, from 0)."""
    stray: tuple[str, ...] = ()
    """Names that look like result files of no sequence."""
    candidates: Mapping[str, tuple[Candidate, ...]] = field(default_factory=dict)
    """Everything that may be a sequence's, the surest first, which is the one in `files`."""
    deeper: tuple[Path, ...] = ()
    """Of the first tracker of some: folders with results that lie deeper than theirs, which are not taken."""


def find_trackers(folder: Path, names: Names, experiment: str = "baseline") -> list[TrackerResults]:
    """The trackers whose results lie in a folder or below it, in any of the toolkits' layouts.

    Looked at are the folder itself, then its folders, and so on three levels down (a dataset's folder, a VOT
    workspace); the first level that holds results counts. A folder that is called as the benchmark is the only one
    beside others, and those that are called as other benchmarks are passed over, as PySOT lays its results out.

    Args:
      experiment: which of a tracker's VOT experiments.

    Returns:
      By name; at least one.

    Raises:
      UserError: no such folder, or no result file of any of the sequences in it.
    """
    check_folder(folder)
    level: list[Path] = [folder]
    experiments: set[Path] = set()
    strangers: set[str] = set()
    for _ in range(_DEPTH + 1):
        found = [results for one in level for results in _trackers(one, names, experiment, experiments)]
        if found:
            first, *others = _named(found, folder)
            deeper = _deeper([one.folder for one in found], level, names, experiment)
            return [replace(first, deeper=deeper), *others]
        level = [child for one in level for child in _below(one, names, strangers) if child not in experiments]
    hint = "check --results and --dataset"
    if strangers:
        hint = f"it holds results of other benchmarks, {', '.join(sorted(strangers))}; {hint}"
    if experiments:
        words = ", ".join(sorted({path.name for path in experiments}))
        hint = f"it holds the experiments {words}, choose one with --experiment"
    raise UserError(
        f"{folder} holds no result file of any sequence of the dataset, neither SEQUENCE.txt (.csv, .json, .mat) nor "
        f"SEQUENCE/SEQUENCE_001.txt nor {experiment}/SEQUENCE/SEQUENCE_001.txt{held(folder)}; {hint}"
    )


def _deeper(taken: list[Path], level: list[Path], names: Names, experiment: str) -> tuple[Path, ...]:
    """Folders under a level that hold results too and are no part of those that were taken there."""
    found: list[Path] = []
    for _ in range(_DEPTH):
        below = [child for one in level for child in _below(one, names, set())]
        level = [
            child
            for child in below
            if child.name not in _EXPERIMENTS
            and names.match(child.name) is None
            and not any(child == one or child in one.parents for one in taken)
        ]
        held = [child for child in level if _trackers(child, names, experiment, set())]
        found += held
        level = [child for child in level if child not in held]
    return tuple(found)


def _below(folder: Path, names: Names, strangers: set[str]) -> list[Path]:
    """Folders to look into: that of the benchmark, else all but those of other benchmarks, which are noted."""
    children = [child for child in sorted(folder.iterdir()) if child.is_dir() and child.name not in _NOT_TRACKERS]
    if names.dataset not in folder_names().values():
        return children
    of = {child: folder_names().get(child.name.casefold()) for child in children}
    own = [child for child in children if of[child] == names.dataset]
    if own:
        return own
    strangers |= {child.name for child in children if of[child] is not None}
    return [child for child in children if of[child] is None]


def _trackers(folder: Path, names: Names, experiment: str, others: set[Path]) -> list[TrackerResults]:
    children = sorted(folder.iterdir())
    flat = [path for path in children if path.is_file() and not path.stem.endswith(_BESIDE)]
    tracker = folder.resolve().parent.name
    if names.dataset.startswith("VideoCube") and (found := _numbered(flat, tracker, names)):
        return [_results(tracker, folder, found, ())]
    found, stray = _flat(flat, names)
    if found:
        # Beside files there may be folders of repetitions, of other sequences or of the same.
        return [_results(_tracker(folder), folder, [*found, *_nested(children, names)], stray)]
    archived = _archived(flat, names)
    if archived:
        return [_results(name or folder.name, folder, some, ()) for name, some in sorted(archived.items())]
    nested = _nested(children, names)
    if nested:
        return [_results(_tracker(folder), folder, nested, ())]
    for child in children:
        chosen = child.name in _EXPERIMENTS and child.name != experiment
        if chosen and child.is_dir() and _nested(sorted(child.iterdir()), names):
            others.add(child)
    if (folder / experiment).is_dir():
        nested = _nested(sorted((folder / experiment).iterdir()), names)
        if nested:
            return [_results(folder.name, folder / experiment, nested, ())]
    # A tracker's other experiments are not trackers of their own.
    return []


def _tracker(folder: Path) -> str:
    """What the tracker of a folder is called: in ``tracker/parameters/benchmark`` of pytracking and its heirs, the
    parameters."""
    return folder.resolve().parent.name if folder.name.casefold() in folder_names() else folder.name


def _results(name: str, folder: Path, found: Iterable[Candidate], stray: tuple[str, ...]) -> TrackerResults:
    table: dict[str, list[Candidate]] = {}
    for one in found:
        table.setdefault(one.match.name, []).append(one)
    ranked = {
        sequence: tuple(sorted(some, key=lambda one: (one.match.sure, _FLAT.index(one.path.suffix)
                                                      if one.path.suffix in _FLAT else 0, one.spelling)))
        for sequence, some in table.items()
    }  # fmt: skip
    return TrackerResults(name, folder, {seq: some[0].files for seq, some in ranked.items()}, stray, ranked)


def _flat(paths: Iterable[Path], names: Names) -> tuple[list[Candidate], tuple[str, ...]]:
    """``<sequence>.txt``, or the other forms of one file a sequence; and text files of no sequence."""
    found, stray = [], []
    for path in paths:
        if path.suffix.lower() not in _FLAT or _beside(path):
            continue
        match = names.match(path.stem)
        if match is not None:
            found.append(Candidate(path.stem, match, {1: path}))
        elif path.suffix == ".txt":
            stray.append(path.name)
    return found, tuple(stray)


def _beside(path: Path) -> bool:
    """Whether a file tells in which frames the tracker of another was started again."""
    return path.name.startswith(STARTS) and path.with_name(path.name.removeprefix(STARTS)).is_file()


def _numbered(paths: Iterable[Path], tracker: str, names: Names) -> list[Candidate]:
    """``<tracker>_<sequence>_<repetition>.txt``, as VideoCube's toolkit writes them into ``<tracker>/<subset>``."""
    runs: dict[str, dict[int, Path]] = {}
    for path in paths:
        spelling, _, number = path.stem.removeprefix(f"{tracker}_").rpartition("_")
        if path.suffix == ".txt" and path.stem.startswith(f"{tracker}_") and number.isdecimal():
            runs.setdefault(spelling, {})[int(number)] = path
    return [Candidate(spelling, match, some) for spelling, some in runs.items() if (match := names.match(spelling))]


def _archived(paths: Iterable[Path], names: Names) -> dict[str, list[Candidate]]:
    """OTB's MATLAB files, ``<sequence>_<tracker>.mat`` or ``<sequence>.mat``, by tracker."""
    found: dict[str, list[Candidate]] = {}
    for path in paths:
        if path.suffix.lower() != ".mat":
            continue
        parts = path.stem.split("_")
        for count in range(len(parts), 0, -1):
            spelling, tracker = "_".join(parts[:count]), "_".join(parts[count:])
            match = names.match(spelling)
            if match is not None:
                found.setdefault(tracker, []).append(Candidate(spelling, match, {1: path}))
                break
    return found


def _nested(folders: Iterable[Path], names: Names) -> list[Candidate]:
    """``<sequence>/<sequence>_001.txt`` or ``.bin``, or ``_00000050`` for an anchor."""
    found = []
    for folder in folders:
        if not folder.is_dir() or (named := names.match(folder.name)) is None:
            continue
        runs: dict[int, Path] = {}
        for path in sorted(folder.iterdir()):
            match = _RUN.match(path.stem) if path.suffix in (".txt", ".bin") else None
            if match is None or plain(match["name"]) != plain(folder.name):
                continue
            # Where both forms lie there, the text counts, as in vot-toolkit.
            if path.suffix == ".txt" or int(match["number"]) not in runs:
                runs[int(match["number"])] = path
        if runs:
            found.append(Candidate(folder.name, named, runs))
    return found


def _named(found: list[TrackerResults], folder: Path) -> list[TrackerResults]:
    """Trackers under names that tell them apart: the folder's, or the path where two folders are called the same."""
    short = [one.name for one in found]
    if len(set(short)) == len(short):
        return found

    def path_of(one: TrackerResults) -> str:
        place = one.folder if one.name in (one.folder.name, _tracker(one.folder)) else one.folder.parent
        return place.relative_to(folder).as_posix()

    return [replace(one, name=path_of(one)) for one in found]
