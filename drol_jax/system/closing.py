"""`Closing`: what has a `close` that can fail, in a `with` block."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from drol_jax.errors import UserError


class Closing(ABC):
    """Closes at the end of a `with` block. Where both fail, the block's error has the other one as a note."""

    @abstractmethod
    def close(self) -> None:
        """Finish. Raises UserError where that fails."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            self.close()
        except UserError as second:
            if error is None:
                raise
            error.add_note(str(second))
