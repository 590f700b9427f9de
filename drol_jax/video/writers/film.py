"""`FilmWriter`: what each kind of film writer does."""

from typing import Protocol

import numpy as np


class FilmWriter(Protocol):
    """A film under way."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should be told so far: frames left out, for one."""
        ...

    def add(self, image: np.ndarray, time: float) -> None:
        """Show an image from a time on.

        Args:
          image: uint8 RGB [H, W, 3] of the film's size. Nothing writes into it afterwards.
          time: seconds, rising; the film begins with its first.

        Raises:
          UserError: the film cannot be written, or the image has another size.
        """
        ...

    def close(self) -> None:
        """Finish the file; also twice.

        Raises:
          UserError: it cannot be written.
        """
        ...

    def abandon(self) -> None:
        """Stop at once and wait for nothing, as after an error. What lies on the disk stays, and may be a part."""
        ...
