"""CVAT for video 1.1 XML: one track a target, its name as the label, which the task must have.

Frames count from 0, the corners are pixels with 2 decimals, xbr = x + w. Every tracked frame is a keyframe. Where a
target is lost, a box with outside="1" stands at the frame after the last in which it was seen, as CVAT else goes on
with the box; at the film's end there is none. Characters that XML cannot hold become U+FFFD.
"""

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from drol_jax.tracks.formats.interface import Document
from drol_jax.tracks.formats.layout import by_target, length, seen, tidy
from drol_jax.tracks.table import Row, TargetState, Video

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def attribute(text: str) -> str:
    """A quoted attribute value that reads back as the text, line breaks and all."""
    return quoteattr(_FORBIDDEN.sub("\ufffd", text))


def content(text: str) -> str:
    """Text between tags that reads back as it is."""
    return escape(_FORBIDDEN.sub("\ufffd", text), {"\r": "&#13;"})


def _document(video: Video, rows: Sequence[Row]) -> tuple[str, ...]:
    targets, frames = by_target(rows), length(video, rows)
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<annotations>", "  <version>1.1</version>"]
    lines += _meta(video, list(targets), frames)
    for number, (name, found) in enumerate(targets.items()):
        lines.append(f'  <track id="{number}" label={attribute(name)} source="auto">')
        for row, ends in seen(found):
            lines.append(_box(row, row.frame, outside=False))
            if ends and row.frame + 1 < frames:
                lines.append(_box(row, row.frame + 1, outside=True))
        lines.append("  </track>")
    lines.append("</annotations>")
    return ("\n".join(lines) + "\n",)


def _meta(video: Video, names: list[str], frames: int) -> list[str]:
    labels = [f"        <label><name>{content(name)}</name><attributes></attributes></label>" for name in names]
    return [
        "  <meta>",
        "    <task>",
        f"      <name>{content(video.name)}</name>",
        f"      <size>{frames}</size>",
        "      <mode>interpolation</mode>",
        "      <start_frame>0</start_frame>",
        f"      <stop_frame>{max(frames - 1, 0)}</stop_frame>",
        "      <labels>",
        *labels,
        "      </labels>",
        f"      <original_size><width>{video.width}</width><height>{video.height}</height></original_size>",
        "    </task>",
        f"    <source>{content(video.name)}</source>",
        "  </meta>",
    ]


def _box(row: Row, frame: int, *, outside: bool) -> str:
    x, y, w, h = row.box or (0.0, 0.0, 0.0, 0.0)
    corners = zip(("xtl", "ytl", "xbr", "ybr"), (x, y, x + w, y + h), strict=True)
    places = " ".join(f'{name}="{tidy(value, 2):.2f}"' for name, value in corners)
    occluded = int(row.state is TargetState.OCCLUDED)
    return (
        f'    <box frame="{frame}" keyframe="1" outside="{int(outside)}" occluded="{occluded}" {places} '
        'z_order="0"></box>'
    )


FORMAT = Document(suffixes=(".cvat.xml",), document=_document)
