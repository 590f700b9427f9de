"""Everything random about a track, drawn once from a key and passed on as data."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from drol_jax.config import OnlineConfig
from drol_jax.online.features import Extractor, attention_channels, has_channel_attention


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class InitDraws:
    """Random values of the first frame."""

    shifts: jax.Array  # int32 [online.shifted_samples, 2] (rows, columns), pixels of the search region
    keep: jax.Array  # bool [online.dropout_samples, C], channels kept
    extractor: Extractor  # start of the first fit
    filter: jax.Array  # [k, k, D], start of the first fit


def draw(key: jax.Array, online: OnlineConfig, channels: int, search_size: int) -> InitDraws:
    """Draw a track's random values.

    Args:
      key: JAX random key.
      online: sizes and ranges.
      channels: C of the Siamese feature.
      search_size: rows and columns of the search region, pixels.
    """
    keys = jax.random.split(key, 6)
    a, d, k = attention_channels(online, channels), online.channels, online.kernel_size
    reach = search_size * online.random_shift
    uniform = jax.random.uniform(keys[0], (online.shifted_samples, 2)) - 0.5
    attends = has_channel_attention(online)
    normal = jax.random.normal
    return InitDraws(
        shifts=jnp.trunc(uniform * reach).astype(jnp.int32),
        keep=jax.random.bernoulli(keys[1], 1 - online.dropout_rate, (online.dropout_samples, channels)),
        extractor=Extractor(
            projection=normal(keys[2], (channels, d)) / channels**0.5,
            fc1=normal(keys[3], (a, a // 2)) / a**0.5 if attends else None,
            fc2=normal(keys[4], (a // 2, a)) / a**0.5 if attends else None,
        ),
        filter=normal(keys[5], (k, k, d)) / (k * k * d),
    )
