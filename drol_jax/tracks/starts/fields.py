"""Fields of JSON objects of others: what is missing or of another type is told with its place."""

from typing import Any

from drol_jax.errors import UserError
from drol_jax.system import reading
from drol_jax.tracks.starts.start import Box

CURE = "export it again"
LARGEST = 1e15
"""No pixel and no frame is beyond it."""


def parsed(text: str) -> Any:
    """The value of a JSON text; None where it is none."""
    try:
        return reading.parsed(text)
    except ValueError:
        return None


def field(where: str, holder: Any, key: str) -> Any:
    """The value of a key.

    Raises:
      UserError: the holder is no object or lacks the key.
    """
    if not isinstance(holder, dict) or key not in holder:
        raise UserError(f"{where}: the key {key!r} is missing; {CURE}")
    return holder[key]


def objects(where: str, holder: Any, key: str) -> list[dict[str, Any]]:
    """The list of objects under a key.

    Raises:
      UserError: there is none.
    """
    value = field(where, holder, key)
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise UserError(f"{where}: {key!r} is no list of objects; {CURE}")
    return value


def real(where: str, what: str, value: Any) -> float:
    """A number.

    Raises:
      UserError: it is none.
    """
    if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) > LARGEST:
        raise UserError(f"{where}: {what} is {str(value)[:40]!r}, no number that can be; {CURE}")
    return float(value)


def integer(where: str, what: str, value: Any) -> int:
    """A whole number.

    Raises:
      UserError: it is none.
    """
    number = real(where, what, value)
    if not number.is_integer():
        raise UserError(f"{where}: {what} is {value!r}, no whole number; {CURE}")
    return int(number)


def box_of(where: str, values: Any) -> Box:
    """Four numbers.

    Raises:
      UserError: they are not.
    """
    if not isinstance(values, list) or len(values) != 4:
        raise UserError(f"{where}: the box is {values!r}, wanted four numbers; {CURE}")
    x, y, w, h = (real(where, name, value) for name, value in zip("xywh", values, strict=True))
    return x, y, w, h
