"""A project as one file: JSON, checked when it is read."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from drol_jax.errors import UserError
from drol_jax.studio.project import KEPT, Between, Box, Keyframe, Project, Seen, Setup, Subject, Track
from drol_jax.system import atomic
from drol_jax.tracks.formats.layout import rounded
from drol_jax.tracks.table import Row, TargetState, Video

KIND, VERSION = "studio project", 1
SUFFIX = ".drol.json"
CURE = "choose another folder, or mend the permissions"
Count = Annotated[int, Field(ge=0, lt=2**31)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True)]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]
Number = Annotated[float, Field(allow_inf_nan=False)]
Place = tuple[Number, Number, Number, Number]


class Told(BaseModel):
    """What stands in a file or a request; nothing else may."""

    model_config = ConfigDict(extra="forbid", strict=True)


class _Keyframe(Told):
    frame: Count
    box: Place
    template: bool = False


class _Seen(Told):
    frame: Count
    time: Number
    box: Place | None
    confidence: Number
    state: str
    overlap: tuple[str, ...] = ()
    polygon: list[Number] | None = None
    mask: str | None = None
    verdict: int = -1
    online_score: Number | None = None
    refitted: bool = False
    template: int = 0


class _Subject(Told):
    name: Name
    colour: Colour
    between: Between = "track"
    keyframes: list[_Keyframe]
    track: list[_Seen]
    beside: tuple[_Seen, ...] = ()


class _Video(Told):
    name: str
    width: Annotated[int, Field(gt=0)]
    height: Annotated[int, Field(gt=0)]
    rate: str | None
    frames: Count | None
    images: tuple[str, ...] = ()


class _Setup(Told):
    config: str
    weights: str | None = None
    online: bool = True
    hyper: dict[str, Number]


class _File(Told):
    drol_jax: Literal["studio project"]
    version: Literal[1]
    source: str
    video: _Video
    setup: _Setup
    result: Annotated[str, Field(max_length=4096)] = ""
    beside: Annotated[str, Field(max_length=200)] = ""
    targets: list[_Subject]


def text_of(project: Project) -> str:
    """A project as the text of its file."""
    video = project.video
    told = {
        "drol_jax": KIND,
        "version": VERSION,
        "source": project.source,
        "video": {**asdict(video), "rate": None if video.rate is None else str(video.rate), "images": [*video.images]},
        "setup": {**asdict(project.setup), "hyper": dict(project.setup.hyper)},
        "result": project.result,
        "beside": project.beside,
        "targets": [_subject(subject) for subject in project.subjects],
    }
    return json.dumps(told, allow_nan=False, indent=None, separators=(",", ":")) + "\n"


def project_of(text: str | bytes, where: str) -> Project:
    """The project of a file's text.

    Args:
      where: what stands for the file in messages.

    Raises:
      UserError: it is none of ours, or something in it is not right.
    """
    try:
        file = _File.model_validate_json(text, strict=False)
        return _project(file)
    except ValidationError as error:
        raise UserError(f"{where} is no project of the studio: {first_complaint(error)}") from error
    except (ValueError, ZeroDivisionError) as error:
        raise UserError(f"{where} is no project of the studio: {error}") from error


def save(project: Project, path: Path) -> None:
    """Write a project, whole or not at all.

    Raises:
      UserError: it cannot be written.
    """
    atomic.write_text(path, text_of(project), CURE)


def first_complaint(error: ValidationError) -> str:
    """The first thing that is wrong, in a line."""
    one = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(part) for part in one["loc"])
    return f"{place}: {one['msg']}" if place else str(one["msg"])


def _subject(subject: Subject) -> dict[str, Any]:
    return {
        "name": subject.name,
        "colour": subject.colour,
        "between": subject.between,
        "keyframes": [
            {"frame": frame, "box": list(keyframe.box), "template": keyframe.template}
            for frame, keyframe in subject.keyframes.items()
        ],
        "track": [_seen(seen) for _, seen in sorted(subject.track.items())],
        "beside": [_seen(seen) for _, seen in sorted(subject.beside.items())],
    }


def _seen(seen: Seen) -> dict[str, Any]:
    row = asdict(rounded(seen.row))
    del row["name"]
    return {
        **row,
        "state": seen.row.state.value,
        "verdict": seen.verdict,
        "online_score": seen.online_score,
        "refitted": seen.refitted,
        "template": seen.template,
    }


def _project(file: _File) -> Project:
    names = [target.name for target in file.targets]
    if len(set(names)) < len(names):
        raise ValueError("two targets have one name")
    told = file.video
    rate = None if told.rate is None else Fraction(told.rate)
    video = Video(
        name=told.name, width=told.width, height=told.height, rate=rate, frames=told.frames, images=told.images
    )
    setup = Setup(**file.setup.model_dump())
    subjects = tuple(
        Subject(
            name=target.name,
            colour=target.colour,
            between=target.between,
            keyframes={one.frame: Keyframe(_box(one.box), one.template) for one in target.keyframes},
            track=_track(target.name, target.track),
            beside=_track(target.name, target.beside),
        )
        for target in file.targets
    )
    beside = (file.beside or KEPT) if any(subject.beside for subject in subjects) else ""
    return Project(source=file.source, video=video, subjects=subjects, setup=setup, result=file.result, beside=beside)


def _box(place: tuple[float, float, float, float]) -> Box:
    x, y, w, h = place
    if w <= 0 or h <= 0:
        raise ValueError(f"the box {x:g},{y:g},{w:g},{h:g} has no size")
    return x, y, w, h


def _track(name: str, rows: Sequence[_Seen]) -> Track:
    return {
        one.frame: Seen(
            Row(
                frame=one.frame,
                time=one.time,
                name=name,
                box=None if one.box is None else _box(one.box),
                confidence=one.confidence,
                state=TargetState(one.state),
                overlap=one.overlap,
                polygon=None if one.polygon is None else tuple(one.polygon),
                mask=one.mask,
            ),
            verdict=one.verdict,
            online_score=one.online_score,
            refitted=one.refitted,
            template=one.template,
        )
        for one in rows
    }
