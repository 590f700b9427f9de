"""The video that trackers are measured on: the generated one, or one of the user's."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from drol_jax.bench import recipe
from drol_jax.bench.plan import OwnVideo
from drol_jax.errors import UserError
from drol_jax.image.boxes import checked_start_box
from drol_jax.tracks.starts.argument import parse_box
from drol_jax.video.open import open_source
from drol_jax.video.options import ReadOptions

BOX = np.array(recipe.target_box(0), np.float32)
"""In the generated video's first frame: float32 [4], (x, y, w, h), pixels, 0-based."""


@dataclass(frozen=True)
class Film:
    """Decoded pictures, and the target in the first of them."""

    pictures: Sequence[np.ndarray]
    """uint8 RGB [H, W, 3] each, all of one size."""
    box: np.ndarray
    """float32 [4]: (x, y, w, h), pixels, 0-based."""

    def order(self, count: int) -> list[int]:
        """Which pictures `count` frames show: forward, back, forward, ..."""
        return [recipe.moment(i, len(self.pictures)) for i in range(count)]

    def frames(self, count: int) -> list[np.ndarray]:
        """`count` frames; those shown again are the same arrays."""
        return [self.pictures[i] for i in self.order(count)]


def film_of(own: OwnVideo | None) -> Film:
    """The user's video, or the generated one where there is none.

    Raises:
      UserError: as `own_video`.
    """
    if own is None:
        return Film(recipe.video(recipe.FRAMES), BOX)
    return Film(list(_pictures(own.video, own.frames)), np.array(own.box, np.float32))


def own_video(video: str, box: str, frames: int) -> OwnVideo:
    """What is measured of a video of the user's.

    Args:
      video: a file, or a folder or pattern of pictures.
      box: x,y,w,h of the target in its first frame, pixels, 0-based.
      frames: how many of its frames.

    Raises:
      UserError: it cannot be read, has fewer frames or no end, or no track can start from the box.
    """
    start = parse_box(box)
    if start.frame or start.name is not None:
        raise UserError(f"--box {box}: one target is measured, from the first frame on; give x,y,w,h alone")
    (height, width), *_ = [picture.shape[:2] for picture in _pictures(video, frames)]  # none of which is kept
    found = checked_start_box(start.box, height, width)
    return OwnVideo(video=video, box=tuple(found.tolist()), frames=frames, size=(height, width))


def _pictures(video: str, frames: int) -> Iterator[np.ndarray]:
    source = open_source(video, ReadOptions(end=frames))
    try:
        if source.info.live:
            raise UserError(f"--video {video}: a camera or stream has no frames that all runs could share; give a file")
        count = 0
        for frame in source:
            count += 1
            yield frame.image
    finally:
        source.close()
    if count < frames:
        raise UserError(f"--video {video} has {count} frames; give --frames {count} or fewer")
