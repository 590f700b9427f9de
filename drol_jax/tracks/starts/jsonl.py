"""Start boxes in our own JSON lines: the first box of each target."""

import json

from drol_jax.tracks.formats.jsonl import KIND as OURS
from drol_jax.tracks.read import parse
from drol_jax.tracks.starts.start import Kind, Source, Start, same_size


def _recognises(text: str) -> bool:
    try:
        first = json.loads(text.partition("\n")[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(first, dict) and first.get("drol_jax") == OURS


def _read(source: Source) -> list[Start]:
    video, rows = parse(source.text)
    same_size("line 1", video.width, video.height, source.video)
    first: dict[str, Start] = {}
    for number, row in enumerate(rows, 2):
        if row.box is not None:
            first.setdefault(row.name, Start(row.frame, row.name, row.box, f"line {number}"))
    return list(first.values())


KIND = Kind("JSON lines of drol-jax", _recognises, _read)
