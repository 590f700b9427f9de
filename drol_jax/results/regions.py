"""VOT's region files: text, one code, box, polygon or mask a line, and vot-toolkit's binary form.

The binary form (vot-toolkit `region/io.py`), all little-endian and unpadded: int16 version 1, uint32 number of regions,
then for each uint8 type and: 0 code uint32; 1 box 4 float32; 2 polygon uint16 number of points and as many pairs of
float32; 3 mask int16 x, y, uint16 w, h, number of runs and as many uint16; 4 point. Points are refused: nothing here
scores them.
"""

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from drol_jax.errors import UserError, reason
from drol_jax.image.shapes import Mask
from drol_jax.metrics.regions import Regions
from drol_jax.results.numbers import read_rows, text_of
from drol_jax.system import reading
from drol_jax.system.atomic import write_bytes, write_text

_HEADER, _CODE, _BOX, _POLYGON, _MASK = 1, 0, 1, 2, 3
_LONGEST = 255 * 255  # of a run, as vot-toolkit splits them


def read_regions(path: Path, origin: int = 0) -> Regions:
    """Read a region file, text or binary (``.bin``).

    Args:
      origin: coordinates of the top-left pixel in the file, subtracted from every x and y.

    Raises:
      UserError: missing or unreadable file; a line or a record that is no code, box, polygon or mask.
    """
    rows = _binary_rows(path) if path.suffix == ".bin" else _rows(path)
    try:
        regions = Regions.from_rows(rows)
    except ValueError as error:
        number = error.args[0]
        raise UserError(
            f"{path}, line {number + 1}: {rows[number]} is no code (0, 1 or 2), box (4 numbers) or polygon (6, 8 or "
            "more); mend the line or track the sequence again"
        ) from None
    return regions.moved(-origin) if origin else regions


def _rows(path: Path) -> list[list[float] | Mask]:
    lines = text_of(path).splitlines()
    if not any(line.lstrip().startswith("m") for line in lines):
        return [*read_rows(path)]
    rows: list[list[float] | Mask] = []
    for number, line in enumerate(lines, 1):
        try:
            mask = Mask.read(line)
            rows.append([float(word) for word in line.replace(",", " ").split()] if mask is None else mask)
        except ValueError:
            raise UserError(
                f"{path}, line {number}: {line[:60]!r} is no mask m x,y,w,h, run lengths; track the sequence again"
            ) from None
    return rows


def write_regions(path: Path, regions: Regions) -> None:
    """Write a region file, whole or not at all: text with four decimals as PySOT writes them, or binary (``.bin``).

    Raises:
      UserError: the file cannot be written.
    """
    rows = [
        [int(code)] if shape is None else shape if isinstance(shape, Mask) else shape.reshape(-1)
        for code, shape in zip(regions.codes, map(regions.shape, range(len(regions))), strict=True)
    ]
    if path.suffix == ".bin":
        write_bytes(path, _binary(rows))
        return
    write_text(path, "".join(_line(row) + "\n" for row in rows))


def _line(row: Sequence[float] | np.ndarray | Mask) -> str:
    if isinstance(row, Mask):
        return row.text
    # Rounding first, then adding zero, keeps "-0.0000" out of the file.
    return str(row[0]) if len(row) == 1 else ",".join(f"{value:.4f}" for value in np.round(row, 4) + 0.0)


def _binary(rows: list) -> bytes:
    parts = [struct.pack("<hI", _HEADER, len(rows))]
    for row in rows:
        if isinstance(row, Mask):
            runs = [part for run in row.runs.tolist() for part in _split(run)]
            head = struct.pack("<BhhHHH", _MASK, row.x, row.y, row.width, row.height, len(runs))
            parts.append(head + struct.pack(f"<{len(runs)}H", *runs))
        elif len(row) == 1:
            parts.append(struct.pack("<BI", _CODE, row[0]))
        elif len(row) == 4:
            parts.append(struct.pack("<B4f", _BOX, *row))
        else:
            parts.append(struct.pack(f"<BH{len(row)}f", _POLYGON, len(row) // 2, *row))
    return b"".join(parts)


def _split(run: int) -> list[int]:
    """A run in lengths of 16 bits, with runs of no length between."""
    parts = []
    while run > _LONGEST:
        parts += [_LONGEST, 0]
        run -= _LONGEST
    return [*parts, run]


def _binary_rows(path: Path) -> list[list[float] | Mask]:
    try:
        content = reading.content(path)
    except OSError as error:
        raise UserError(f"cannot read result file {path}: {reason(error)}; check the path and the file") from error
    place = 0
    rows: list[list[float] | Mask] = []

    def take(form: str) -> tuple:
        nonlocal place
        values = struct.unpack_from("<" + form, content, place)
        place += struct.calcsize("<" + form)
        return values

    try:
        version, count = take("hI")
        if version != _HEADER:
            raise UserError(f"{path} is no binary region file of version {_HEADER} (it begins with {version})")
        for number in range(count):
            (kind,) = take("B")
            if kind == _CODE:
                rows.append([float(value) for value in take("I")])
            elif kind == _BOX:
                rows.append(list(take("4f")))
            elif kind == _POLYGON:
                rows.append(list(take(f"{2 * take('H')[0]}f")))
            elif kind == _MASK:
                head = take("hhHHH")
                rows.append(Mask.parse([*head[:4], *take(f"{head[4]}H")]))
            else:
                what = {4: "a point"}.get(kind, f"of unknown type {kind}")
                raise UserError(f"{path}: region {number} is {what}, which is not scored here; track with boxes")
    except ValueError:
        raise UserError(f"{path}: region {len(rows)} is a mask of more pixels than it has; track it again") from None
    except struct.error:
        raise UserError(f"{path} ends in the middle of region {len(rows)}; track the sequence again") from None
    return rows
