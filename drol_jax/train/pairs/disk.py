"""Pairs out of videos: which frames, and batches of them."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from drol_jax.errors import UserError
from drol_jax.train.pairs.batch import ALL, Pairs
from drol_jax.train.pairs.disk_cut import CutSettings, Sighting, cut_pair


@dataclass(frozen=True, kw_only=True, eq=False)
class Clip:
    """One target in one video, in the frames where its box is known."""

    numbers: np.ndarray
    """int [n], ascending, n >= 1: numbers of those frames."""
    read: Callable[[int], Sighting]
    """The i-th of them, 0 <= i < n. Raises UserError where its image cannot be read."""


@dataclass(frozen=True, kw_only=True)
class Track:
    """A clip that is listed but not opened yet."""

    video: str
    """Tracks of one video do not serve as each other's negatives: either target may be in all its frames."""
    open: Callable[[], Clip]


@dataclass(frozen=True, kw_only=True)
class Draws:
    """How pairs are drawn from videos and cut, and how many make a batch."""

    frame_range: int
    """Largest distance of a pair's frames, by their numbers."""
    cut: CutSettings
    batch_size: int
    exemplar: int = 127
    """Rows and columns of templates."""
    instance: int = 287
    """Rows and columns of search regions."""
    seed: int = 0
    """>= 0."""


def check(tracks: Sequence[Track], draws: Draws, workers: int) -> None:
    """Refuse what no pairs can be drawn with; arguments as `FromDisk` takes them.

    Raises:
      UserError: as `FromDisk`.
    """
    if not tracks:
        raise UserError("pairs from disk: no tracks to take pairs from")
    if draws.cut.negatives and len({track.video for track in tracks}) < 2:
        raise UserError(
            f"pairs from disk: negatives come from another video and {tracks[0].video} is the only one; add videos "
            "or set negatives to 0"
        )
    numbers = (draws.batch_size, draws.exemplar, workers)
    if min(numbers) < 1 or min(draws.seed, draws.frame_range) < 0 or draws.instance < draws.exemplar:
        raise UserError(
            f"pairs from disk: batch size {draws.batch_size}, sizes {draws.exemplar} and {draws.instance} and "
            f"{workers} workers must be positive, the second size not below the first, seed {draws.seed} and frame "
            f"range {draws.frame_range} not negative"
        )


class FromDisk:
    """Endless pairs of two frames of one clip, or of two videos.

    Args:
      tracks: where pairs come from; at least two videos, where there are to be negatives.
      draws: how, and how many.
      workers: threads that read images.

    Raises:
      UserError: no tracks; one video alone, and negatives; a number out of its range.
    """

    def __init__(self, tracks: Sequence[Track], draws: Draws, *, workers: int = 4) -> None:
        check(tracks, draws, workers)
        self._tracks, self._draws, self._workers = tuple(tracks), draws, workers

    def batch(self, index: int, rows: slice = ALL) -> Pairs:
        """Batch number `index`, >= 0, or some of its rows; the masks are None.

        Raises:
          UserError: an annotation or an image cannot be read; names the file.
        """
        with ThreadPoolExecutor(self._workers, "drol-pairs") as pool:
            pairs = list(pool.map(lambda row: self._pair(index, row), range(self._draws.batch_size)[rows]))
        template, search, box, positive = zip(*pairs, strict=True)
        return Pairs(
            template=jnp.asarray(np.stack(template)),
            search=jnp.asarray(np.stack(search)),
            box=jnp.asarray(np.stack(box)),
            positive=jnp.asarray(np.array(positive)),
            mask=None,
        )

    def _pair(self, index: int, row: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, bool]:
        draws = self._draws
        # Not row 0: numpy takes [seed, index, 0] for [seed, index], which a mixture chooses its sources by.
        rng = np.random.default_rng([draws.seed, index, row + 1])
        positive = bool(rng.random() >= draws.cut.negatives)
        track = self._tracks[rng.integers(len(self._tracks))]
        clip = track.open()
        here = int(rng.integers(len(clip.numbers)))
        if positive:
            near = np.flatnonzero(np.abs(clip.numbers - clip.numbers[here]) <= draws.frame_range)
            second = clip.read(int(rng.choice(near)))
        else:
            second = self._elsewhere(rng, track.video)
        pair = cut_pair(rng, clip.read(here), second, draws.cut, draws.exemplar, draws.instance)
        return *pair, positive

    def _elsewhere(self, rng: np.random.Generator, video: str) -> Sighting:
        """Any target of another video."""
        while (track := self._tracks[rng.integers(len(self._tracks))]).video == video:
            pass
        clip = track.open()
        return clip.read(int(rng.integers(len(clip.numbers))))
