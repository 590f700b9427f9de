"""The source of composed pairs."""

import os
from concurrent.futures import ThreadPoolExecutor

import jax.numpy as jnp
import numpy as np

from drol_jax.errors import UserError
from drol_jax.train.pairs.batch import ALL, Pairs
from drol_jax.train.pairs.photos.album import Album, read_album
from drol_jax.train.pairs.photos.scene import compose
from drol_jax.train.pairs.photos.settings import PhotosSettings


class Photos:
    """Endless pairs of objects that move over photographs; they have no masks. All pictures are read when it is made.

    Args:
      settings: where the pictures are and what the pairs are like.
      batch_size: pairs in a batch.
      exemplar, instance: rows and columns of templates and search regions.
      seed: >= 0. Sources of different seeds share no pair.
      album: the pictures, in place of those of the settings.
      workers: threads that compose; None for one a core.

    Raises:
      UserError: a setting out of its range, or no pictures.
    """

    def __init__(
        self,
        settings: PhotosSettings,
        batch_size: int,
        exemplar: int = 127,
        instance: int = 287,
        seed: int = 0,
        *,
        album: Album | None = None,
        workers: int | None = None,
    ) -> None:
        if batch_size < 1 or seed < 0 or not 16 <= exemplar <= instance:
            raise UserError(
                f"photos: batch size {batch_size}, seed {seed}, sizes {exemplar} and {instance}; give a positive batch "
                "size, a seed of 0 or more and sizes of which the first is at least 16 and not above the second"
            )
        settings.check()
        self._settings, self._sizes, self._seed = settings, (exemplar, instance), seed
        self._count = batch_size
        self._album = album if album is not None else read_album(settings.folder, settings.cutouts)
        self._workers = workers if workers is not None else os.cpu_count() or 1

    def batch(self, index: int, rows: slice = ALL) -> Pairs:
        """Batch number `index`, >= 0, or some of its rows; pictures, settings, sizes, seed and number decide it."""
        with ThreadPoolExecutor(self._workers, "drol-pairs") as pool:
            pairs = list(pool.map(lambda row: self._pair(index, row), range(self._count)[rows]))
        template, search, box, positive = zip(*pairs, strict=True)
        return Pairs(
            template=jnp.asarray(np.stack(template)),
            search=jnp.asarray(np.stack(search)),
            box=jnp.asarray(np.stack(box)),
            positive=jnp.asarray(np.array(positive)),
            mask=None,
        )

    def _pair(self, index: int, row: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, bool]:
        # Not row 0: numpy takes [seed, index, 0] for [seed, index], which a mixture chooses its sources by.
        rng = np.random.default_rng([self._seed, index, row + 1])
        return compose(rng, self._album, self._settings, *self._sizes)
