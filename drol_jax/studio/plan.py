"""Where a pass of the tracker begins for each target, and what it begins with. Plain values, no jax."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from drol_jax.studio.project import Keyframe, Subject

KeptAt = Callable[[str, int, int], int | None]
"""The frame of a target's last kept state up to a frame, in a direction; None where there is none."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """How one target enters a pass."""

    name: str
    frame: int
    """In which it enters: its box is known there."""
    kept: int | None
    """Frame of the kept state that it goes on from; None where it starts from its box."""
    boxes: tuple[tuple[int, Keyframe], ...] = ()
    """Drawn boxes that the state is corrected by as it enters, in the order of frames as they are gone through. The
    last one is of `frame`. Empty where the kept state is that of `frame` itself."""


def planned(subjects: Iterable[Subject], frame: int, direction: int, kept_at: KeptAt) -> list[Entry]:
    """Entries of all targets that can be tracked from a frame on, or later in the pass; in the order they enter.

    A target goes on from the last state that is kept of it. Boxes drawn since then put that state right one after the
    other, without tracking between them; so a new box is tracked from at once. Without a state it starts from the last
    box before the frame, or else from the first one after it.

    Args:
      frame: that the pass is asked to begin with.
      direction: 1 forwards, -1 backwards.
      kept_at: tells which states are kept.
    """
    found = [_entry(subject, frame, direction, kept_at) for subject in subjects]
    return sorted((entry for entry in found if entry is not None), key=lambda entry: entry.frame * direction)


def _entry(subject: Subject, frame: int, direction: int, kept_at: KeptAt) -> Entry | None:
    drawn = sorted(subject.keyframes.items(), key=lambda item: item[0] * direction)
    if not drawn:
        return None
    kept = kept_at(subject.name, frame, direction)
    before = [item for item in drawn if (frame - item[0]) * direction >= 0]
    if kept is not None:
        since = tuple(item for item in before if (item[0] - kept) * direction > 0)
        return Entry(name=subject.name, frame=since[-1][0] if since else kept, kept=kept, boxes=since)
    start = before[-1] if before else drawn[0]
    return Entry(name=subject.name, frame=start[0], kept=None, boxes=(start,))
