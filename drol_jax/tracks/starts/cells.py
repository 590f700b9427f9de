"""Tables of text: lines parted into cells by semicolons, tabs, commas or blanks, and numbers in cells."""

import csv
import io

from drol_jax.errors import UserError

Line = tuple[str, list[str]]
"""Place in the file, such as "line 3", and cells."""


def lines(text: str) -> list[Line]:
    """The lines that hold something, in order; those that begin with # hold a remark."""
    first = next((line for line in text.splitlines() if _counts(line)), "")
    parting = next((mark for mark in ";\t," if first.count(mark) >= 3), "," if "," in first else None)
    if parting is None:
        found = [(number, line.split()) for number, line in enumerate(text.splitlines(), 1) if _counts(line)]
    else:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=parting, skipinitialspace=True)
        try:
            found = [(reader.line_num, cells) for cells in reader if _counts("".join(cells))]
        except csv.Error as error:
            raise UserError(f"line {reader.line_num}: no table ({error}); mend the line") from None
    return [(f"line {number}", [cell.strip() for cell in cells]) for number, cells in found]


def is_number(cell: str) -> bool:
    """Whether a cell holds a number."""
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True


def number(where: str, what: str, cell: str) -> float:
    """The number in a cell; a comma may stand for the point.

    Raises:
      UserError: there is none; it begins with the place.
    """
    if not is_number(cell):
        raise UserError(f"{where}: {what} is {cell!r}, no number; mend the line")
    return float(cell.replace(",", "."))


def whole(where: str, what: str, cell: str) -> int:
    """The whole number in a cell.

    Raises:
      UserError: there is none; it begins with the place.
    """
    value = number(where, what, cell)
    if not value.is_integer():
        raise UserError(f"{where}: {what} is {cell!r}, no whole number; mend the line")
    return int(value)


def _counts(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")
