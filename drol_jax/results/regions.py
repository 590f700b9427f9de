"""VOT's region files: text, one code, box or polygon a line, and vot-toolkit's binary form.

The binary form (vot-toolkit `region/io.py`), all little-endian and unpadded: int16 version 1, uint32 number of regions,
then for each uint8 type and: 0 code uint32; 1 box 4 float32; 2 polygon uint16 number of points and as many pairs of
float32; 3 mask; 4 point. Masks and points are refused: nothing here scores them.
"""

import struct
from pathlib import Path

import numpy as np

from drol_jax.errors import UserError, reason
from drol_jax.metrics.regions import REGION, Regions
from drol_jax.results.numbers import read_rows, text_of
from drol_jax.system import reading
from drol_jax.system.atomic import write_bytes, write_text

_HEADER, _CODE, _BOX, _POLYGON = 1, 0, 1, 2


def read_regions(path: Path, origin: float = 0) -> Regions:
    """Read a region file, text or binary (``.bin``).

    Args:
      origin: coordinates of the top-left pixel in the file, subtracted from every x and y.

    Raises:
      UserError: missing or unreadable file; a line or a record that is no code, box or polygon of four corners.
    """
    if path.suffix == ".bin":
        rows = _binary_rows(path)
    else:
        if text_of(path)[:1].startswith("m") or "\nm" in text_of(path):
            raise UserError(f"{path} holds masks, which are not scored here; track with boxes or polygons")
        rows = read_rows(path)
    try:
        regions = Regions.from_rows(rows)
    except ValueError as error:
        number = error.args[0]
        raise UserError(
            f"{path}, line {number + 1}: {rows[number]} is no code (0, 1 or 2), box (4 numbers) or polygon (8); "
            "mend the line or track the sequence again"
        ) from None
    if not origin:
        return regions
    boxes = regions.boxes - (origin, origin, 0, 0)
    return Regions(regions.corners - origin, boxes, regions.codes)


def write_regions(path: Path, regions: Regions) -> None:
    """Write a region file, whole or not at all: text with four decimals as PySOT writes them, or binary (``.bin``).

    Raises:
      UserError: the file cannot be written.
    """
    rows = []
    for code, box, corners in zip(regions.codes, regions.boxes, regions.corners, strict=True):
        rows.append([int(code)] if code != REGION else box if not np.isnan(box[0]) else corners.reshape(-1))
    if path.suffix == ".bin":
        write_bytes(path, _binary(rows))
        return
    # Rounding first, then adding zero, keeps "-0.0000" out of the file.
    rounded = ([] if len(row) == 1 else np.round(row, 4) + 0.0 for row in rows)
    lines = (",".join(f"{value:.4f}" for value in line) or str(row[0]) for row, line in zip(rows, rounded, strict=True))
    write_text(path, "".join(line + "\n" for line in lines))


def _binary(rows: list) -> bytes:
    parts = [struct.pack("<hI", _HEADER, len(rows))]
    for row in rows:
        if len(row) == 1:
            parts.append(struct.pack("<BI", _CODE, row[0]))
        elif len(row) == 4:
            parts.append(struct.pack("<B4f", _BOX, *row))
        else:
            parts.append(struct.pack(f"<BH{len(row)}f", _POLYGON, len(row) // 2, *row))
    return b"".join(parts)


def _binary_rows(path: Path) -> list[list[float]]:
    try:
        content = reading.content(path)
    except OSError as error:
        raise UserError(f"cannot read result file {path}: {reason(error)}; check the path and the file") from error
    place, rows = 0, []

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
            else:
                what = {3: "a mask", 4: "a point"}.get(kind, f"of unknown type {kind}")
                raise UserError(f"{path}: region {number} is {what}, which is not scored here; track with boxes")
    except struct.error:
        raise UserError(f"{path} ends in the middle of region {len(rows)}; track the sequence again") from None
    return rows
