"""Start boxes: where targets are when they are first followed, from the command line or a file of any usual kind."""

import json
from dataclasses import replace
from pathlib import Path

from drol_jax.errors import UserError, reason
from drol_jax.system import reading
from drol_jax.tracks.starts import coco, csv_table, cvat, jsonl, labelstudio, mot, yolo
from drol_jax.tracks.starts.argument import parse_box
from drol_jax.tracks.starts.start import Kind, Source, Start, checked
from drol_jax.tracks.table import Video

__all__ = ["KINDS", "Kind", "Start", "checked", "parse_box", "read_starts"]

KINDS: tuple[Kind, ...] = (
    jsonl.KIND,
    labelstudio.KIND,
    coco.KIND,
    cvat.KIND,
    yolo.KIND,
    mot.KIND,
    csv_table.KIND,
)
"""In the order in which they are tried; CSV takes any text."""


def read_starts(path: Path, video: Video) -> list[Start]:
    """Start boxes in a file; what kind it is, its content says.

    Args:
      path: CSV, MOTChallenge, YOLO, COCO, CVAT XML, Label Studio JSON or our own JSON lines.
      video: that they are for. Boxes in parts of the image are made pixels of it.

    Returns:
      In the file's order, `checked`: at least one, each with a name.

    Raises:
      UserError: the file cannot be read, is of no known kind, holds no box, or one that cannot be right.
    """
    try:
        text = reading.text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read start boxes {path}: {reason(error)}; check the path and the file") from error
    try:
        kind = _kind(text)
        starts = kind.read(Source(path, text, video))
    except UserError as error:
        raise UserError(f"{path}, {error}") from error
    if not starts:
        raise UserError(f"{path}: no start box in this {kind.name} file; give one line or object for each target")
    return checked((replace(start, where=f"{path}, {start.where}") for start in starts), video)


def _kind(text: str) -> Kind:
    kind = next((kind for kind in KINDS if kind.recognises(text)), None)
    if kind is None:
        raise UserError("line 1: the file is empty; give a line of x,y,w,h for each target")
    if kind is csv_table.KIND and text.lstrip()[:1] in ("{", "["):
        try:
            reading.parsed(text)
        except ValueError as error:
            line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
            raise UserError(f"line {line}: no JSON ({error}); export it again") from None
        known = ", ".join(kind.name for kind in (coco.KIND, labelstudio.KIND))
        raise UserError(f"line 1: JSON of no kind that is known here ({known}); export it as one of these")
    return kind
