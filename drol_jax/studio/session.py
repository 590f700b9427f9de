"""`Session`: one project on the screen, its history, and the tracker at work on it. Any number of tabs look at it."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from threading import Condition, Lock
from typing import TypeVar

from drol_jax.api import Tracker
from drol_jax.errors import UserError
from drol_jax.studio import project as edits
from drol_jax.studio.filling import Filling
from drol_jax.studio.film import Film
from drol_jax.studio.kept import KeptStates
from drol_jax.studio.pace import PATIENCE, Pace
from drol_jax.studio.passing import Pass, subjects_of
from drol_jax.studio.project import Project, Seen, Setup
from drol_jax.studio.trackers import tracker_of
from drol_jax.studio.worker import Worker

Edit = Callable[[Project], Project]
T = TypeVar("T")
LONGEST_LOOK = 120.0
"""Seconds; compiling takes most of them, once."""
LONGEST_PAST = 200
"""Steps that can be undone."""


class Session:
    """The state of the studio. Every call may come from any thread."""

    def __init__(
        self, project: Project, film: Film, *, load: Callable[[Setup], Tracker] = tracker_of, patience: float = PATIENCE
    ):
        """Begin.

        Args:
          project: its source is the film.
          load: gives the tracker of a setup; called in the tracking thread.
          patience: seconds for which a pass waits at a frame for a page that goes along with it.
        """
        self.project, self.film = project, film
        self.version = 1
        """Grows with every change of what `view` tells."""
        self.rows_version = 1
        """Grows with every change of tracks but those that a pass under way adds."""
        self.live: list[Mapping[str, Seen]] = []
        """What the pass under way has found so far, frame by frame."""
        self.at: int | None = None
        """The frame that the pass under way has reached."""
        self.doing, self.trouble = "", ""
        self._past: list[Project] = []
        self._future: list[Project] = []
        self._kept = KeptStates()
        self.filling = Filling(film, lambda: self.busy)
        self._load, self._loaded = load, dict[tuple[str, str | None, bool], Tracker]()
        self.changes = Condition()
        self._discard, self._looking = False, Lock()
        self.pace = Pace(self.changes, patience)
        self._worker = Worker(self._failed)

    @property
    def can_undo(self) -> bool:
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        return bool(self._future)

    @property
    def busy(self) -> bool:
        """Whether a pass is under way."""
        return self._worker.busy

    def edit(self, change: Edit) -> None:
        """Change the project, as one step that can be undone. A pass under way ends first, and keeps what it found.

        Raises:
          UserError: what the change raises; nothing is changed then.
        """
        self.pause()
        with self.changes:
            self._become(change(self.project))

    def undo(self) -> None:
        """Take the last step back; nothing where there is none."""
        self._step(self._past, self._future)

    def redo(self) -> None:
        """Do again what was taken back."""
        self._step(self._future, self._past)

    def track(self, names: list[str], frame: int, direction: int, last: int | None) -> None:
        """Begin a pass.

        Args:
          names: of the targets; none for all.
          frame: that is in view.
          direction: 1 forwards, -1 backwards.
          last: last frame; None for the end.

        Raises:
          UserError: there is no such target, none has a box, or a pass is under way.
        """
        for name in names:
            self.project.subject(name)
        subjects = subjects_of(self.project.subjects, names)
        one = Pass(subjects=subjects, frame=frame, direction=direction, last=last)
        if not one.entries(self._kept):
            raise UserError("there is nothing to track: draw a box around a target first")
        with self._looking if not self.doing else nullcontext(), self.changes:  # a look inside ends soon
            self._worker.start(lambda go_on: self._pass(one, go_on))  # tells of itself after this: it needs `changes`
            self.live, self.at, self.trouble, self._discard = [], None, "", False
            self.pace.begin()
            self.doing = "preparing"
            self._changed()

    def pause(self) -> None:
        """End the pass under way; what it found is kept."""
        self._worker.stop()

    def cancel(self) -> None:
        """End the pass under way; what it found is not kept."""
        self._discard = True
        self._worker.stop()

    def wait(self, seconds: float) -> bool:
        """Wait for the end of the pass under way. Returns whether it came."""
        return self._worker.wait(seconds)

    def look(self, work: Callable[[Tracker, KeptStates], T]) -> T:
        """Do something with the tracker between two passes, in its thread, and wait for it.

        Raises:
          UserError: a pass is under way, or what the work raises.
        """
        answers: list[T] = []
        errors: list[UserError] = []

        def task(go_on: Callable[[], bool]) -> None:
            try:
                answers.append(work(self.tracker(), self._kept))
            except UserError as error:
                errors.append(error)

        with self._looking:
            self._worker.start(task)
            self._worker.wait(LONGEST_LOOK)
        if errors:
            raise errors[0]
        if not answers:
            raise UserError("the tracker does not answer; try again")
        return answers[0]

    def open(self, project: Project, film: Film) -> None:
        """Another project in place of this one."""
        self.pause()
        with self.changes:
            before, self.film = self.film, film
            filling, self.filling = self.filling, Filling(film, lambda: self.busy)
            self.project, self._past, self._future, self.trouble = project, [], [], ""
            self._kept.clear()
            self.rows_version += 1
            self._changed()
        filling.close()
        before.close()

    def tracker(self) -> Tracker:
        """The tracker of the project's setup. Called in the tracking thread."""
        setup = self.project.setup
        key = setup.config, setup.weights, setup.online
        if key not in self._loaded:
            self._loaded[key] = self._load(replace(setup, hyper={}))
        tracker = self._loaded[key]
        return replace(tracker, hyper=replace(tracker.hyper, **setup.hyper)) if setup.hyper else tracker

    def close(self) -> None:
        """End the thread and let go of the film."""
        self._worker.close()
        self.filling.close()
        self.film.close()

    def _pass(self, one: Pass, go_on: Callable[[], bool]) -> None:
        found: dict[str, dict[int, Seen]] = {}

        def report(number: int, told: Mapping[str, Seen]) -> bool:
            for name, seen in told.items():
                found.setdefault(name, {})[number] = seen
            with self.changes:
                self.pace.wait(number)
                self.live.append(told)
                self.at, self.doing = number, "tracking"
                self._changed()
            return go_on()

        try:
            one.run(self.tracker(), self.film, self._kept, report)
        finally:
            with self.changes:
                if found and not self._discard:
                    self._become(edits.tracked(self.project, found))
                elif found:  # states of what is not kept are of no use
                    self._kept.clear()
                if self.film.ended is not None and self.film.ended != self.project.video.frames:
                    video = replace(self.project.video, frames=self.film.ended)
                    self.project = replace(self.project, video=video)
                self.doing, self.live = "", []
                self.rows_version += 1
                self._changed()

    def _step(self, back: list[Project], forth: list[Project]) -> None:
        self.pause()
        with self.changes:
            if back:
                before = self.project
                self.project = back.pop()
                forth.append(before)
                self._settle(before)

    def _become(self, after: Project) -> None:
        before = self.project
        if after is before:
            return
        self._past = [*self._past[1 - LONGEST_PAST :], before]
        self._future = []
        self.project = after
        self._settle(before)

    def _settle(self, before: Project) -> None:
        """Drop kept states that do not hold any more, and tell of the change."""
        old = {subject.name: subject for subject in before.subjects}
        new = {subject.name: subject for subject in self.project.subjects}
        one, other = before.setup, self.project.setup
        if (one.config, one.weights, one.online) != (other.config, other.weights, other.online):
            self._kept.clear()
        for name in old.keys() | new.keys():
            drawn = [subjects[name].keyframes if name in subjects else {} for subjects in (old, new)]
            self._kept.changed(name, *drawn)
        if [(s.name, s.track, s.beside) for s in before.subjects] != [
            (s.name, s.track, s.beside) for s in self.project.subjects
        ]:
            self.rows_version += 1
        self._changed()

    def _changed(self) -> None:
        self.version += 1
        self.changes.notify_all()

    def _failed(self, words: str) -> None:
        with self.changes:
            self.trouble, self.doing = words, ""
            self._changed()
