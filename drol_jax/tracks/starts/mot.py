"""Start boxes in MOTChallenge text: the first of each id. Frames count from 1, x and y from 0.

Names come from the `.mot.names.csv` beside a `.mot.txt`, where there is one. Lines with an id below 1 are detections
that belong to nobody: then each box of the first frame is a target.
"""

from pathlib import Path

from drol_jax.errors import UserError
from drol_jax.system import reading
from drol_jax.tracks.formats.csv import unguarded
from drol_jax.tracks.formats.mot import NAMES, SUFFIX
from drol_jax.tracks.starts.cells import is_number, lines, number, whole
from drol_jax.tracks.starts.start import Kind, Source, Start

LEAST = 7
"""Columns: frame, id, x, y, w, h, confidence."""


def _recognises(text: str) -> bool:
    first = next(iter(lines(text)), ("", []))[1]
    return len(first) >= LEAST and all(is_number(cell) for cell in first)


def _read(source: Source) -> list[Start]:
    names = _names(source.path)
    found: list[tuple[int, Start]] = []
    for where, cells in lines(source.text):
        if len(cells) < LEAST - 1:
            raise UserError(f"{where}: {len(cells)} columns, wanted frame,id,x,y,w,h,...; mend the line")
        frame, target = whole(where, "frame", cells[0]), whole(where, "id", cells[1])
        if frame < 1:
            raise UserError(f"{where}: frame {frame}; frames of MOTChallenge text count from 1")
        x, y, w, h = (number(where, name, cell) for name, cell in zip("xywh", cells[2:6], strict=True))
        found.append((target, Start(frame - 1, names.get(target), (x, y, w, h), where)))
    found.sort(key=lambda pair: pair[1].frame)
    first: dict[int, Start] = {}
    for target, start in found:
        if target > 0:
            first.setdefault(target, start)
    nobody = [start for target, start in found if target < 1 and start.frame == found[0][1].frame]
    return [*first.values(), *nobody]


def _names(path: Path) -> dict[int, str]:
    beside = path.with_name(path.name.removesuffix(SUFFIX) + NAMES)
    if not path.name.endswith(SUFFIX) or not beside.is_file():
        return {}
    try:
        table = lines(reading.text(beside))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"the names in {beside.name} cannot be read ({error}); mend or delete it") from None
    return {int(cells[0]): unguarded(cells[1]) for _, cells in table[1:] if len(cells) == 2 and cells[0].isdecimal()}


KIND = Kind("MOTChallenge", _recognises, _read)
