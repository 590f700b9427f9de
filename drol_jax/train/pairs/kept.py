"""Pairs out of videos of which every frame is read once; what a pair can show of them stays on the device."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.errors import UserError
from drol_jax.image.boxes import target_from_box
from drol_jax.train.pairs import kept_cut
from drol_jax.train.pairs.batch import ALL, Pairs
from drol_jax.train.pairs.disk import Clip, Draws, Track, check
from drol_jax.train.pairs.disk_cut import context_side, square
from drol_jax.train.pairs.procedural.dice import Dice

SHARE = 0.6
"""Share of the memory there is that patches may take."""
_CHOICES = 6
"""Values that `choose` takes."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Index:
    """Which rows go with which. The rows of a clip follow each other by frame, the clips of a video follow each other.

    K rows, C clips; a range is (first, last + 1).
    """

    clips: jax.Array  # int32 [C, 2], ranges of rows
    near: jax.Array  # int32 [K, 2], ranges of rows: the same clip's frames within the frame range, the row's own too
    video: jax.Array  # int32 [C, 2], ranges of clips: those of the clip's video

    @classmethod
    def of(cls, numbers: Sequence[np.ndarray], videos: Sequence[str], frame_range: int) -> "Index":
        """The index of clips in order.

        Args:
          numbers: int [n] of each clip, ascending: its frames.
          videos: of each clip; equal ones follow each other.
        """
        after = np.cumsum([len(those) for those in numbers])
        clips = np.stack([np.concat([[0], after[:-1]]), after], axis=1)
        near = [
            first
            + np.stack([np.searchsorted(n, n - frame_range, "left"), np.searchsorted(n, n + frame_range, "right")])
            for n, first in zip(numbers, clips[:, 0], strict=True)
        ]
        names = np.array(videos)
        first = np.flatnonzero(np.concat([[True], names[1:] != names[:-1]]))
        last = np.concat([first[1:], [len(names)]])
        video = np.repeat(np.stack([first, last], axis=1), last - first, axis=0)
        return cls(
            clips=jnp.asarray(clips, jnp.int32),
            near=jnp.asarray(np.concat(near, axis=1).T, jnp.int32),
            video=jnp.asarray(video, jnp.int32),
        )


class Kept:
    """Endless pairs of two frames of one clip, or of two videos, as `FromDisk`'s but drawn on JAX's default device.

    Every frame of the tracks is read while this is made, and of each a patch is kept on that device: K * P * P * 3
    bytes for K frames, P from `kept_cut.patch_side`. Until they are there the host holds as much. An image is resized
    twice on its way to a pair, so pairs are a little softer than `FromDisk`'s; the numbers drawn are others too.

    Args:
      tracks: where pairs come from; at least two videos, where there are to be negatives.
      draws: how, and how many.
      workers: threads that read images; None for one a core.

    Raises:
      UserError: no tracks; one video alone, and negatives; a number out of its range; an annotation or an image cannot
        be read, which names the file; the patches take more than SHARE of the device's or the host's memory.
    """

    def __init__(self, tracks: Sequence[Track], draws: Draws, *, workers: int | None = None) -> None:
        workers = workers if workers is not None else os.cpu_count() or 1
        check(tracks, draws, workers)
        # As the index wants them; the names' order has no say in how often one is taken.
        tracks = sorted(tracks, key=lambda track: track.video)
        with ThreadPoolExecutor(workers, "drol-pairs") as pool:
            clips = list(pool.map(lambda track: track.open(), tracks))
            patches, sizes = _read(pool, clips, draws)
        self._patches, self._target_sizes = jax.device_put(patches), jax.device_put(sizes)
        self._index = Index.of([clip.numbers for clip in clips], [track.video for track in tracks], draws.frame_range)
        self._draws = draws
        self._key = jax.random.key(draws.seed, impl="threefry2x32")
        # As in `Procedural`.
        self._one_by_one = jax.default_backend() == "cpu"

    @property
    def nbytes(self) -> int:
        """Bytes of device memory that the patches take."""
        return self._patches.nbytes

    def batch(self, index: int, rows: slice = ALL) -> Pairs:
        """Batch number `index`, >= 0, or some of its rows; the masks are None."""
        values = _drawn(self._draws.batch_size, jax.random.fold_in(self._key, index))[rows]
        return _batch(self._draws, self._one_by_one, self._index, self._patches, self._target_sizes, values)


