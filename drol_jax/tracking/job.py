"""`Job`: what is to be tracked and where it is written, and whether it goes on from an earlier run."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from drol_jax.errors import UserError
from drol_jax.results.manifest import CLAIMS
from drol_jax.system.atomic import clear_litter_of
from drol_jax.system.claims import Claim, claim
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

    @property
    def again(self) -> str:
        """How a run that was stopped goes on, in words; empty where it does not."""
        same = "the same command" + (" without --overwrite" if self.overwrite else "")
        return "" if self.kept is None else f"{same} goes on from there"

    def begun(self) -> dict[str, Any] | None:
        """The settings of the run that was under way here and is to be gone on with; None where there is none."""
        return None if self.kept is None or self.overwrite else self.kept.settings()

    def alone(self, before: Mapping[str, Any] | None) -> Claim:
        """The right to write these files, to be released; it goes with the process.

        Args:
          before: the settings of the run that is to be gone on with, as `begun` told.

        Raises:
          UserError: another process has the right, or had it since `before` was read; the file system cannot lock.
        """
        mine = claim(self.wanted.folder / CLAIMS / f"{self.wanted.stem}.track")
        if mine is not None and self.begun() == before:
            return mine
        if mine is not None:
            mine.release()
        raise UserError(
            f"another process is writing {self.wanted.folder / self.wanted.stem}.*; "
            "wait until it has ended, or choose another --output"
        )

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
        clear_litter_of(self.wanted.paths())
        if self.kept is not None:
            if before is None:
                self.kept.forget()
            clear_litter_of([self.kept.snapshot])
            self.kept.begin(settings)
        return bool(there)

    def rows_until(self, frame: int, targets: Collection[str] = ()) -> list[Row]:
        """The rows of an earlier run, up to a frame.

        Args:
          targets: names of those that were in the video then, of each of which the table has a row in that frame.

        Raises:
          UserError: its table cannot be read, or ends before the frame.
        """
        rows = [row for row in read_tracks(self.wanted.table)[1] if row.frame <= frame]
        if lacking := {*targets} - {row.name for row in rows if row.frame == frame}:
            raise UserError(
                f"{self.wanted.table} has no row of {', '.join(sorted(lacking))} in frame {frame}, after which this "
                "run is to go on: it was changed or cut; track anew, with --overwrite"
            )
        return rows


def starts_of(settings: dict[str, Any]) -> list[Start]:
    """The start boxes of an earlier run."""
    return [Start(frame, name, tuple(box)) for frame, name, box in settings["starts"]]


def plain_starts(starts: Sequence[Start]) -> list[Any]:
    """Start boxes as they are kept."""
    return [[start.frame, start.name, list(start.box)] for start in starts]


def _differing(now: dict[str, Any], before: dict[str, Any]) -> list[str]:
    return sorted(name for name in {*now, *before} if now.get(name) != before.get(name))
