"""Pairs as a backbone that does not learn has seen them: its outputs, computed once and kept on disk.

Composing a pair and running the backbone over it cost many times what the head's step does. A head that is trained on
kept outputs sees each pair as often as the steps want it, in another order every time round.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.checkpoint.variables import weights_hash
from drol_jax.config import ModelConfig
from drol_jax.config.network import backbone_facts
from drol_jax.errors import UserError, reason
from drol_jax.nets.inference.fold import fold
from drol_jax.nets.inference.prepare import prepare
from drol_jax.nets.network import Levels, Network
from drol_jax.train.pairs.batch import ALL, Pairs, Source

RECORD = "features.json"


@dataclass(frozen=True, kw_only=True)
class FeatureSettings:
    """What is kept."""

    folder: str
    """Folder for it, which other runs with the same backbone, sources and sizes share."""
    pairs: int
    """Pairs; rounded down to whole batches. Two bytes a number: a MobileNetV2's stage 5 takes 0.23 MB a pair."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class SeenPairs:
    """As `Pairs`, with the backbone's outputs in the place of images; there are no masks."""

    template: Levels  # float16 [B, L, L, C_i] of each level that the neck takes
    search: Levels
    box: jax.Array  # float32 [B, 4]
    positive: jax.Array  # bool [B]


def without_online(model: ModelConfig) -> ModelConfig:
    """The network as training needs it: what the online subnet sees has no part in a loss."""
    return replace(model, online_layers=())


class Features:
    """Endless batches of a fixed number of pairs: in order the first time round, then shuffled anew each time.

    Args:
      source: of pairs; its batches number 0 to N - 1 are used.
      settings: where they are kept and how many.
      model, variables: the network whose backbone sees them.
      about: what decides the pairs, as plain data: whatever lies in the folder must be of the same.
      batch_size, sizes: pairs in a batch; (exemplar, instance) pixels.
      seed: of the order.

    Raises:
      UserError: the folder holds other features, or cannot be written; fewer pairs than a batch; a mask branch.
    """

    def __init__(
        self,
        source: Source[Pairs],
        settings: FeatureSettings,
        model: ModelConfig,
        variables: Any,
        about: Any,
        batch_size: int,
        sizes: tuple[int, int],
        seed: int,
    ) -> None:
        if model.mask:
            raise UserError("features: the mask decoder learns from images; leave features out")
        self._source, self._size, self._seed = source, batch_size, seed
        self._batches = settings.pairs // batch_size
        if self._batches < 1:
            raise UserError(f"features.pairs is {settings.pairs}, wanted at least batch_size {batch_size}")
        self._see = _seeing(without_online(model), variables)
        self._folder = Path(settings.folder)
        backbone = {"params": variables["params"]["backbone"], "batch_stats": variables["batch_stats"]["backbone"]}
        record = {"backbone": weights_hash(backbone), "pairs": about, "batch_size": batch_size, "sizes": list(sizes)}
        cells = [backbone_facts(model).cells(pixels) for pixels in sizes]
        channels = [backbone_facts(model).channels_of(i, model.width) for i in model.layers]
        count = self._batches * batch_size
        shapes = {
            f"{name}{i}": ((count, side, side, c), np.float16)
            for name, side in zip(("template", "search"), cells, strict=True)
            for i, c in enumerate(channels)
        } | {"box": ((count, 4), np.float32), "positive": ((count,), np.bool_)}
        try:
            self._arrays, self._done = self._opened(record, shapes)
        except (OSError, ValueError) as error:
            raise UserError(f"features: {self._folder}: {reason(error)}; name another folder") from error

    def _opened(self, record: dict[str, Any], shapes: dict[str, Any]) -> tuple[dict[str, Any], int]:
        """The arrays on disk, and how many batches of them are there."""
        path = self._folder / RECORD
        self._record = json.loads(json.dumps({**record, "batches": self._batches}))
        found = json.loads(path.read_text()) if path.is_file() else None
        if found is not None and {**found, "done": 0} != {**self._record, "done": 0}:
            different = [key for key in self._record if found.get(key) != self._record[key]]
            raise UserError(
                f"{self._folder} keeps features of other {' and '.join(different)}; name another features.folder"
            )
        self._folder.mkdir(parents=True, exist_ok=True)
        mode = "w+" if found is None else "r+"
        arrays = {
            name: np.lib.format.open_memmap(self._folder / f"{name}.npy", mode, kind, shape)
            for name, (shape, kind) in shapes.items()
        }
        return arrays, 0 if found is None else found["done"]

    def batch(self, index: int, rows: slice = ALL) -> SeenPairs:
        """Batch number `index`, >= 0, or some of its rows; those before it that are not kept yet are seen first."""
        turn, place = divmod(index, self._batches)
        while self._done <= (place if turn == 0 else self._batches - 1):
            self._fill()
        whole = slice(place * self._size, (place + 1) * self._size)
        order = np.arange(whole.start, whole.stop)
        if turn:
            order = np.sort(np.random.default_rng([self._seed, turn]).permutation(self._batches * self._size)[whole])
        order = order[rows]
        taken = {name: jnp.asarray(array[order]) for name, array in self._arrays.items()}
        levels = [[taken[f"{name}{i}"] for i in range(len(taken) // 2 - 1)] for name in ("template", "search")]
        return SeenPairs(
            template=tuple(levels[0]), search=tuple(levels[1]), box=taken["box"], positive=taken["positive"]
        )

    def _fill(self) -> None:
        """See the next batch and keep it."""
        pairs = self._source.batch(self._done)
        rows = slice(self._done * self._size, (self._done + 1) * self._size)
        for name, images in (("template", pairs.template), ("search", pairs.search)):
            for i, level in enumerate(self._see(images)):
                self._arrays[f"{name}{i}"][rows] = np.asarray(level)
        self._arrays["box"][rows], self._arrays["positive"][rows] = np.asarray(pairs.box), np.asarray(pairs.positive)
        self._done += 1
        path = self._folder / RECORD
        scratch = path.with_suffix(".new")
        scratch.write_text(json.dumps({**self._record, "done": self._done}))
        scratch.replace(path)


def _seeing(model: ModelConfig, variables: Any) -> Callable[[jax.Array], Levels]:
    """Images [B, H, W, 3] -> the backbone's outputs for the neck, float16."""
    fast = jax.device_put(prepare(model, fold(model, variables)))

    @jax.jit
    def see(variables: Any, images: jax.Array) -> Levels:
        levels = Network(model, variables).pyramid(images)[1]
        return tuple(level.astype(jnp.float16) for level in levels)

    return lambda images: see(fast, images)
