"""Localisation: the subnet's response, its score map and a verdict on it (ATOM's localisation, paper section 3.2).

Letters: L feature cells, S rows and columns of the score map, one per pixel of the search crop.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

import drol_jax.model  # noqa: F401  `Hyper` is a pytree from there on
from drol_jax.config import Hyper
from drol_jax.online.labels import behind
from drol_jax.online.verdict import Verdict


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Judgement:
    """The verdict and what it rests on."""

    verdict: jax.Array
    """int32 (), a `Verdict`."""
    peak: jax.Array
    """float32 (), maximum of the score map."""
    position: jax.Array
    """int32 [2] (row, column) of the maximum; the crop's centre is at S // 2."""


def resampling_matrix(L: int, S: int, kernel_size: int = 4) -> np.ndarray:
    """Fourier resampling of L cells to S pixels along one axis.

    The published score map is the Fourier series of the response, sampled at S points with the crop's centre at
    S // 2, and half a cell further on for an even filter, whose response lies so much behind. The series is real and
    separable, so the map is `D @ raw @ D.T` with this D.

    Published: for even L the Nyquist term is kept in full at both +L/2 and -L/2, twice as much as interpolation
    needs, so the map does not pass through the response's values.

    Returns:
      float32 [S, L], a numpy constant, computed in float64.
    """
    highest = L // 2
    pixel = (np.arange(S) + (S + 1) // 2) % S
    k = np.arange(1, highest + 1)
    phase = pixel[:, None] / S - (np.arange(L) + 0.5 - behind(kernel_size)) / L
    # (-1)^k shifts by half a period. Terms +k and -k together are two cosines.
    waves = np.where(k % 2, -2.0, 2.0) * np.cos(2 * np.pi * phase[..., None] * k)
    return ((1 + waves.sum(axis=-1)) / L).astype(np.float32)


def upsample(raw: jax.Array, S: int, kernel_size: int = 4) -> jax.Array:
    """Score map of the filter's response.

    Args:
      raw: float32 [L, L].
      S: search size, pixels, static.
      kernel_size: of the subnet's filter, cells, static.

    Returns:
      float32 [S, S].
    """
    D = resampling_matrix(raw.shape[0], S, kernel_size)
    # Verdicts compare peaks with thresholds: TF32 or bfloat16 products would move them.
    exact = jax.lax.Precision.HIGHEST
    return jnp.matmul(jnp.matmul(D, raw, precision=exact), D.T, precision=exact)


def judge(
    score_map: jax.Array, target_size: jax.Array, scale: jax.Array, hyper: Hyper, span: float | None = None
) -> Judgement:
    """Found, not found, or is there a second peak?

    The highest peak outside a neighbourhood of the maximum counts as a distractor when it is nearly as high
    (`hyper.distractor`), and as a hard negative from half the height on (`hyper.hard_negative`). Two near-equal
    peaks are told apart only if one is near the crop's centre and the other is not.

    Args:
      score_map: float32 [S, S].
      target_size: float32 [2] (h, w), image pixels.
      scale: float32 (), crop pixels per image pixel. The published tracker gives the first frame's for the whole track
        although `target_size` is the current one.
      hyper: uses not_found, distractor, hard_negative, neighbourhood, displacement.
      span: pixels about the map's middle whose half `hyper.displacement` counts in. Published: S, about S // 2.

    Returns:
      Judgement. A map of NaN, which is what one NaN in the response makes of it, is NOT_FOUND with peak NaN.
    """
    S = score_map.shape[0]
    peak, position = _maximum(score_map)
    around = hyper.neighbourhood * jnp.asarray(target_size, jnp.float32) * scale
    # Zeros, not minus infinity: on a negative background the second peak is zero.
    second, second_position = _maximum(jnp.where(_neighbourhood(position, around, S), 0, score_map))

    # Squared radii: exact integers against a threshold, where a device's square root may not be.
    middle, span = (S // 2, S) if span is None else ((S - 1) / 2, span)
    radius = hyper.displacement * span / 2
    limit = radius * radius
    first_off, second_off = _squared_distance(position, middle), _squared_distance(second_position, middle)
    one_near = ((second_off > limit) & (first_off < limit)) | ((second_off < limit) & (first_off > limit))
    twin = jnp.where(one_near, Verdict.HARD_NEGATIVE.value, Verdict.UNCERTAIN.value)

    lesser = (second > hyper.hard_negative * peak) & (second > hyper.not_found)
    alone = jnp.where(lesser, Verdict.HARD_NEGATIVE.value, Verdict.FOUND.value)
    found = jnp.where(second > hyper.distractor * peak, twin, alone)
    # Not `peak < not_found`, so that NaN is not a find.
    verdict = jnp.where(peak >= hyper.not_found, found, Verdict.NOT_FOUND.value)
    return Judgement(verdict=verdict.astype(jnp.int32), peak=peak, position=position)


def _maximum(score_map: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Maximum and int32 [2] (row, column) of it; of equals the leftmost, then the topmost."""
    column = jnp.argmax(_highest_of_columns(score_map)).astype(jnp.int32)
    row = jnp.argmax(jax.lax.dynamic_index_in_dim(score_map, column, axis=1, keepdims=False)).astype(jnp.int32)
    # Not the column's highest: large maxima may pass over NaN.
    return score_map[row, column], jnp.stack([row, column])


def _highest_of_columns(x: jax.Array) -> jax.Array:
    """[S, S] -> [S]: rows with rows, half of them at a time. On a CPU a third of the time of one maximum over all."""
    while (rows := x.shape[0]) > 1:
        half = (rows + 1) // 2
        x = jnp.maximum(x[:half], x[rows - half :])
    return x[0]


def _neighbourhood(position: jax.Array, size: jax.Array, S: int) -> jax.Array:
    """bool [S, S]: the rectangle of `size` [2] (rows, columns) pixels around `position`."""
    low = _round_sum(position, -size / 2)
    high = _round_sum(position + 1, size / 2)
    index = jnp.arange(S, dtype=jnp.int32)
    rows = (index >= low[0]) & (index < high[0])
    columns = (index >= low[1]) & (index < high[1])
    return rows[:, None] & columns[None, :]


def _round_sum(whole: jax.Array, offset: jax.Array) -> jax.Array:
    """`round(whole + offset)`, half to even, int32, as if the float32 `offset` were added in float64."""
    below = jnp.floor(offset)
    part = offset - below
    base = whole + below.astype(jnp.int32)
    up = (part > 0.5) | ((part == 0.5) & (base % 2 == 1))
    return base + up.astype(jnp.int32)


def _squared_distance(position: jax.Array, middle: float) -> jax.Array:
    """float32 (), exact: squared distance of int32 [2] from the crop's centre, pixels squared."""
    off = position - middle if isinstance(middle, int) else position.astype(jnp.float32) - middle
    return jnp.sum(off * off).astype(jnp.float32)
