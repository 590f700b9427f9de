"""Start boxes in YOLO text: `class cx cy w h` in parts of the image, all at the video's first frame.

Names come from a `classes.txt` in the same folder, one a line, where there is one.
"""

from drol_jax.errors import UserError
from drol_jax.system import reading
from drol_jax.tracks.starts.cells import is_number, lines, number, whole
from drol_jax.tracks.starts.start import Kind, Source, Start, distinct

LARGEST = 2.0
"""Numbers beyond it are pixels. What is between 1 and it is a mistake that is told."""


def _recognises(text: str) -> bool:
    cells = next(iter(lines(text)), ("", []))[1]
    if len(cells) not in (5, 6) or not all(is_number(cell) for cell in cells) or set(text) & set(",;\t"):
        return False
    return cells[0].isdecimal() and all(abs(float(cell)) <= LARGEST for cell in cells[1:])


def _read(source: Source) -> list[Start]:
    found: list[tuple[int, Start]] = []
    for where, cells in lines(source.text):
        if len(cells) not in (5, 6):
            raise UserError(f"{where}: {len(cells)} columns, wanted class cx cy w h; mend the line")
        parts = [number(where, name, cell) for name, cell in zip(("cx", "cy", "w", "h"), cells[1:5], strict=True)]
        if not all(0 <= part <= 1 for part in parts):
            raise UserError(f"{where}: {' '.join(cells[1:5])} is not within 0 and 1; mend the line")
        cx, w = (part * source.video.width for part in parts[::2])
        cy, h = (part * source.video.height for part in parts[1::2])
        found.append((whole(where, "class", cells[0]), Start(0, None, (cx - w / 2, cy - h / 2, w, h), where)))
    labels = _labels(source)
    if not labels:
        return [start for _, start in found]
    for kind, start in found:
        if kind >= len(labels):
            raise UserError(f"{start.where}: class {kind}, classes.txt has {len(labels)}; mend one of them")
    names = distinct([labels[kind] for kind, _ in found])
    return [Start(start.frame, name, start.box, start.where) for (_, start), name in zip(found, names, strict=True)]


def _labels(source: Source) -> list[str]:
    beside = source.path.with_name("classes.txt")
    try:
        return [line.strip() for line in reading.text(beside).splitlines()] if beside.is_file() else []
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"classes.txt beside it cannot be read ({error}); mend or delete it") from None


KIND = Kind("YOLO", _recognises, _read)
