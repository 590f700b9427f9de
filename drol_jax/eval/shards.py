"""Units of work of a benchmark run, and shards of them: what one of several processes does. Needs no jax.

A unit is one run over a sequence, under one tracker and seed: a repetition, or an anchor. The repetitions of a tracker
that draws nothing are one unit: they are copies of the first.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from drol_jax.errors import UserError
from drol_jax.eval.running import Running
from drol_jax.eval.tracker_runs import TrackerRun

Job = tuple[int, int]
"""Index of a sequence, and of a team: a tracker under a seed."""


@dataclass(frozen=True)
class Shard:
    """Every `count`-th unit, from the `number`-th on."""

    number: int
    """From 1."""
    count: int


def read_shard(word: str | None) -> Shard | None:
    """The shard that ``--shard I/N`` names; None where it was not given.

    Raises:
      UserError: it names none.
    """
    if word is None:
        return None
    match = re.fullmatch(r"(\d+)/(\d+)", word.strip())
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise UserError(f"--shard {word!r} names no part; give I/N with I from 1 to N, such as --shard 2/8")
    return Shard(int(match[1]), int(match[2]))


@dataclass(frozen=True)
class Plan:
    """All units of a run in a stable order, and which of them are this process's.

    Of runs from anchors, whose number only the opened sequence tells, all over one sequence go to one shard.
    """

    sequences: int
    teams: tuple[tuple[TrackerRun, int], ...]
    running: Running
    shard: Shard | None = None

    @classmethod
    def of(
        cls, entries: Sequence[object], runs: Sequence[TrackerRun], running: Running, shard: Shard | None = None
    ) -> "Plan":
        """The plan of a benchmark under some trackers."""
        return cls(len(entries), tuple((run, seed) for run in runs for seed in run.seeds), running, shard)

    @cached_property
    def jobs(self) -> list[Job]:
        """Jobs of which some unit is this process's, in order."""
        every = [(entry, team) for entry in range(self.sequences) for team in range(len(self.teams))]
        return [job for job in every if any(self.has(job, unit) for unit in range(self.parts[job[1]]))]

    def has(self, job: Job, unit: int) -> bool:
        """Whether a unit of a job, counted from 0, is this process's."""
        if self.shard is None:
            return True
        entry, team = job
        place = entry * sum(self.parts) + sum(self.parts[:team]) + min(unit, self.parts[team] - 1)
        return place % self.shard.count == self.shard.number - 1

    @cached_property
    def parts(self) -> list[int]:
        """Units in a job of each team, as far as they are known before a sequence is opened."""
        return [1 if run.deterministic else self.running.parts for run, _ in self.teams]


def units(numbers: Sequence[int], running: Running, *, deterministic: bool) -> list[tuple[int, ...]]:
    """The units of a job: runs, by their numbers, that go together."""
    if deterministic and running.kind != "multistart":
        return [tuple(numbers)]
    return [(number,) for number in numbers]
