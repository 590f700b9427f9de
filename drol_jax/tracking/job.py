"""`Job`: what is to be tracked and where it is written, and whether it goes on from an earlier run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from drol_jax.errors import UserError
from drol_jax.tracking.kept import Kept
from drol_jax.tracking.outputs import Wanted
from drol_jax.tracks.read import read_tracks
from drol_jax.tracks.starts import Start
from drol_jax.tracks.table import Row


@dataclass(frozen=True, kw_only=True)
class Job:
    """One run of the command."""

    wanted: Wanted
    kept: Kept | None
    """None for sources that cannot be gone on with: cameras and streams."""
    overwrite: bool

    def begun(self) -> dict[str, Any] | None:
        """The settings of the run that was under way here and is to be gone on with; None where there is none."""
        return None if self.kept is None or self.overwrite else self.kept.settings()

    def prepare(self, settings: dict[str, Any]) -> bool:
        """Make ready to write.

        Returns:
          Whether files are there that this run may write anew.

        Raises:
          UserError: files of another run are there, or nothing can be written.
        """
        before, there = self.begun(), self.wanted.existing()
        if before is None and there and not self.overwrite:
            others = f" (and {len(there) - 1} more)" if len(there) > 1 else ""
            raise UserError(f"{there[0]}{others} is there already; choose another --output, or pass --overwrite")
        if before is not None and (other := _differing(settings, before)):
            raise UserError(
                f"{self.wanted.folder / self.wanted.stem}.* is a run under way with other settings "
                f"({', '.join(other)}); choose another --output, or pass --overwrite"
            )
        if self.kept is not None:
            if before is None:
                self.kept.forget()
            self.kept.begin(settings)
        return bool(there)

    def rows_until(self, frame: int) -> list[Row]:
        """The rows of an earlier run, up to a frame.

        Raises:
          UserError: its table cannot be read.
        """
        return [row for row in read_tracks(self.wanted.table)[1] if row.frame <= frame]


def starts_of(settings: dict[str, Any]) -> list[Start]:
    """The start boxes of an earlier run."""
    return [Start(frame, name, tuple(box)) for frame, name, box in settings["starts"]]


def plain_starts(starts: Sequence[Start]) -> list[Any]:
    """Start boxes as they are kept."""
    return [[start.frame, start.name, list(start.box)] for start in starts]


def _differing(now: dict[str, Any], before: dict[str, Any]) -> list[str]:
    return sorted(name for name in {*now, *before} if now.get(name) != before.get(name))
