"""`open_film`: the film writer for a file's suffix."""

from fractions import Fraction
from pathlib import Path

from drol_jax.errors import UserError
from drol_jax.system.names import hint
from drol_jax.video.extra import installed
from drol_jax.video.options import Installed
from drol_jax.video.writers.animation import Animation
from drol_jax.video.writers.behind import Behind
from drol_jax.video.writers.film import FilmWriter
from drol_jax.video.writers.mp4 import Mp4
from drol_jax.video.writers.webm import WebM

KINDS = {".mp4": Mp4, ".webm": WebM, ".webp": Animation, ".gif": Animation}
"""Writers by suffix."""
RATE = Fraction(25)
"""Frames a second where nobody says."""
MISSING = "MP4 needs PyAV, which is not installed: the film is a WebM; pip install 'drol_jax[video]'"


def film_suffix(wanted: str, have_pyav: Installed = installed) -> tuple[str, str]:
    """The suffix of a film that can be written here.

    Args:
      wanted: such as "mp4" or ".mp4".

    Returns:
      (suffix with its dot, note): the note says why it is another than the wanted one, and is empty where it is not.

    Raises:
      UserError: no film has such a suffix.
    """
    suffix = "." + wanted.lower().removeprefix(".")
    if suffix not in KINDS:
        raise UserError(f"{wanted!r} is no kind of film{hint(suffix, tuple(KINDS))}; give one of {', '.join(KINDS)}")
    return (".webm", MISSING) if suffix == ".mp4" and not have_pyav() else (suffix, "")


def open_film(path: Path, width: int, height: int, rate: Fraction | None = None, *, depth: int = 8) -> FilmWriter:
    """Start a film, which is encoded in a thread of its own.

    Args:
      path: its suffix says the kind, one of `KINDS`; its folder exists.
      width: of the images, pixels.
      rate: nominal frames a second; None for 25. WebM is written at this rate; the others show each frame at its time.
      depth: images that may wait for the encoder.

    Raises:
      UserError: no film has such a suffix, PyAV is missing for an MP4, or the file cannot be created.
    """
    suffix, _ = film_suffix(path.suffix, lambda: True)
    if width < 1 or height < 1:
        raise UserError(f"{path}: a film of {width} x {height} pixels cannot be; give at least 1 x 1")
    return Behind(KINDS[suffix](path, width, height, rate or RATE), depth)
