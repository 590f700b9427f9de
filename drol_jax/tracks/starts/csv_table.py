"""Start boxes in CSV: with a header, or as x,y,w,h or frame,x,y,w,h or frame,name,x,y,w,h. Frames count from 0."""

from drol_jax.errors import UserError
from drol_jax.tracks.formats.csv import unguarded
from drol_jax.tracks.starts.cells import is_number, lines, number, whole
from drol_jax.tracks.starts.start import Kind, Source, Start

BOX = ("x", "y", "w", "h")
PLAIN = {4: BOX, 5: ("frame", *BOX), 6: ("frame", "name", *BOX)}
"""Columns of a table without a header, by how many there are."""
ALIASES = {"left": "x", "top": "y", "width": "w", "height": "h", "target": "name", "label": "name"}
WANTED = "wanted a header with x,y,w,h and perhaps frame and name, or lines of x,y,w,h or frame,name,x,y,w,h"


def _recognises(text: str) -> bool:
    return bool(text.strip())


def _read(source: Source) -> list[Start]:
    table = lines(source.text)
    where, first = table[0] if table else ("line 1", [])
    if first and not any(is_number(cell) for cell in first):
        columns, table = [ALIASES.get(cell.casefold(), cell.casefold()) for cell in first], table[1:]
        if missing := [name for name in BOX if name not in columns]:
            raise UserError(f"{where}: the header has no {', '.join(missing)}; {WANTED}")
    elif len(first) in PLAIN:
        columns = list(PLAIN[len(first)])
    else:
        raise UserError(f"{where}: {len(first)} columns; {WANTED}")
    starts = []
    for where, cells in table:
        if len(cells) != len(columns):
            raise UserError(f"{where}: {len(cells)} columns, the first line has {len(columns)}; mend the line")
        row = dict(zip(columns, cells, strict=True))
        if "state" in row and not row["x"]:  # a table of tracks, a target that is not seen
            continue
        starts.append(_start(where, row))
    if "state" in columns:
        return list({start.name: start for start in reversed(starts)}.values())[::-1]
    return starts


def _start(where: str, row: dict[str, str]) -> Start:
    x, y, w, h = (number(where, name, row[name]) for name in BOX)
    frame = whole(where, "frame", row["frame"]) if row.get("frame") else 0
    return Start(frame, unguarded(row["name"]) if row.get("name") else None, (x, y, w, h), where)


KIND = Kind("CSV", _recognises, _read)
