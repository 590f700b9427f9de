"""What is to be tracked of a benchmark, and what has become of it. Needs no jax."""

from collections import Counter
from collections.abc import Sequence
from threading import Lock

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval.bars import Bar
from drol_jax.eval.course import Course, Failure, Left, Ran
from drol_jax.eval.shards import Job, Plan
from drol_jax.eval.tracking import Tracking, track
from drol_jax.results.folder import TrackerFolder
from drol_jax.system.workers import Check


class Field:
    """All jobs of a plan. Threads may share it."""

    def __init__(
        self,
        entries: Sequence[datasets.SequenceEntry],
        plan: Plan,
        folders: Sequence[TrackerFolder],
        how: Tracking,
    ):
        self.unscored: set[str] = set()
        """Names of sequences whose groundtruth is the first box alone."""
        self.left = 0
        """Jobs that are not finished: other shards'."""
        self._entries, self._plan, self._folders, self._how = entries, plan, folders, how
        self._outcomes: dict[Job, Ran | Failure | Left] = {}
        self._lock = Lock()
        self._opened: dict[int, datasets.Sequence | None] = {}
        self._jobs_of: Counter[int] = Counter()
        self._bars: dict[Job, Bar] = {}

    @property
    def ran(self) -> tuple[Ran, ...]:
        """Finished runs in the order of the sequences, whatever order they ended in."""
        return tuple(o for _, o in sorted(self._outcomes.items()) if isinstance(o, Ran))

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Failures in the same order."""
        return tuple(o for _, o in sorted(self._outcomes.items()) if isinstance(o, Failure))

    def track(self) -> None:
        """Do all jobs: first what nobody else is at, then the rest, when whoever is at it has ended."""
        self._work_off(self._plan.jobs, wait=False)
        if self._plan.shard is None:
            self._work_off(self._unfinished(self._plan.jobs), wait=True)
            return
        # Other shards' runs count too, as soon as all are there.
        every = [(entry, team) for entry in range(len(self._entries)) for team in range(len(self._folders))]
        self._begin_with(self._unfinished(every))
        self._how.engine.work_off(self._look, self._unfinished(every))
        self.left = len(self._unfinished(every))

    def _work_off(self, jobs: Sequence[Job], *, wait: bool) -> None:
        def work(job: Job, check: Check) -> None:
            self._track(job, check, wait)

        ordered = self._order(jobs)
        self._begin_with(ordered)
        self._how.engine.work_off(work, ordered)

    def _begin_with(self, jobs: Sequence[Job]) -> None:
        """Sequences are kept open as long as some of their jobs are left."""
        self._jobs_of = Counter(index for index, _ in jobs)
        tracked = {job for job, bar in self._bars.items() if bar.tracked}
        self._bars = {job: Bar(self._how.monitor, tracked=job in tracked) for job in jobs}

    def _order(self, jobs: Sequence[Job]) -> list[Job]:
        """Jobs as they are begun.

        With several lanes a few sequences under one tracker, then the same under the next, so that at most times all
        lanes are of one tracker. A job of several units comes several times, so that as many workers are at it.
        """
        workers = self._how.engine.workers
        block = 1 if workers == 1 else 4 * workers
        ordered = sorted(jobs, key=lambda job: (job[0] // block, job[1] if workers > 1 else 0))
        return [job for job in ordered for _ in range(min(workers, self._plan.parts[job[1]]))]

    def _unfinished(self, jobs: Sequence[Job]) -> list[Job]:
        """Those that have come to no end; a sequence that cannot be opened has, for all teams."""
        shut = {entry for (entry, _), o in self._outcomes.items() if isinstance(o, Failure) and o.tracker is None}
        return [job for job in jobs if isinstance(self._outcomes.get(job), Left | None) and job[0] not in shut]

    def _track(self, job: Job, check: Check, wait: bool) -> None:
        """One sequence under one tracker and seed."""
        bar = self._bars[job]
        if not bar.ended and (course := self._begin(job)) is not None:
            outcome = track(course, self._how, check, bar=bar, wanted=lambda unit: self._plan.has(job, unit), wait=wait)
            with self._lock:  # another thread may have seen how it ended
                if not isinstance(self._outcomes.get(job), Ran | Failure):
                    self._outcomes[job] = outcome
        self._end(job)

    def _look(self, job: Job, _: Check) -> None:
        """What other processes have made of a job."""
        if (course := self._begin(job)) is not None:
            course.folder.ledger.read()
            self._outcomes[job] = course.settled() or Left(course.sequence.name)
        self._end(job)

    def _begin(self, job: Job) -> Course | None:
        index, team = job
        sequence = self._open(index)
        if sequence is None:
            return None
        run, seed = self._plan.teams[team]
        folder, running = self._folders[team], self._how.running
        return Course(run=run, seed=seed, sequence=sequence, folder=folder, running=running)

    def _end(self, job: Job) -> None:
        with self._lock:
            self._jobs_of[job[0]] -= 1
            if not self._jobs_of[job[0]]:  # annotations of a large benchmark take much memory
                self._opened.pop(job[0], None)

    def _open(self, index: int) -> datasets.Sequence | None:
        """A sequence, opened once for all teams; None where it cannot be, which is told of once."""
        with self._lock:
            if index not in self._opened:
                entry = self._entries[index]
                self._opened[index] = None
                try:
                    sequence = self._opened[index] = entry.open()
                except UserError as error:
                    self._outcomes[index, 0] = Failure(entry.name, None, None, str(error))
                    teams = sum(job[0] == index for job in self._bars)
                    self._how.monitor.skip(entry.name, teams, str(error))
                else:
                    if sequence.only_first_box:
                        self.unscored.add(entry.name)
            return self._opened[index]
