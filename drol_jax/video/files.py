"""What the readers of video files have in common: a path and a rate that are checked, words for a file cut off."""

from fractions import Fraction
from pathlib import Path

from drol_jax.errors import UserError, reason
from drol_jax.video.whole import missing_bytes

LEAST_RATE, MOST_RATE = 0.1, 500
"""Frames a second. Outside, as the 600 that some transport streams say, the rate is not believed."""


def believed(rate: float | Fraction | None) -> Fraction | None:
    """A rate that a file says, as a fraction such as 30000/1001; None where it cannot be one."""
    return Fraction(rate).limit_denominator(1001) if rate and LEAST_RATE <= rate <= MOST_RATE else None


def checked_file(path: Path) -> None:
    """Refuse what cannot be a video file.

    Raises:
      UserError: there is no such file, it is empty or cannot be read.
    """
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise UserError(f"{path}: the file is empty; copy it again")
    except FileNotFoundError:
        raise UserError(f"{path}: no such video; check the path") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({reason(error)}); check the file") from error


def not_opened(path: Path, why: str) -> UserError:
    """The error for a file that cannot be decoded.

    Args:
      why: what was found.
    """
    if missing := missing_bytes(path):
        return UserError(f"{path}: cut off, at least {missing} bytes are missing, and unreadable so; copy it again")
    return UserError(f"{path}: {why}; check the file, or convert it to H.264 in MP4")


def cut_note(missing: int, last: int, expected: int | None, why: str = "") -> str:
    """What is told of a file that is cut off.

    Args:
      missing: bytes that it lacks at least, by its header; 0 where that is not known.
      last: number of the last frame that was given.
      expected: frames by its header, an estimate; None where nobody knows.
      why: the decoder's words, if it stopped with an error.
    """
    of = f" of about {expected}" if expected and expected > last + 1 else ""
    told = [f"at least {missing} bytes of the file are missing"] if missing else []
    told += [why] if why else []
    return f"cut off after frame {last}{of}: {', '.join(told)}"
