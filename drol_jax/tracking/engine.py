"""`Engine`: start boxes and frames in, rows of the table of tracks out."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from drol_jax.api import Tracker
from drol_jax.errors import UserError
from drol_jax.follow.follower import Follower
from drol_jax.follow.policy import Policy
from drol_jax.follow.sight import Looked, Sight
from drol_jax.tracking.rows import row_of
from drol_jax.tracks.starts import Start
from drol_jax.tracks.table import Row
from drol_jax.video.frame import VideoFrame


class Engine:
    """Follows the targets of a video. Targets enter at the frames that their start boxes name."""

    def __init__(
        self,
        tracker: Tracker,
        starts: Iterable[Start],
        *,
        scale: float = 1.0,
        policy: Policy | None = None,
        alone: bool = False,
    ):
        """Take a tracker and start boxes.

        Args:
          starts: each with a name (`drol_jax.tracks.starts.checked`). Those of frame 0 start in the first frame that
            comes, whatever its number.
          scale: pixels of a frame for one of the source, in which boxes are given and told.
          alone: the process follows no other video: once all targets are in, it lets go of what only starts need.
        """
        self.waiting = sorted(starts, key=lambda start: start.frame)
        self.follower = Follower(tracker, max(1, len(self.waiting)), policy)
        self._scale, self._alone = scale, alone
        self._first: int | None = None

    def step(self, frame: VideoFrame) -> tuple[Row, ...]:
        """Follow all targets into the next frame, and start those that enter in it.

        Returns:
          One row a target, in the order in which they entered.

        Raises:
          UserError: a start box lies outside the frame or is of a frame before the first; what `Follower` raises.
        """
        if self._first is None:
            self._first = frame.number
            self.check(frame.number)
        sights = self.follower.step(frame.image) if self.follower.targets else []
        while self.waiting and self.waiting[0].frame <= frame.number:
            sights.append(self._start(self.waiting.pop(0), frame))
            if self._alone and not self.waiting:
                self.follower.all_are_in()
        return tuple(row_of(self.follower.tracker, sight, frame, self._scale) for sight in sights)

    def looked(self) -> dict[str, Looked]:
        """Where targets were looked for in the last frame (`Follower.looked`), pixels of the source."""
        return {
            name: replace(one, box=tuple(side / self._scale for side in one.box))
            for name, one in self.follower.looked().items()
        }

    def check(self, first: int) -> None:
        """Whether every target can enter, where the first frame that is read has this number.

        Raises:
          UserError: the frame of a start box comes before it.
        """
        for start in self.waiting:
            if 0 < start.frame < first:
                raise UserError(
                    f"{start.where or start.name}: its frame {start.frame} comes before the first that is read, "
                    f"{first}; give it a later frame or start earlier"
                )

    def _start(self, start: Start, frame: VideoFrame) -> Sight:
        assert start.name is not None
        return self.follower.add(frame.image, start.name, np.array(start.box) * self._scale)
