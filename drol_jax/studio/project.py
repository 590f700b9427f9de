"""`Project`: everything that a session is about, as one immutable value. Edits give another one; undo goes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from drol_jax.errors import UserError
from drol_jax.show import colours
from drol_jax.system.resources import DEFAULT_CONFIG
from drol_jax.tracks.table import Row, Video

Box = tuple[float, float, float, float]
"""(x, y, w, h), pixels of the source, 0-based, continuous."""
Between = Literal["track", "line"]
"""What lies between two boxes drawn by hand: what the tracker found, or a straight line."""


@dataclass(frozen=True)
class Keyframe:
    """A box that a person drew."""

    box: Box
    template: bool = False
    """Whether the tracker also takes it as a template."""


@dataclass(frozen=True)
class Seen:
    """What the tracker made of a target in one frame."""

    row: Row
    verdict: int = -1
    """`drol_jax.online.verdict.Verdict`; -1 with the online subnet off, and where the tracker did not step."""
    online_score: float | None = None
    """Peak of the online score map; None where there is none."""
    refitted: bool = False
    template: int = 0
    """0 where the first template's candidate was taken, 1 the short-term one's."""


Track = Mapping[int, Seen]
"""By number of the frame."""
KEPT = "kept"
"""What tracks are called that were kept as they were at some moment."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A target of the project."""

    name: str
    colour: str
    """`#rrggbb`."""
    keyframes: Mapping[int, Keyframe]
    """By number of the frame."""
    track: Track = field(default_factory=dict)
    beside: Track = field(default_factory=dict)
    """An earlier track, kept to be compared with."""
    between: Between = "track"


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What tracks."""

    config: str = DEFAULT_CONFIG
    weights: str | None = None
    online: bool = True
    hyper: Mapping[str, float] = field(default_factory=dict)
    """Fields of `drol_jax.config.Hyper` that differ from the configuration's."""


@dataclass(frozen=True, kw_only=True)
class Project:
    """A video, its targets, and what tracks them."""

    source: str
    """Path of the video."""
    video: Video
    subjects: tuple[Subject, ...] = ()
    setup: Setup = field(default_factory=Setup)
    result: str = ""
    """Path of the result file of an evaluation's run that it began with; empty where it began with none."""
    beside: str = ""
    """What the tracks that are kept to be compared with are of, in a word or two; empty where none are kept."""

    def subject(self, name: str) -> Subject:
        """The target of a name.

        Raises:
          UserError: there is none.
        """
        found = next((subject for subject in self.subjects if subject.name == name), None)
        if found is None:
            known = ", ".join(subject.name for subject in self.subjects) or "none"
            raise UserError(f"there is no target {name!r}; there are: {known}")
        return found

    def with_subject(self, subject: Subject) -> "Project":
        """With a target changed, by its name."""
        return replace(self, subjects=tuple(subject if one.name == subject.name else one for one in self.subjects))


def drawn(project: Project, name: str, frame: int, box: Box, *, template: bool = False) -> Project:
    """With a box drawn for a target, which is new where there is none of that name."""
    if not any(subject.name == name for subject in project.subjects):
        fresh = Subject(name=name, colour=_free_colour(project), keyframes={})
        project = replace(project, subjects=(*project.subjects, fresh))
    subject = project.subject(name)
    keyframes = {**subject.keyframes, frame: Keyframe(box, template)}
    return project.with_subject(replace(subject, keyframes=dict(sorted(keyframes.items()))))


def undrawn(project: Project, name: str, frame: int) -> Project:
    """Without the box that was drawn at a frame.

    Raises:
      UserError: there is none.
    """
    subject = project.subject(name)
    if frame not in subject.keyframes:
        raise UserError(f"{name} has no drawn box in frame {frame}")
    keyframes = {at: keyframe for at, keyframe in subject.keyframes.items() if at != frame}
    return project.with_subject(replace(subject, keyframes=keyframes))


def removed(project: Project, name: str) -> Project:
    """Without a target."""
    gone = project.subject(name)
    return replace(project, subjects=tuple(subject for subject in project.subjects if subject is not gone))


def renamed(project: Project, old: str, new: str) -> Project:
    """With another name for a target, also where its rows and those of others tell it.

    Raises:
      UserError: another target has that name.
    """
    project.subject(old)
    if old != new and any(subject.name == new for subject in project.subjects):
        raise UserError(f"the name {new} is taken; give each target its own")

    def told(seen: Seen) -> Seen:
        row = seen.row
        overlap = tuple(new if name == old else name for name in row.overlap)
        return replace(seen, row=replace(row, name=new if row.name == old else row.name, overlap=overlap))

    def all_told(track: Track) -> Track:
        return {frame: told(seen) for frame, seen in track.items()}

    subjects = tuple(
        replace(
            subject,
            name=new if subject.name == old else subject.name,
            track=all_told(subject.track),
            beside=all_told(subject.beside),
        )
        for subject in project.subjects
    )
    return replace(project, subjects=subjects)


def tracked(project: Project, found: Mapping[str, Track]) -> Project:
    """With what a pass of the tracker found, in place of what was there in its frames."""
    subjects = tuple(
        replace(subject, track={**subject.track, **found[subject.name]}) if found.get(subject.name) else subject
        for subject in project.subjects
    )
    return replace(project, subjects=subjects)


def compared(project: Project, keep: bool) -> Project:
    """With all tracks kept to be compared with later ones, or with none kept."""
    kept = {subject.name: subject.track for subject in project.subjects} if keep else {}
    return set_beside(project, kept, KEPT if keep else "")


def set_beside(project: Project, tracks: Mapping[str, Track], what: str) -> Project:
    """With these tracks to be compared with, by target, and no others.

    Args:
      what: they are of.
    """
    subjects = tuple(replace(subject, beside=tracks.get(subject.name, {})) for subject in project.subjects)
    return replace(project, subjects=subjects, beside=what)


def _free_colour(project: Project) -> str:
    used = [subject.colour for subject in project.subjects]
    known = [colours.css(number) for number in range(len(colours.COLOURS))]
    return min(known, key=lambda colour: (used.count(colour), known.index(colour)))
