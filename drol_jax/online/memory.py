"""Training samples of the online subnet and their weights (ATOM's sample memory).

The first frame's samples hold the leading slots for good and keep a least total weight; a new sample replaces the
lightest of the others. Where that least weight is zero they are samples like the others.
Letters: N slots, N0 samples of the first frame, L feature cells, C channels.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from drol_jax.config import Samples
from drol_jax.online.halves import floats, halves


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Memory:
    """Samples and weights. Slots never written hold zeros and have weight zero."""

    features: jax.Array
    """float32 [N, L, L, C], compressed and attended; of samples in bfloat16 their bits, uint16 [C, N, L, L]."""
    centres: jax.Array
    """float32 [N, 2] (row, column), cells: centres of the label Gaussians."""
    weights: jax.Array
    """float32 [N], sum 1, up to 0.0015 more at the published rates once the first samples are held up."""
    previous: jax.Array
    """int32 (): slot of the latest insertion, -1 before the first."""


def first_memory(features: jax.Array, centres: jax.Array, size: int, samples: Samples = "float32") -> Memory:
    """Memory of the first frame: N0 equally weighted samples, then empty slots.

    Args:
      features: float32 [N0, L, L, C].
      centres: float32 [N0, 2] (row, column), cells.
      size: N > N0, static.
      samples: type that they are kept in, static; auto is float32.
    """
    first = features.shape[0]
    if not first < size:
        raise ValueError(f"a memory of {size} slots has no room beside {first} first samples")
    empty = size - first
    around = ((0, empty), (0, 0), (0, 0), (0, 0))
    return Memory(
        features=halves(jnp.pad(features, around)) if samples == "bfloat16" else jnp.pad(features, around),
        centres=jnp.pad(centres, ((0, empty), (0, 0))),
        weights=jnp.pad(jnp.full((first,), 1 / first, jnp.float32), (0, empty)),
        previous=jnp.asarray(-1, jnp.int32),
    )


def insert(
    memory: Memory,
    feature: jax.Array,
    centre: jax.Array,
    rate: jax.Array,
    first_samples: int,
    minimum_weight: jax.Array,
    accept: jax.Array,
    unit_weights: bool = False,
) -> Memory:
    """Put one sample in the slot of least weight: behind the first frame's samples, unless these may weigh nothing.

    Args:
      memory: donate it to update its features in place.
      feature: float32 [L, L, C].
      centre: float32 [2] (row, column), cells.
      rate: float32 (), learning rate in (0, 1): the new sample weighs 1 / (1 - rate) of the one before it.
      first_samples: N0, static.
      minimum_weight: float32 (): least total weight of the first frame's samples.
      accept: bool (), traced; where False the memory stays as it is.
      unit_weights: static; keep the weights' sum at one. Published: they come out a little over one.
    """
    slot = _lightest(memory, first_samples, minimum_weight)
    weights = _reweighted(memory, slot, rate, first_samples, minimum_weight, unit_weights)
    # One slot is rewritten whatever `accept` says: `where` or `cond` over the arrays would copy all of them.
    return Memory(
        features=_put_feature(memory.features, slot, feature, accept),
        centres=_put(memory.centres, slot, centre, accept),
        weights=jnp.where(accept, weights, memory.weights),
        previous=jnp.where(accept, slot, memory.previous),
    )


def insert_share(
    memory: Memory,
    feature: jax.Array,
    centre: jax.Array,
    share: float,
    first_samples: int,
    minimum_weight: jax.Array,
) -> Memory:
    """Put one sample in the slot of least weight, and give it a share of all weight at once.

    The samples that follow weigh what they would without it: it is not the one before them.

    Args:
      memory, feature, centre, first_samples, minimum_weight: as in `insert`.
      share: weight of the new sample in (0, 1). The others keep their order, and the first frame's their least total
        weight, as far as it fits beside the share.
    """
    slot = _lightest(memory, first_samples, minimum_weight)
    others = memory.weights.at[slot].set(0)
    is_first = jnp.arange(others.shape[0]) < first_samples
    first, later = jnp.sum(jnp.where(is_first, others, 0)), jnp.sum(jnp.where(is_first, 0, others))
    room = 1 - share
    # Without later samples all of the room is the first frame's, and the other way round.
    held = jnp.clip(jnp.maximum(first / (first + later) * room, minimum_weight), 0, room)
    held = jnp.where(later > 0, jnp.where(first > 0, held, 0), room)
    weights = jnp.where(is_first, others * _over(held, first), others * _over(room - held, later))
    return Memory(
        features=_put_feature(memory.features, slot, feature, True),
        centres=_put(memory.centres, slot, centre, True),
        weights=weights.at[slot].set(share),
        previous=memory.previous,
    )


def features_of(memory: Memory) -> jax.Array:
    """float32 [N, L, L, C]: the samples' features, whatever type they are kept in."""
    return floats(memory.features) if in_halves(memory) else memory.features


