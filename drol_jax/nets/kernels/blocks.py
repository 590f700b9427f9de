"""Strided convolutions over blocks of pixels, for first layers: same numbers as the plain forms, but for rounding.

A kernel over three channels leaves vector units idle; over blocks of s x s pixels stride s is 1, and channels are more.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.nets.kernels import winograd
from drol_jax.nets.kernels.convolution import image_by_image, on_cpu, unstrided
from drol_jax.nets.kernels.windows import every


def space_to_depth(x: jax.Array, kernel: jax.Array, strides: Any, padding: Any, **rest: Any) -> jax.Array:
    """Strided convolution as an unstrided one over stride x stride blocks; on the CPU by Winograd's algorithm.

    11x11 stride 2 on 255x255 takes two cores 2.4 ms so with 96 outputs and 1.1 with 24; over blocks without the
    algorithm 7.3 and 3.6, as it stands 5.5 and 31.
    A kernel of fewer than three blocks, for which the algorithm is not made, is a product of patches on the CPU.

    Args:
      x: [B, H, W, C].
      kernel: [h, w, C, O], square.
      strides: (s, s).
    """
    size, s = kernel.shape[0], strides[0]

    def blocks(x, kernel):
        return unstrided(_blocks(x, size, s), _kernel_blocks(kernel, s))

    def by_tiles(x, kernel):
        return winograd.by_rows(_blocks(x, size, s), _kernel_blocks(kernel, s))

    if x.dtype == jnp.float32 and winograd.rows_gain(_blocks_of(size, s), kernel.shape[3]):
        return on_cpu(by_tiles, blocks)(x, kernel)
    if s <= size <= 3 * s:
        return jax.lax.platform_dependent(x, kernel, cpu=partial(_by_patches, s=s), default=blocks)
    return blocks(x, kernel)


def blocks_basis(kernel: np.ndarray, s: int) -> np.ndarray | None:
    """A kernel for `by_blocks`, made beforehand; None where `space_to_depth` does not go by Winograd's algorithm.

    Args:
      kernel: float32 [h, w, C, O], square.
      s: its stride.

    Returns:
      float32 [n, s (b + 1) s C, 2 O] for kernels of b blocks: `winograd.pair_basis` of each line of the blocks.
    """
    if not winograd.rows_gain(_blocks_of(kernel.shape[0], s), kernel.shape[3]):
        return None
    lines = np.split(_kernel_blocks(np.asarray(kernel), s, np), s, axis=2)
    return np.concatenate([winograd.pair_basis(line) for line in lines], axis=1)


def by_blocks(x: jax.Array, basis: jax.Array, size: int, s: int) -> jax.Array:
    """`space_to_depth` on the CPU with a kernel of `blocks_basis`, in .6 to .8 of the time.

    Args:
      x: [B, H, W, C], computed in the basis's type.
      basis: float32, of `blocks_basis`.
      size, s: the kernel's rows and columns, and its stride.

    Returns:
      [B, (H - size) // s + 1, (W - size) // s + 1, O], but for rounding, 1e-5 of the largest number.
    """
    x = x.astype(basis.dtype)
    blocks, (rows, columns) = _blocks_of(size, s), _strided_size(x, size, s)

    def one(image: jax.Array, basis: jax.Array) -> jax.Array:
        lines = _lines_of_blocks(image, s, *winograd.room_in_pairs(blocks, rows, columns))
        return winograd.in_pairs(lines, basis, blocks, rows, columns)

    return image_by_image(one, x, basis)


def _blocks(x: jax.Array, size: int, s: int) -> jax.Array:
    """Images over blocks of s x s pixels, so that stride s becomes 1; as many as kernels of `size` rows reach."""
    around, channels = _blocks_of(size, s) - 1, x.shape[3]
    x = _lines_of_blocks(x, s, *(n + around for n in _strided_size(x, size, s)))
    x = x.reshape(*x.shape[:3], -1, s * channels)
    return jnp.concatenate([x[:, :, line] for line in range(s)], axis=-1)


def _lines_of_blocks(x: jax.Array, s: int, rows: int, columns: int) -> jax.Array:
    """So many of these blocks, [B, rows, s, columns * s * C], line by line; zeros where the images end."""
    channels = x.shape[3]
    # A pixel's channels are too few to be moved by themselves: lines are padded whole, and blocks read line by line.
    x = x[:, : rows * s, : columns * s].reshape(len(x), -1, min(x.shape[2], columns * s) * channels)
    x = jnp.pad(x, ((0, 0), (0, rows * s - x.shape[1]), (0, columns * s * channels - x.shape[2])))
    return x.reshape(-1, rows, s, columns * s * channels)


def _strided_size(x: jax.Array, size: int, s: int) -> tuple[int, int]:
    """Rows and columns that a kernel of `size` rows with stride s makes of images."""
    rows, columns = ((n - size) // s + 1 for n in x.shape[1:3])
    return rows, columns


def _kernel_blocks(kernel: Any, s: int, xp: Any = jnp) -> Any:
    """The kernel over such blocks; of numpy where `xp` is."""
    size, _, channels, outputs = kernel.shape
    blocks = _blocks_of(size, s)
    pad = blocks * s - size
    kernel = xp.pad(kernel, ((0, pad), (0, pad), (0, 0), (0, 0)))
    kernel = kernel.reshape(blocks, s, blocks, s, channels, outputs).transpose(0, 2, 1, 3, 4, 5)
    return kernel.reshape(blocks, blocks, s * s * channels, outputs)


def _blocks_of(size: int, s: int) -> int:
    return -(-size // s)


def _by_patches(x: jax.Array, kernel: jax.Array, s: int) -> jax.Array:
    """Strided convolution as one product of patches with a matrix that makes two outputs, of neighbouring columns.

    A patch is `size` rows of size + s columns, each read in one piece. A single output's would be of few channels, and
    most of it copied twice.
    """
    size, _, channels, outputs = kernel.shape
    rows, columns = _strided_size(x, size, s)
    pairs, over = -(-columns // 2), size - s
    # A pair's columns are those of a block of 2 s, and the next block's first ones.
    width = (pairs + 1) * 2 * s
    x = x[:, :, :width].reshape(*x.shape[:2], -1)
    x = jnp.pad(x, ((0, 0), (0, 0), (0, width * channels - x.shape[2])))
    x = x.reshape(*x.shape[:2], pairs + 1, 2 * s * channels)
    lines = [every(x, row, rows, s, 1) for row in range(size)]
    patches = [part for line in lines for part in (line[:, :, :pairs], line[:, :, 1:, : over * channels])]
    both = [jnp.pad(kernel, ((0, 0), ends, (0, 0), (0, 0))) for ends in ((0, s), (s, 0))]
    matrix = jnp.stack(both, axis=-2).reshape(-1, 2 * outputs)
    y = jnp.concatenate(patches, axis=-1) @ matrix
    return y.reshape(len(x), rows, 2 * pairs, outputs)[:, :, :columns]