def _read(pool: ThreadPoolExecutor, clips: Sequence[Clip], draws: Draws) -> tuple[np.ndarray, np.ndarray]:
    """(patches uint8 [K, P, P, 3], their targets' sizes float32 [K, 2] (w, h), patch pixels) of all frames in order."""
    side = kept_cut.patch_side(draws.cut, draws.exemplar, draws.instance)
    frames = [(clip, i) for clip in clips for i in range(len(clip.numbers))]
    need, room = len(frames) * side * side * 3, int(SHARE * _memory())
    if need > room:
        raise UserError(
            f"pairs from disk: to keep {len(frames)} patches of {side}x{side} pixels takes {need / 1e9:.3g} GB and "
            f"{SHARE:.0%} of the memory there is are {room / 1e9:.3g} GB; set keep to false, name fewer sequences, or "
            "lower cut.shift or cut.scale"
        )
    patches = np.empty((len(frames), side, side, 3), np.uint8)
    sizes = np.empty((len(frames), 2), np.float32)

    def fill(row: int) -> None:
        clip, i = frames[row]
        sighting = clip.read(i)
        centre, size = target_from_box(np.asarray(sighting.box, np.float64))
        scale = draws.exemplar / context_side(size)
        patches[row] = square(sighting.image, centre, side / scale, side)
        sizes[row] = scale * size

    for _ in pool.map(fill, range(len(frames))):  # raises what the first of them raised, in their order
        pass
    return patches, sizes


def _memory() -> int:
    """Bytes that the device has or the host, where it has less; a CPU does not tell what it has."""
    host = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(host, (jax.devices()[0].memory_stats() or {}).get("bytes_limit", host))


def choose(index: Index, negatives: float, dice: Dice) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Which frames a pair is of: any clip, any of its frames, and any near it or any of any clip of another video.

    Args:
      negatives: share of pairs of two videos; 0 where there is only one.
      dice: takes _CHOICES values.

    Returns:
      (the template's row, the search region's row, int32 scalars; whether they are of one clip, bool).
    """

    def among(range_of: jax.Array) -> jax.Array:
        count = range_of[1] - range_of[0]
        return range_of[0] + jnp.minimum((dice.uniform() * count).astype(jnp.int32), count - 1)

    positive = ~dice.chance(negatives)
    total = len(index.clips)
    clip = among(jnp.array([0, total]))
    here = among(index.clips[clip])
    near = among(index.near[here])
    first, after = index.video[clip]
    other = among(jnp.stack([after, total + first])) % total  # the clips behind its video's, and round to those before
    elsewhere = among(index.clips[other])
    return here, jnp.where(positive, near, elsewhere), positive


@partial(jax.jit, static_argnums=0)
def _drawn(count: int, key: jax.Array) -> jax.Array:
    return jax.random.uniform(key, (count, _CHOICES + kept_cut.DRAWS))


@partial(jax.jit, static_argnums=(0, 1))
def _batch(
    draws: Draws, one_by_one: bool, index: Index, patches: jax.Array, sizes: jax.Array, values: jax.Array
) -> Pairs:
    def pair(values: jax.Array) -> Pairs:
        dice = Dice(values)
        first, second, positive = choose(index, draws.cut.negatives, dice)
        template, search, box = kept_cut.cut_rows(
            patches, sizes, first, second, dice, draws.cut, draws.exemplar, draws.instance
        )
        return Pairs(template=template, search=search, box=box, positive=positive, mask=None)

    return jax.lax.map(pair, values) if one_by_one else jax.vmap(pair)(values)
