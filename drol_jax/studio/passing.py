"""`Pass`: the tracker goes through the frames from one on, forwards or backwards, with some of the targets."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax

from drol_jax.api import Tracker
from drol_jax.follow.sight import Sight
from drol_jax.studio.film import Film
from drol_jax.studio.kept import EVERY, KeptStates
from drol_jax.studio.patches import Watched
from drol_jax.studio.plan import Entry, planned
from drol_jax.studio.project import Keyframe, Seen, Subject
from drol_jax.tracking.rows import row_of
from drol_jax.video.frame import VideoFrame

Report = Callable[[int, Mapping[str, Seen]], bool]
"""Is told of each frame and what was seen in it, by target; False ends the pass after that frame."""


@dataclass(frozen=True, kw_only=True)
class Pass:
    """What is to be tracked."""

    subjects: tuple[Subject, ...]
    frame: int
    """That the pass is asked to begin with; a target may have to begin before it."""
    direction: int = 1
    """1 forwards, -1 backwards."""
    last: int | None = None
    """Last frame; None goes to the end."""

    def run(self, tracker: Tracker, film: Film, kept: KeptStates, report: Report) -> None:
        """Track.

        Args:
          kept: states to go on from; is given those of every n-th frame and of the last one.

        Raises:
          UserError: a frame cannot be read, a box lies outside of its frame, or what `Follower` raises.
        """
        waiting = self.entries(kept)
        if not waiting:
            return
        follower = Watched(tracker, len(waiting))
        drawn = {subject.name: subject.keyframes for subject in self.subjects}
        for entry in waiting:  # what was tracked from there on is tracked anew
            kept.forget(entry.name, entry.frame + (self.direction if not entry.boxes else 0), self.direction)
        first = waiting[0].frame
        frames = film.forwards(first, shown=True) if self.direction > 0 else film.backwards(first)
        frame: VideoFrame | None = None
        try:
            for frame in frames:
                follower.number = frame.number
                sights = self._step(follower, frame, drawn)
                while waiting and waiting[0].frame == frame.number:
                    sights.append(enter(follower, waiting.pop(0), frame, film, kept, self.direction))
                if (frame.number - first) % EVERY == 0:
                    self._keep(follower, frame, kept)
                told = {sight.name: _seen(tracker, sight, frame) for sight in sights if sight is not None}
                if not report(frame.number, told) or frame.number == self.last:
                    break
        finally:
            frames.close()
        if frame is not None:
            self._keep(follower, frame, kept)

    def entries(self, kept: KeptStates) -> list[Entry]:
        """Where each target begins."""

        def kept_at(name: str, frame: int, direction: int) -> int | None:
            found = kept.before(name, frame, direction)
            return None if found is None else found[0]

        return planned(self.subjects, self.frame, self.direction, kept_at)

    def _step(
        self, follower: Watched, frame: VideoFrame, drawn: Mapping[str, Mapping[int, Keyframe]]
    ) -> list[Sight | None]:
        if not follower.targets:
            return []
        sights: list[Sight | None] = []
        for sight in follower.step(frame.image):
            keyframe = drawn[sight.name].get(frame.number)
            if keyframe is not None:
                sight = follower.correct(frame.image, sight.name, keyframe.box, template=keyframe.template)
            sights.append(sight)
        return sights

    def _keep(self, follower: Watched, frame: VideoFrame, kept: KeptStates) -> None:
        for name in follower.targets:
            kept.put(frame.number, self.direction, *follower.taken(name), follower.patches(name))


def enter(
    follower: Watched, entry: Entry, frame: VideoFrame, film: Film, kept: KeptStates, direction: int
) -> Sight | None:
    """Take a target in. Returns what is seen of it; None where that is known from before."""
    if entry.kept is None:
        ((_, keyframe),) = entry.boxes
        return follower.add(frame.image, entry.name, keyframe.box)
    found = kept.before(entry.name, entry.kept, direction)
    assert found is not None
    follower.join(found[1].target, jax.device_put(found[1].state), found[1].patches)
    sight = None
    for number, keyframe in entry.boxes:
        image = frame.image if number == frame.number else film.frame(number).image
        follower.number = number
        sight = follower.correct(image, entry.name, keyframe.box, template=keyframe.template)
    follower.number = frame.number
    return sight


def _seen(tracker: Tracker, sight: Sight, frame: VideoFrame) -> Seen:
    row, output = row_of(tracker, sight, frame), sight.output
    if output is None:
        return Seen(row)
    online: Any = float(output.online_score)
    return Seen(
        row,
        verdict=int(output.verdict),
        online_score=online if math.isfinite(online) else None,
        refitted=bool(output.refitted),
        template=int(output.template),
    )


def subjects_of(subjects: Sequence[Subject], names: Sequence[str]) -> tuple[Subject, ...]:
    """Those of some names that the tracker follows; of all where none is named. Lines between boxes need no tracker."""
    return tuple(s for s in subjects if s.between == "track" and (not names or s.name in names))
