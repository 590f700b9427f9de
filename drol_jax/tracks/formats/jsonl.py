"""Our own JSON lines, which hold everything: a first line describes the video, then one line a frame and target.

`{"drol_jax": "tracks", "version": 1, "video": {...}}`, then `{"frame", "time", "name", "box", "confidence", "state"}`
with `overlap`, `polygon` and `mask` where there are any. Pixels have 3 decimals, confidences 4, seconds 6.
`drol_jax.tracks.read` reads it.
"""

import json
from collections.abc import Sequence

from drol_jax.tracks.formats.interface import Numbers, Stream
from drol_jax.tracks.formats.layout import PARTS, PIXELS, SECONDS, tidy
from drol_jax.tracks.table import Row, Video

KIND, VERSION = "tracks", 1


def _begin(video: Video) -> str:
    told = {
        "name": video.name,
        "width": video.width,
        "height": video.height,
        "rate": None if video.rate is None else str(video.rate),
        "frames": video.frames,
        **({"images": video.images} if video.images else {}),
    }
    return _line({"drol_jax": KIND, "version": VERSION, "video": told})


def _lines(rows: Sequence[Row], numbers: Numbers) -> str:
    return "".join(_line(_fields(row)) for row in rows)


def _fields(row: Row) -> dict[str, object]:
    fields: dict[str, object] = {
        "frame": row.frame,
        "time": tidy(row.time, SECONDS),
        "name": row.name,
        "box": None if row.box is None else [tidy(value, PIXELS) for value in row.box],
        "confidence": tidy(row.confidence, PARTS),
        "state": row.state.value,
    }
    if row.overlap:
        fields["overlap"] = row.overlap
    if row.polygon is not None:
        fields["polygon"] = [tidy(value, PIXELS) for value in row.polygon]
    if row.mask is not None:
        fields["mask"] = row.mask
    return fields


def _line(fields: dict[str, object]) -> str:
    return json.dumps(fields, ensure_ascii=False, allow_nan=False) + "\n"


FORMAT = Stream(suffix=".jsonl", begin=_begin, lines=_lines, beside={})
