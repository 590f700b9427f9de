"""Reading our own JSON lines back into a video and its rows."""

import json
import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from drol_jax.errors import UserError, reason
from drol_jax.system import reading
from drol_jax.tracks.formats.jsonl import KIND, VERSION
from drol_jax.tracks.table import Row, TargetState, Video

_Made = TypeVar("_Made")
CURE = "mend the line, or track again"


def read_tracks(path: Path) -> tuple[Video, list[Row]]:
    """The video and rows of a `.jsonl` file that was written here.

    A last line without its line break is what a killed process left; it is dropped.

    Raises:
      UserError: the file cannot be read or is none of ours, or a line is broken.
    """
    try:
        text = reading.text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read tracks {path}: {reason(error)}; check the path and the file") from error
    try:
        return parse(text)
    except UserError as error:
        raise UserError(f"{path}, {error}") from error


def parse(text: str) -> tuple[Video, list[Row]]:
    """The video and rows of a file's text; `read_tracks` without the file.

    Raises:
      UserError: as there, beginning with the line.
    """
    lines = text.split("\n")[:-1]
    if not lines:
        raise UserError("line 1: no whole line that says what the file is; track again")
    video = _told(1, lines[0], _video)
    return video, [_told(number, line, _row) for number, line in enumerate(lines[1:], 2)]


def _told(number: int, line: str, made: Callable[[dict[str, Any]], _Made]) -> _Made:
    """What a line holds, or an error that begins with its number."""
    try:
        fields = reading.parsed(line)
        if not isinstance(fields, dict):
            raise ValueError(f"{line[:40]!r} is not an object")
        return made(fields)
    except KeyError as error:
        raise UserError(f"line {number}: the key {error} is missing; {CURE}") from error
    except json.JSONDecodeError as error:
        raise UserError(f"line {number}: no JSON ({error}); {CURE}") from error
    except (TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise UserError(f"line {number}: {error}; {CURE}") from error


def _video(fields: dict[str, Any]) -> Video:
    if fields.get("drol_jax") != KIND:
        raise ValueError('it does not begin with {"drol_jax": "tracks"}, so it is no file of tracks of ours')
    if fields["version"] != VERSION:
        raise ValueError(f"version {fields['version']!r} of the format, this drol_jax reads {VERSION}; update drol_jax")
    told = fields["video"]
    frames, rate = told["frames"], told["rate"]
    return Video(
        name=_word(told["name"]),
        width=_count(told["width"]),
        height=_count(told["height"]),
        rate=None if rate is None else Fraction(rate),
        frames=None if frames is None else _count(frames),
        images=tuple(_word(name) for name in told.get("images", ())),
    )


def _row(fields: dict[str, Any]) -> Row:
    box, polygon, mask = fields["box"], fields.get("polygon"), fields.get("mask")
    if box is not None and len(box) != 4:
        raise ValueError(f"a box of {len(box)} numbers, wanted x, y, w, h")
    return Row(
        frame=_count(fields["frame"]),
        time=_number(fields["time"]),
        name=_word(fields["name"]),
        box=None if box is None else (_number(box[0]), _number(box[1]), _number(box[2]), _number(box[3])),
        confidence=_number(fields["confidence"]),
        state=TargetState(fields["state"]),
        overlap=tuple(_word(name) for name in fields.get("overlap", ())),
        polygon=None if polygon is None else tuple(_number(value) for value in polygon),
        mask=None if mask is None else _word(mask),
    )


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is no number from 0 on")
    return value


def _number(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no finite number")
    return float(value)