def in_halves(memory: Memory) -> bool:
    """Whether the samples are kept in bfloat16."""
    return memory.features.dtype == jnp.uint16


def slot_axis(memory: Memory) -> int:
    """The axis of the features that is the memory's slots."""
    return 1 if in_halves(memory) else 0


def leading(memory: Memory, size: int, first: jax.Array | int, channels: int) -> Memory:
    """The leading slots of a memory, which are all that have weight.

    Args:
      memory: its features may be those of many memories end to end.
      size: slots.
      first: place of the memory's own among its features' leading axis.
      channels: C.
    """
    if in_halves(memory):
        features = _rows(memory.features, first, channels)[:, :size]
    else:
        features = _rows(memory.features, first, size)
    return Memory(
        features=features, centres=memory.centres[:size], weights=memory.weights[:size], previous=memory.previous
    )


def _rows(array: jax.Array, first: jax.Array | int, count: int) -> jax.Array:
    """So many rows of an array; a slice of all would still be a copy."""
    return array if array.shape[0] == count else jax.lax.dynamic_slice_in_dim(array, first, count)


def filled(memory: Memory) -> jax.Array:
    """int32 (): number of leading slots that can have weight; all slots behind them have none."""
    slots = jnp.arange(1, memory.weights.shape[0] + 1, dtype=jnp.int32)
    return jnp.max(jnp.where(memory.weights > 0, slots, 0))


def _lightest(memory: Memory, first_samples: int, minimum_weight: jax.Array) -> jax.Array:
    """int32 (): slot of least weight, first of equals: empty slots in order, then the oldest sample."""
    held = (jnp.arange(memory.weights.shape[0]) < first_samples) & (minimum_weight > 0)
    return jnp.argmin(jnp.where(held, jnp.inf, memory.weights)).astype(jnp.int32)


def _over(a: jax.Array, b: jax.Array) -> jax.Array:
    """a / b, 0 where b is."""
    return jnp.where(b > 0, a / jnp.where(b > 0, b, 1), 0)


def _reweighted(
    memory: Memory,
    slot: jax.Array,
    rate: jax.Array,
    first_samples: int,
    minimum_weight: jax.Array,
    unit_weights: bool,
) -> jax.Array:
    """float32 [N]: the weights after a sample went into `slot`."""
    old = memory.weights
    at_first = (old / (1 - rate)).at[slot].set(rate)
    later = old.at[slot].set(old[memory.previous] / (1 - rate))
    weights = jnp.where(memory.previous < 0, at_first, later)
    weights = weights / jnp.sum(weights)

    # Published: with the others divided by (minimum + their sum), the total comes out a little over one.
    is_first = jnp.arange(old.shape[0]) < first_samples
    too_light = jnp.sum(weights[:first_samples]) < minimum_weight
    others = jnp.sum(weights[first_samples:])
    shrunk = weights * ((1 - minimum_weight) / others) if unit_weights else weights / (minimum_weight + others)
    raised = jnp.where(is_first, minimum_weight / first_samples, shrunk)
    return jnp.where(too_light, raised, weights)


def _put_feature(features: jax.Array, slot: jax.Array, feature: jax.Array, accept: jax.Array | bool) -> jax.Array:
    """A memory's features with those of one slot replaced by `feature`, float32 [L, L, C], where `accept`."""
    if features.dtype == jnp.uint16:
        return _put(features, slot, halves(feature[None])[:, 0], accept, 1)
    return _put(features, slot, feature, accept)


def _put(array: jax.Array, slot: jax.Array, value: jax.Array, accept: jax.Array | bool, axis: int = 0) -> jax.Array:
    """An array whose `axis` is slots, with one slot replaced by `value` where `accept`."""
    old = jax.lax.dynamic_index_in_dim(array, slot, axis, keepdims=False)
    return jax.lax.dynamic_update_index_in_dim(array, jnp.where(accept, value, old), slot, axis)
