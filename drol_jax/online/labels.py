"""Gaussian targets of the online subnet (ATOM's labels, used by the paper's section 3.2).

A label is a Gaussian of fixed width; only its centre changes from sample to sample, so the memory stores centres and
`gaussian` draws the maps when a fit needs them.

Cells: the label's grid is k = -(L-1)/2 ... (L-1)/2, zero in the middle of the map. One pixel of the crop counts as
L / S cells, also where the network has no padding and the true figure is 1 / stride (published:
labels of AlexNet trackers move about 30 % too little).
Letters: N samples, I images of the first frame, L feature cells, S search size (pixels).
"""

import jax
import jax.numpy as jnp


def behind(kernel_size: int) -> float:
    """Cells that a filter's response lies down and right of what it answers to: an even one has no middle tap."""
    return kernel_size // 2 - (kernel_size - 1) / 2


def label_sigma(target_size: jax.Array, scale: jax.Array, L: int, S: int, factor: jax.Array) -> jax.Array:
    """Width of the labels, fixed for the whole track.

    Args:
      target_size: float32 [2] (w, h), image pixels.
      scale: float32 (), crop pixels per image pixel.
      L, S: feature cells and search size.
      factor: float32 (), width in target sizes.

    Returns:
      float32 (), cells: `factor` times the geometric mean of the target's sides.
    """
    sides = L / S * jnp.asarray(target_size, jnp.float32) * scale
    return factor * jnp.sqrt(sides[0] * sides[1])


def first_centres(
    centre: jax.Array, shifts: jax.Array, dropout_samples: int, L: int, S: int, kernel_size: int = 4
) -> jax.Array:
    """Label centres of the first frame's samples.

    Args:
      centre: float32 [2] (x, y), image pixels: the target; its crop was taken about the rounded centre.
      shifts: int32 [I, 2] (rows, columns), crop pixels, from `augment.shifts`.
      dropout_samples: copies of the first sample that follow the images.
      L, S: feature cells and search size.
      kernel_size: of the subnet's filter, cells.

    Returns:
      float32 [N0, 2] (row, column), cells, N0 = I + dropout_samples. Published: the fraction lost by rounding is in
      image pixels but is used as if it were in crop pixels, as in `update_centre`.
    """
    first = update_centre(centre, jnp.round(jnp.asarray(centre, jnp.float32)), L, S, kernel_size)
    images = first[None] + shifts.astype(jnp.float32) * (L / S)
    copies = jnp.broadcast_to(images[:1], (dropout_samples, 2))
    return jnp.concatenate([images, copies])


def update_centre(centre_new: jax.Array, sample_centre: jax.Array, L: int, S: int, kernel_size: int = 4) -> jax.Array:
    """Label centre of a sample taken while tracking.

    Published: the displacement is in image pixels, although the sample's crop was
    scaled, so the label moves by 1 / scale of the target's way in the crop.

    Args:
      centre_new: float32 [2] (x, y), image pixels: the target as the tracker found it in this frame.
      sample_centre: float32 [2] (x, y), image pixels: the target before this frame, rounded half to even.
      L, S: feature cells and search size.
      kernel_size: of the subnet's filter, cells.

    Returns:
      float32 [2] (row, column), cells.
    """
    moved = jnp.asarray(centre_new, jnp.float32) - jnp.asarray(sample_centre, jnp.float32)
    return moved[::-1] * (L / S) + behind(kernel_size)


def gaussian(centres: jax.Array, sigma: jax.Array, L: int) -> jax.Array:
    """Label maps, peak 1.

    Args:
      centres: float32 [N, 2] (row, column), cells from the middle of the map.
      sigma: float32 (), cells.
      L: feature cells.

    Returns:
      float32 [N, L, L].
    """
    k = jnp.arange(L, dtype=jnp.float32) - (L - 1) / 2
    offset = k[None, None, :] - centres[:, :, None]
    sides = jnp.exp(-(offset**2) / (2 * sigma**2))
    return sides[:, 0, :, None] * sides[:, 1, None, :]
