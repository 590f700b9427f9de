"""What is told of a target in each frame: boxes drawn by hand, what was tracked, and lines between drawn boxes."""

from bisect import bisect_right
from collections.abc import Callable, Iterator

from drol_jax.studio.project import Box, Project, Subject
from drol_jax.tracks.table import Row, TargetState

Time = Callable[[int], float]
"""Seconds of a frame since the source's first."""
SURE = 1.0
"""Confidence of boxes that a person drew, and of those on a line between them."""


def row_at(subject: Subject, frame: int, time: Time) -> Row | None:
    """The row of a target in a frame; None where nothing is known of it."""
    seen = subject.track.get(frame)
    if frame in subject.keyframes:
        when = time(frame) if seen is None else seen.row.time
        return _by_hand(subject.name, frame, when, subject.keyframes[frame].box)
    if subject.between == "track":
        return None if seen is None else seen.row
    box = on_line(subject, frame)
    return None if box is None else _by_hand(subject.name, frame, time(frame) if seen is None else seen.row.time, box)


def on_line(subject: Subject, frame: int) -> Box | None:
    """The box on the straight line between the drawn boxes before and after a frame; None outside of them."""
    frames = sorted(subject.keyframes)
    place = bisect_right(frames, frame)
    if place in (0, len(frames)):
        return subject.keyframes[frames[-1]].box if frames and frame == frames[-1] else None
    before, after = frames[place - 1], frames[place]
    share = (frame - before) / (after - before)
    pairs = zip(subject.keyframes[before].box, subject.keyframes[after].box, strict=True)
    x, y, w, h = ((1 - share) * a + share * b for a, b in pairs)
    return x, y, w, h


def rows(project: Project, time: Time) -> Iterator[Row]:
    """All rows of a project, by frames, targets in their order: what is written."""
    frames: set[int] = set()
    for subject in project.subjects:
        frames |= subject.keyframes.keys()
        if subject.between == "track":
            frames |= subject.track.keys()
        elif subject.keyframes:
            frames |= set(range(min(subject.keyframes), max(subject.keyframes) + 1))
    for frame in sorted(frames):
        for subject in project.subjects:
            row = row_at(subject, frame, time)
            if row is not None:
                yield row


def _by_hand(name: str, frame: int, time: float, box: Box) -> Row:
    return Row(frame=frame, time=time, name=name, box=box, confidence=SURE, state=TargetState.TRACKED)
