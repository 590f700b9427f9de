"""A run of `drol-jax track`: frames in, files out, to the end or until it is stopped, and on from there."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from drol_jax.follow import snapshot
from drol_jax.follow.target import GONE
from drol_jax.system.interrupts import DelayedInterrupt
from drol_jax.tracking.engine import Engine
from drol_jax.tracking.kept import Kept
from drol_jax.tracking.outputs import Outputs
from drol_jax.tracks.formats.layout import rounded
from drol_jax.tracks.table import Row
from drol_jax.video.frame import VideoFrame

KEEP_SECONDS = 20.0
"""Between two snapshots; one takes as long as writing the state of all targets, 4 to 31 MB each with the subnet."""

Show = Callable[[VideoFrame, Sequence[Row]], bool]
"""Shows a frame; False where who watches wants it to end."""


@dataclass
class Tally:
    """What a run has come to, for its last lines."""

    frames: int = 0
    last: int | None = None
    """Number of the last frame."""
    seen: dict[str, int] = field(default_factory=dict)
    """Frames with a box, by target."""
    rows: dict[str, int] = field(default_factory=dict)
    """Frames, by target."""
    notes: tuple[str, ...] = ()
    """What the user should be told of the files."""
    ended: str = ""
    """Why it ended before the video did; empty where it did not."""

    def count(self, frame: VideoFrame, rows: Sequence[Row]) -> None:
        self.frames += 1
        self.last = frame.number
        for row in rows:
            self.rows[row.name] = self.rows.get(row.name, 0) + 1
            self.seen[row.name] = self.seen.get(row.name, 0) + (row.state not in GONE)


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """What a run goes on from."""

    frame: int
    """Number of the last frame whose rows are known, and after which the follower was kept."""
    rows: Mapping[int, tuple[Row, ...]]
    """By number of the frame."""


def run(
    frames: Iterable[VideoFrame],
    engine: Engine,
    outputs: Outputs,
    *,
    kept: Kept | None,
    earlier: Earlier | None = None,
    show: Sequence[Show] = (),
    whole: bool = True,
    clock: Callable[[], float] = time.monotonic,
) -> Tally:
    """Track to the end of the frames. Ctrl-C ends it after the frame at hand, with everything written and kept.

    Args:
      frames: in order; those of an earlier run are gone through again for the films.
      engine: fresh, or restored to after `earlier.frame`.
      outputs: closed here.
      kept: where the follower is kept now and then; None for sources that cannot be gone on with.
      show: called with every new frame and its rows.
      whole: the frames go on to the video's last one, and none is left out: then its length is known at the end.
      clock: seconds that grow.

    Raises:
      UserError: a file cannot be written, a frame cannot be tracked; what was done is written.
      KeyboardInterrupt: after Ctrl-C.
    """
    tally, due = Tally(), clock() + KEEP_SECONDS
    interrupts = DelayedInterrupt()

    def keep() -> None:
        # While the frames of an earlier run are gone through, what is kept of it is ahead of them.
        if kept is not None and tally.last is not None and (earlier is None or tally.last > earlier.frame):
            outputs.save()  # first, so that tables hold the frame that the follower has seen
            snapshot.save(engine.follower, kept.snapshot, tally.last)

    with outputs, interrupts:
        try:
            for frame in frames:
                known = None if earlier is None or frame.number > earlier.frame else earlier.rows.get(frame.number, ())
                rows = tuple(map(rounded, engine.step(frame))) if known is None else known
                if known is None:
                    outputs.write(rows)
                outputs.film(frame, rows)
                tally.count(frame, rows)
                going_on = [shown(frame, rows) for shown in show]
                if not all(going_on):
                    tally.ended = f"closed after frame {frame.number}"
                    break
                interrupts.check()
                if clock() >= due:
                    keep()
                    due = clock() + KEEP_SECONDS
        except KeyboardInterrupt:
            keep()
            raise
        if tally.ended:
            keep()
        outputs.close(None if tally.ended or tally.last is None or not whole else tally.last + 1)
        tally.notes = outputs.notes
    return tally
