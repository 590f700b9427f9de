"""Finding result files: which trackers lie under a folder, in which toolkit's layout, under which names."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from drol_jax.errors import UserError

_NOT_TRACKERS = ("details", "times")
_BESIDE = ("_time", "_object_presence_scores", "_all_boxes", "_all_scores")
"""Ends of files that pytracking and its heirs put beside the boxes."""
_PREFIX = re.compile(r"^(uav|nfs|otb|tpl|tc128|dtb|lasot)_")
_RUN = re.compile(r"^(?P<name>.+)_(?P<number>\d{3}|\d{8})$")
_DEPTH = 3
_EXPERIMENTS = ("baseline", "longterm", "realtime", "redetection", "supervised", "unsupervised")
"""Folders of a VOT tracker that are no trackers themselves."""


class Names:
    """A benchmark's sequence names in every spelling in use.

    "Jogging-1" is also Jogging_1, jogging_1, Jogging.1 and Jogging1; pytracking's "uav_" and "nfs_" are dropped.
    """

    def __init__(self, names: Iterable[str], aliases: Mapping[str, str] | None = None):
        """Take the benchmark's own names.

        Args:
          aliases: further spellings, each with the name that it stands for.
        """
        self._names = {name: name for name in names}
        self._names |= {alias: name for alias, name in (aliases or {}).items() if name in self._names}
        self._plain = _unambiguous(self._names, plain)
        # "car1_1" and "car11" are two sequences of UAV123: without marks a name may be ambiguous, and then is none.
        self._bare = _unambiguous(self._names, bare)

    def find(self, spelling: str) -> str | None:
        """The benchmark's name for a spelling, or None."""
        if spelling in self._names:
            return self._names[spelling]
        for candidate in (plain(spelling), _PREFIX.sub("", plain(spelling))):
            if candidate in self._plain:
                return self._plain[candidate]
        return self._bare.get(bare(spelling))


@dataclass(frozen=True, eq=False)
class TrackerResults:
    """One tracker's files."""

    name: str
    """The name of its folder."""
    folder: Path
    """Folder below which the files lie: the tracker's folder, or the chosen experiment's in it."""
    files: Mapping[str, Mapping[int, Path]]
    """Box files by sequence name and repetition (from 1) or anchor (VOT multi-start, from 0)."""
    stray: tuple[str, ...] = ()
    """Names that look like result files of no sequence."""


def find_trackers(folder: Path, names: Names, experiment: str = "baseline") -> list[TrackerResults]:
    """The trackers whose results lie in a folder or below it, in any of the toolkits' layouts.

    Looked at are the folder itself, then its folders, and so on three levels down (a dataset's folder, a VOT
    workspace); the first level that holds results counts.

    Args:
      experiment: which of a tracker's VOT experiments.

    Returns:
      By name; at least one.

    Raises:
      UserError: no such folder, or no result file of any of the sequences in it.
    """
    if not folder.is_dir():
        raise UserError(f"results folder {folder} does not exist; check --results")
    level: list[Path] = [folder]
    others: set[Path] = set()
    for _ in range(_DEPTH + 1):
        found = [results for one in level if (results := _tracker(one, names, experiment, others)) is not None]
        if found:
            return _named(found, folder)
        level = [
            child
            for one in level
            for child in sorted(one.iterdir())
            if child.is_dir() and child.name not in _NOT_TRACKERS and child not in others
        ]
    words = ", ".join(sorted({path.name for path in others}))
    hint = f"; it holds the experiments {words}, choose one with --experiment" if others else ""
    raise UserError(
        f"{folder} holds no result file of any sequence of the dataset, neither SEQUENCE.txt nor SEQUENCE/SEQUENCE_001"
        f".txt nor {experiment}/SEQUENCE/SEQUENCE_001.txt{hint or '; check --results and --dataset'}"
    )


def plain(name: str) -> str:
    """Lower case, one mark for all: "Jogging.1" and "jogging-1" become "jogging_1"."""
    return re.sub(r"[-_. ]+", "_", name).casefold()


def bare(name: str) -> str:
    """Lower case without marks: "jogging1"."""
    return re.sub(r"[-_. ]+", "", name).casefold()


def _tracker(folder: Path, names: Names, experiment: str, others: set[Path]) -> TrackerResults | None:
    children = sorted(folder.iterdir())
    flat, stray = {}, []
    for path in children:
        if path.suffix == ".txt" and path.is_file() and not path.stem.endswith(_BESIDE):
            name = names.find(path.stem)
            if name is None:
                stray.append(path.name)
            else:
                flat.setdefault(name, {1: path})
    if flat:
        return TrackerResults(folder.name, folder, flat, tuple(stray))
    nested = _nested(children, names)
    if nested:
        return TrackerResults(folder.name, folder, nested)
    for child in children:
        chosen = child.name in _EXPERIMENTS and child.name != experiment
        if chosen and child.is_dir() and _nested(sorted(child.iterdir()), names):
            others.add(child)
    if (folder / experiment).is_dir():
        nested = _nested(sorted((folder / experiment).iterdir()), names)
        if nested:
            return TrackerResults(folder.name, folder / experiment, nested)
    # A tracker's other experiments are not trackers of their own.
    return None


def _nested(folders: Iterable[Path], names: Names) -> dict[str, dict[int, Path]]:
    """``<sequence>/<sequence>_001.txt`` or ``.bin``, or ``_00000050`` for an anchor."""
    found: dict[str, dict[int, Path]] = {}
    for folder in folders:
        if not folder.is_dir() or (name := names.find(folder.name)) is None:
            continue
        for path in sorted(folder.iterdir()):
            match = _RUN.match(path.stem) if path.suffix in (".txt", ".bin") else None
            if match and plain(match["name"]) == plain(folder.name):
                # Where both forms lie there, the text counts, as in vot-toolkit.
                runs = found.setdefault(name, {})
                if path.suffix == ".txt" or int(match["number"]) not in runs:
                    runs[int(match["number"])] = path
    return found


def _named(found: list[TrackerResults], folder: Path) -> list[TrackerResults]:
    """Trackers under names that tell them apart: the folder's, or the path where two folders are called the same."""
    short = [one.name for one in found]
    if len(set(short)) == len(short):
        return found

    def path_of(one: TrackerResults) -> str:
        place = one.folder if one.folder.name == one.name else one.folder.parent
        return place.relative_to(folder).as_posix()

    return [TrackerResults(path_of(one), one.folder, one.files, one.stray) for one in found]


def _unambiguous(names: Mapping[str, str], spell: Callable[[str], str]) -> dict[str, str]:
    """Names by spelling, where no two names are spelled so."""
    by_spelling: dict[str, set[str]] = {}
    for spelling, name in names.items():
        by_spelling.setdefault(spell(spelling), set()).add(name)
    return {spelling: next(iter(owners)) for spelling, owners in by_spelling.items() if len(owners) == 1}
