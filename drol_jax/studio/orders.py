"""What a page may ask for, one kind of order each: checked, then done to the session."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from drol_jax.errors import UserError
from drol_jax.studio import project as edits
from drol_jax.studio.beside import beside
from drol_jax.studio.exports import export
from drol_jax.studio.opening import open_path
from drol_jax.studio.places import Places
from drol_jax.studio.project import Between, Box, Project, Setup
from drol_jax.studio.project_file import SUFFIX, Colour, Count, Name, Number, Place, Told, first_complaint, save
from drol_jax.studio.session import Session
from drol_jax.studio.trackers import checked_setup

LEAST_SIDE = 2.0
"""Pixels of a drawn box: less holds nothing to follow."""
MOST = 100
"""Targets."""


@dataclass(frozen=True)
class Desk:
    """What orders work on."""

    session: Session
    places: Places


class Draw(Told):
    order: Literal["draw"]
    name: Name
    frame: Count
    box: Place
    template: bool = False

    def do(self, desk: Desk) -> None:
        project = desk.session.project
        if not self.name.isprintable():
            raise UserError(f"the name {self.name!a} holds something that is no letter; type it again")
        if len(project.subjects) >= MOST and all(one.name != self.name for one in project.subjects):
            raise UserError(f"a project holds {MOST} targets at most")
        _check_frame(project, self.frame)
        box = _within(self.box, project)
        desk.session.edit(lambda p: edits.drawn(p, self.name, self.frame, box, template=self.template))


class Undraw(Told):
    order: Literal["undraw"]
    name: Name
    frame: Count

    def do(self, desk: Desk) -> None:
        desk.session.edit(lambda p: edits.undrawn(p, self.name, self.frame))


class Remove(Told):
    order: Literal["remove"]
    name: Name

    def do(self, desk: Desk) -> None:
        desk.session.edit(lambda p: edits.removed(p, self.name))


class Change(Told):
    """A target's name, colour, or what lies between its drawn boxes."""

    order: Literal["change"]
    name: Name
    new_name: Name | None = None
    colour: Colour | None = None
    between: Between | None = None

    def do(self, desk: Desk) -> None:
        def change(project: Project) -> Project:
            told = {"colour": self.colour, "between": self.between}
            subject = replace(project.subject(self.name), **{k: v for k, v in told.items() if v is not None})
            project = project.with_subject(subject)
            return project if self.new_name is None else edits.renamed(project, self.name, self.new_name)

        if self.new_name is not None and not self.new_name.isprintable():
            raise UserError(f"the name {self.new_name!a} holds something that is no letter; type it again")
        desk.session.edit(change)


class Track(Told):
    order: Literal["track"]
    names: Annotated[tuple[Name, ...], Field(max_length=MOST, strict=False)] = ()
    frame: Count
    direction: Literal[1, -1] = 1
    last: Count | None = None

    def do(self, desk: Desk) -> None:
        desk.session.track(list(self.names), self.frame, self.direction, self.last)


class Simple(Told):
    """Orders without particulars."""

    order: Literal["pause", "cancel", "undo", "redo", "keep", "drop"]

    def do(self, desk: Desk) -> None:
        session = desk.session
        acts: dict[str, Callable[[], None]] = {
            "pause": session.pause,
            "cancel": session.cancel,
            "undo": session.undo,
            "redo": session.redo,
            "keep": lambda: session.edit(lambda p: edits.compared(p, True)),
            "drop": lambda: session.edit(lambda p: edits.compared(p, False)),
        }
        acts[self.order]()


class Beside(Told):
    """What the tracks are compared with: another run over the sequence, or its groundtruth."""

    order: Literal["beside"]
    what: Annotated[str, Field(min_length=1, max_length=200)]

    def do(self, desk: Desk) -> None:
        session = desk.session
        found = beside(session.project, session.film, desk.places, self.what)
        session.edit(lambda p: edits.set_beside(p, found, self.what))


class Set(Told):
    """Scalars of the tracker, its configuration, and whether it learns online."""

    order: Literal["set"]
    hyper: dict[str, Number] | None = None
    config: Annotated[str, Field(pattern=r"^[\w.-]+$", max_length=80)] | None = None
    online: bool | None = None
    reset: bool = False

    def do(self, desk: Desk) -> None:
        def change(project: Project) -> Project:
            setup = project.setup
            hyper = {} if self.reset else {**setup.hyper, **(self.hyper or {})}
            if self.config is not None and self.config != setup.config:
                setup = Setup(config=self.config, online=setup.online)
                hyper = dict(self.hyper or {})
            online = setup.online if self.online is None else self.online
            return replace(project, setup=checked_setup(replace(setup, hyper=hyper, online=online)))

        desk.session.edit(change)


class Export(Told):
    order: Literal["export"]
    formats: Annotated[list[str], Field(min_length=1, max_length=20)]

    def do(self, desk: Desk) -> dict[str, Any]:
        session = desk.session
        session.pause()
        written, notes = export(session.project, session.film, desk.places.output, self.formats)
        return {"files": [path.name for path in written], "folder": str(desk.places.output), "notes": notes}


class Save(Told):
    order: Literal["save"]

    def do(self, desk: Desk) -> dict[str, Any]:
        project = desk.session.project
        path = desk.places.output / f"{Path(project.video.name).stem or 'video'}{SUFFIX}"
        desk.places.make_output()
        save(project, path)
        return {"files": [path.name], "folder": str(desk.places.output), "notes": []}


class Open(Told):
    """A video or a project in the folders that were named when the studio was started."""

    order: Literal["open"]
    path: Annotated[str, Field(max_length=4096)]

    def do(self, desk: Desk) -> None:
        project, film = open_path(desk.places.inside(self.path), desk.places, desk.session.project.setup)
        desk.session.open(project, film)


Order = Annotated[
    Draw | Undraw | Remove | Change | Track | Simple | Beside | Set | Export | Save | Open, Field(discriminator="order")
]
_ORDERS: TypeAdapter[Order] = TypeAdapter(Order)


def order_of(body: bytes) -> Order:
    """An order out of a request's body.

    Raises:
      UserError: it is none, in words.
    """
    try:
        return _ORDERS.validate_json(body)
    except ValidationError as error:
        raise UserError(first_complaint(error)) from error


def _check_frame(project: Project, frame: int) -> None:
    frames = project.video.frames
    if frames is not None and frame >= frames:
        raise UserError(f"frame {frame}: the video has {frames} frames")


def _within(box: Box, project: Project) -> Box:
    """A drawn box, cut to the image.

    Raises:
      UserError: too little of it lies inside.
    """
    x, y, w, h = box
    width, height = project.video.width, project.video.height
    left, top = max(x, 0.0), max(y, 0.0)
    right, bottom = min(x + w, float(width)), min(y + h, float(height))
    if right - left < min(LEAST_SIDE, width) or bottom - top < min(LEAST_SIDE, height):
        raise UserError(f"the box {x:g},{y:g},{w:g},{h:g} has less than {LEAST_SIDE:g} pixels a side in the image")
    return left, top, right - left, bottom - top
