"""A benchmark's sequences by the names of their result files, in whatever spelling; how sure a spelling is."""

import re
from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import NamedTuple, Self

from drol_jax.datasets.benchmarks import benchmarks
from drol_jax.datasets.sequence import SequenceEntry

_PREFIXES = {"uav": ("uav123", "uav20l"), "nfs": ("nfs",), "otb": ("otb",), "tpl": ("tc128",)}
_PREFIXES |= {"tc128": ("tc128",), "dtb": ("dtb",), "lasot": ("lasot",)}
"""What pytracking and its heirs put before names, with a mark behind it, and how the benchmarks' names begin."""


_FOLDERS = {"otb": "OTB100", "uav": "UAV123", "nfs": "NFS30", "tpl": "TC128", "synth": "Synth"}
"""What pytracking and its heirs call the folders of a benchmark's results, beside the benchmarks' names; and ours."""


class Sure(IntEnum):
    """How a spelling names a sequence, the surest first."""

    EXACT = 0
    OFFICIAL = 1
    """Another toolkit's spelling that the benchmark's definition lists: "uav_boat3", "Jogging.1"."""
    PREFIXED = 2
    """The benchmark's prefix before the name."""
    MARKED = 3
    """Other case, other marks: "jogging_1"."""
    LOOSE = 4
    """Marks left out or put in: "Jogging1", "boat-3"."""


class Match(NamedTuple):
    """A sequence that a spelling may name."""

    name: str
    sure: Sure


class Names:
    """A benchmark's sequence names in every spelling in use.

    "Jogging-1" is also Jogging_1, jogging_1, Jogging.1 and Jogging1. A prefix counts where it is the benchmark's own:
    uav_car1 is no sequence of OTB.
    """

    def __init__(self, names: Iterable[str], aliases: Mapping[str, str] | None = None, dataset: str = ""):
        """Take the benchmark's own names.

        Args:
          aliases: further spellings, each with the name that it stands for.
          dataset: the benchmark's name; empty for none that is known.
        """
        self.dataset = dataset
        self._own = {name: name for name in names}
        self._official = {alias: name for alias, name in (aliases or {}).items() if name in self._own}
        every = self._official | self._own
        self._plain = _unambiguous(every, plain)
        # "car1_1" and "car11" are two sequences of UAV123: without marks a name may be ambiguous, and then is none.
        self._bare = _unambiguous(every, bare)
        prefixes = {prefix for prefix, starts in _PREFIXES.items() if dataset.casefold().startswith(starts)}
        prefixes |= {plain(called) for called, of in folder_names().items() if of == dataset} | {plain(dataset)} - {""}
        # The longest first: "otb100_" before "otb_".
        own = "|".join(re.escape(prefix) for prefix in sorted(prefixes, key=lambda one: (-len(one), one)))
        self._prefix = re.compile(rf"^({own})_") if own else None

    @classmethod
    def of(cls, dataset: str, entries: Iterable[SequenceEntry]) -> Self:
        """The names of a whole dataset's entries."""
        entries = list(entries)
        aliases = {alias: entry.name for entry in entries for alias in entry.aliases}
        return cls([entry.name for entry in entries], aliases, dataset)

    def find(self, spelling: str) -> str | None:
        """The benchmark's name for a spelling, or None."""
        match = self.match(spelling)
        return None if match is None else match.name

    def match(self, spelling: str) -> Match | None:
        """The sequence that a spelling may name, and how sure that is; None for none."""
        if spelling in self._own:
            return Match(spelling, Sure.EXACT)
        if spelling in self._official:
            return Match(self._official[spelling], Sure.OFFICIAL)
        folded = plain(spelling)
        if self._prefix is not None and (named := self._plain.get(self._prefix.sub("", folded))):
            return Match(named, Sure.MARKED if folded in self._plain else Sure.PREFIXED)
        if folded in self._plain:
            return Match(self._plain[folded], Sure.MARKED)
        named = self._bare.get(bare(spelling))
        return None if named is None else Match(named, Sure.LOOSE)


def plain(name: str) -> str:
    """Lower case, one mark for all: "Jogging.1" and "jogging-1" become "jogging_1"."""
    return re.sub(r"[-_. ]+", "_", name).casefold()


def bare(name: str) -> str:
    """Lower case without marks: "jogging1"."""
    return re.sub(r"[-_. ]+", "", name).casefold()


def anothers(spelling: str, match: Match, lines: int, dataset: str) -> str | None:
    """Why a file of an unfitting length is another sequence's, in words; None where nothing says so.

    Args:
      spelling: the file's name without its suffix.
      match: the sequence that it may be of.
      lines: how many the file has, other than the sequence's frames.
    """
    same = [(of, length) for of, name, length in _sequences().get(spelling.casefold(), ()) if of != dataset]
    exactly = [of for of, length in same if length == lines]
    if exactly:
        return f"as many as {spelling} of {exactly[0]}"
    if match.sure < Sure.MARKED:
        return None
    spelt = [of for of, name, _ in _sequences().get(spelling.casefold(), ()) if of != dataset and name == spelling]
    if spelt:
        return f"and {spelling} is a sequence of {spelt[0]}"
    return f"and it is not spelled {match.name}" if match.sure is Sure.LOOSE else None


@cache
def folder_names() -> dict[str, str]:
    """Benchmarks by what folders of their results are called, in lower case: their names, and PySOT's files'."""
    found: dict[str, str] = {}
    for of in benchmarks().values():
        for name in (*(Path(file).stem for file in of.pysot), *of.aliases):
            found.setdefault(name.casefold(), of.name)
    return found | {name.casefold(): name for name in benchmarks()} | _FOLDERS


@cache
def _sequences() -> dict[str, list[tuple[str, str, int | None]]]:
    """(benchmark, spelling, number of frames) of every known sequence, by its spellings in lower case."""
    table: dict[str, list[tuple[str, str, int | None]]] = {}
    for of in benchmarks().values():
        for row in of.rows:
            for spelling in dict.fromkeys((row.name, *row.aliases)):
                table.setdefault(spelling.casefold(), []).append((of.name, spelling, row.length))
    return table


def _unambiguous(names: Mapping[str, str], spell: Callable[[str], str]) -> dict[str, str]:
    """Names by spelling, where no two names are spelled so."""
    by_spelling: dict[str, set[str]] = {}
    for spelling, name in names.items():
        by_spelling.setdefault(spell(spelling), set()).add(name)
    return {spelling: next(iter(owners)) for spelling, owners in by_spelling.items() if len(owners) == 1}
