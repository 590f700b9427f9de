"""The target-specific feature out of the Siamese one: compression and dual attention (paper, section 3.2).

Letters: N samples, L rows and columns, C channels of the Siamese feature, D after compression, A channels that the
attention sees (D when it follows the compression, C when it precedes it).
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from drol_jax.config import OnlineConfig


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Extractor:
    """Weights fitted to the first frame and fixed from then on."""

    projection: jax.Array  # [C, D]
    fc1: jax.Array | None  # [A, A // 2], without channel attention None
    fc2: jax.Array | None  # [A // 2, A]


def has_channel_attention(online: OnlineConfig) -> bool:
    return online.attention in ("channel", "dual")


def attention_channels(online: OnlineConfig, channels: int) -> int:
    """A, for a Siamese feature of `channels` channels."""
    return online.channels if online.order == "compress_attend" else channels


def extract(extractor: Extractor, feature: jax.Array, online: OnlineConfig) -> jax.Array:
    """Target-specific feature.

    Args:
      extractor: the fitted weights.
      feature: [N, L, L, C], Siamese feature of the search region.
      online: attention and order.

    Returns:
      [N, L, L, D].
    """
    if online.order == "attend_compress":
        return _attend(extractor, feature, online) @ extractor.projection
    return _attend(extractor, feature @ extractor.projection, online)


def _attend(extractor: Extractor, a: jax.Array, online: OnlineConfig) -> jax.Array:
    """Dual attention adds the spatially and the channel-wise weighted feature; each alone leaves the other out."""
    gain = None
    if online.attention in ("spatial", "dual"):
        gain = jax.nn.sigmoid(jnp.mean(a, axis=-1, keepdims=True))
    if has_channel_attention(online):
        assert extractor.fc1 is not None and extractor.fc2 is not None
        pooled = jnp.mean(a, axis=(1, 2))
        channel = jax.nn.sigmoid(jax.nn.relu(pooled @ extractor.fc1) @ extractor.fc2)[:, None, None, :]
        gain = channel if gain is None else gain + channel
    return a if gain is None else a * gain


def attention_rows(
    extractor: Extractor, taps: jax.Array, pooled: jax.Array, online: OnlineConfig
) -> tuple[jax.Array | None, jax.Array | None]:
    """Linear maps of a sample's pixels in which compression, attention and a filter are one.

    A pixel's product with tap t is sigmoid(spatial[T] . pixel) * (spatial[t] . pixel) + channel[n, t] . pixel, the
    first term where there is spatial attention, the second where there is channel-wise attention or none.

    Args:
      taps: [T, D], of the filter.
      pooled: [N, C], mean of every sample over its pixels.

    Returns:
      (spatial [T + 1, C] or None, channel [N, T, C] or [T, C] or None).
    """
    late = online.order == "attend_compress"
    projection = extractor.projection
    plain = taps @ projection.T
    spatial = channel = None
    if online.attention in ("spatial", "dual"):
        mean = jnp.full_like(projection[:, 0], 1 / len(projection)) if late else jnp.mean(projection, axis=1)
        spatial = jnp.concatenate([plain, mean[None]])
    if has_channel_attention(online):
        assert extractor.fc1 is not None and extractor.fc2 is not None
        seen = pooled if late else pooled @ projection
        gain = jax.nn.sigmoid(jax.nn.relu(seen @ extractor.fc1) @ extractor.fc2)[:, None]
        channel = plain[None] * gain if late else (taps[None] * gain) @ projection.T
    elif spatial is None:
        channel = plain
    return spatial, channel
