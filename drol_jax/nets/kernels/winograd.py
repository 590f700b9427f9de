"""Convolution with fewer products: Winograd's algorithm, for CPUs.

Tiles of n = m + k - 1 rows and columns of the image and the k x k kernel are taken to a basis in which the m x m
outputs of a tile cost n * n products for each pair of channels in place of (m * k)^2: 36 for 144 with k = 3, 64 for
400 with k = 5, both with m = 4. What remains is one batched matrix product. The kernels are transformed once, when
weights are loaded (`kernel_basis`): doing it in every frame would cost more than is won, and they take 4 (k = 3) or
2.6 (k = 5) times their memory.

Source: A. Lavin and S. Gray, Fast algorithms for convolutional neural networks, CVPR 2016; the matrices follow from
evaluating and interpolating polynomials at some points and at infinity (Toom and Cook).

Letters: B images, H W rows and columns, C channels, O outputs, G groups, T tiles, n and m as above, k kernel size.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.nets.kernels import LAYOUT
from drol_jax.nets.kernels.windows import every

TILE = 4
"""m, rows and columns of output that a tile gives. With 6 the kernels take nearly twice the memory for little gain."""
POINTS = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5)
TEN_POINTS = (0.0, 1.0, -1.0, 0.5, 1.5, -1.5, -0.75, -0.25, 3.0)
"""Of sets of small fractions one with the least rounding: 1.9e-6 of the largest number, 3e-6 if 3/4 and -3/4 join the
seven."""
KERNEL_SIZES = (3, 5)
ROWS_OF = {3: 4, 4: 4, 5: 4, 6: 5}
"""m of `by_rows` for every k it takes."""
LEAST_CHANNELS = 24
"""Input and output channels from which on a gain has been measured. Each use costs a second of compilation."""


def rows_gain(size: int, *channels: int) -> bool:
    """Whether convolution along the rows alone is made, and quicker, for a kernel of `size` rows.

    Args:
      channels: those of which there may be too few.
    """
    return size in ROWS_OF and min(channels) >= LEAST_CHANNELS


class Transforms(NamedTuple):
    """outputs = A [(G kernel) * (B image)] along one axis, in float64."""

    output: np.ndarray  # A, [m, n]
    kernel: np.ndarray  # G, [n, k]
    image: np.ndarray  # B, [n, n]


@lru_cache(maxsize=len(ROWS_OF))
def transforms(k: int, m: int = TILE) -> Transforms:
    """The matrices of m outputs and k taps."""
    n = m + k - 1
    points = POINTS if n <= len(POINTS) + 1 else TEN_POINTS

    def powers(count: int) -> np.ndarray:
        at_infinity = np.eye(count)[-1:]
        return np.concatenate([np.vander(points[: n - 1], count, increasing=True), at_infinity])

    image = np.linalg.inv(powers(n)).T
    # Rows of like size round alike; powers of two move no digit.
    size = 2.0 ** np.round(np.log2(np.abs(image).sum(axis=1, keepdims=True)))
    return Transforms(powers(m).T, powers(k) * size, image / size)


def kernel_basis(kernel: np.ndarray, groups: int = 1) -> tuple[np.ndarray, ...]:
    """A kernel in the basis of products, each group's by itself: to cut one out of an array is to copy it.

    Args:
      kernel: float32 [k, k, C / G, O], k one of `KERNEL_SIZES`.
      groups: G.

    Returns:
      For every group float32 [n * n, C / G, O / G], columns of a tile before its rows; computed in float64.
    """
    k, _, channels, outputs = kernel.shape
    g = transforms(k).kernel
    both = np.einsum("jv,iu->jiuv", g, g).reshape(-1, k * k)
    product = both @ np.asarray(kernel, np.float64).reshape(k * k, -1)
    product = product.astype(np.float32).reshape(-1, channels, groups, outputs // groups)
    return tuple(np.ascontiguousarray(product[:, :, group]) for group in range(groups))


def by_rows(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """Unstrided, unpadded convolution by the algorithm along the rows alone, a column's taps being channels.

    It saves a half to two thirds of the products, with no kernels made beforehand, and its gradients are as cheap.

    Args:
      x: float32 [B, H, W, C].
      kernel: [k, k, C, O], k one of `ROWS_OF`.

    Returns:
      [B, H - k + 1, W - k + 1, O], but for rounding, 1e-6 or 2e-6 of the largest number.
    """
    k, _, channels, outputs = kernel.shape
    m = ROWS_OF[k]
    to_output, of_kernel, to_basis = transforms(k, m)
    n = m + k - 1
    rows, columns = (size - k + 1 for size in x.shape[1:3])
    down = -(-rows // m)
    x = jnp.pad(x, ((0, 0), (0, down * m + k - 1 - x.shape[1]), (0, 0), (0, 0)))
    lines = jnp.stack(_combine(to_basis, [every(x, i, down, m, 1) for i in range(n)]))
    taps = jnp.concatenate([every(lines, v, columns, 1, 3) for v in range(k)], axis=-1)
    basis = jnp.tensordot(of_kernel.astype(np.float32), kernel, 1).reshape(n, k * channels, outputs)
    y = (taps.reshape(n, -1, k * channels) @ basis).reshape(n, -1, down, columns, outputs)
    y = jnp.stack(_combine(to_output, jnp.unstack(y)), axis=2)  # [B, down, m, columns, O]
    return y.reshape(-1, down * m, columns, outputs)[:, :rows]


def pair_basis(kernel: np.ndarray) -> np.ndarray:
    """A kernel in the basis of products along the rows, for `in_pairs`.

    Args:
      kernel: float32 [k, k, C, O], k one of `ROWS_OF`.

    Returns:
      float32 [n, (k + 1) * C, 2 * O]: taps of k + 1 columns in, outputs of two neighbouring columns out; computed in
      float64.
    """
    k, _, _, outputs = kernel.shape
    basis = np.tensordot(transforms(k, ROWS_OF[k]).kernel, np.asarray(kernel, np.float64), 1).astype(np.float32)
    both = [np.pad(basis, ((0, 0), ends, (0, 0), (0, 0))) for ends in ((0, 1), (1, 0))]
    return np.stack(both, axis=-2).reshape(len(basis), -1, 2 * outputs)


def room_in_pairs(k: int, rows: int, columns: int) -> tuple[int, int]:
    """Rows and columns that an image of `in_pairs` has, for so many rows and columns of results."""
    m = ROWS_OF[k]
    return -(-rows // m) * m + k - 1, 2 * (-(-columns // 2) + k // 2)


def in_pairs(x: jax.Array, basis: jax.Array, k: int, rows: int, columns: int) -> jax.Array:
    """`by_rows` with a kernel made beforehand, two neighbouring columns' outputs at once.

    For few channels: their taps are half as much to write. Each row of the tiles is a product by itself and said as a
    1x1 convolution, which a CPU's cores share; a batch of products they do not.

    Args:
      x: float32 [B, H, P, W * C], images whose channels are in P parts; H and W as `room_in_pairs` says. What is
        more than the results need may be any finite numbers.
      basis: `pair_basis` of each part's kernel, one after the other along their taps.
      k: the kernel's rows and columns.
      rows, columns: of the results.

    Returns:
      [B, rows, columns, O], but for rounding, 1e-5 of the largest number.
    """
    m = ROWS_OF[k]
    to_output, _, to_basis = transforms(k, m)
    parts = x.shape[2]
    channels = basis.shape[1] // (parts * (k + 1))
    down, pairs = -(-rows // m), -(-columns // 2)
    window = [2 * channels] * ((k + 1) // 2) + [channels] * ((k + 1) % 2)  # what a pair's columns see, two by two
    products = []
    lines = _combine(to_basis, [every(x, i, down, m, 1) for i in range(m + k - 1)])
    for line, kernel in zip(lines, jnp.unstack(basis), strict=True):
        line = line.reshape(*line.shape[:3], -1, 2 * channels)
        taps = [line[:, :, p, i : i + pairs, :size] for p in range(parts) for i, size in enumerate(window)]
        image, kernel = jnp.concatenate(taps, axis=-1), kernel[None, None]
        products.append(jax.lax.conv_general_dilated(image, kernel, (1, 1), "VALID", dimension_numbers=LAYOUT))
    y = jnp.stack(_combine(to_output, products), axis=2)  # [B, down, m, pairs, 2 O]
    return y.reshape(-1, down * m, 2 * pairs, basis.shape[-1] // 2)[:, :rows, :columns]


def convolve(
    x: jax.Array,
    basis: Sequence[jax.Array],
    k: int,
    padding: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0)),
    dilation: int = 1,
) -> jax.Array:
    """Unstrided convolution by a kernel that `kernel_basis` has transformed.

    Args:
      x: float32 [B, H, W, C].
      basis: for every group [n * n, C / G, O / G].
      k: the kernel's rows and columns.
      padding: ((top, bottom), (left, right)), zeros.
      dilation: distance of the kernel's taps; every dilation-th row and column is an image of its own.

    Returns:
      [B, H', W', O], as of `jax.lax.conv_general_dilated` but for rounding, about 1e-5 of the largest number.
    """
    if len(basis) > 1:
        parts = zip(jnp.split(x, len(basis), axis=-1), basis, strict=True)
        # As a stack: the compiler then writes every output to its place at once, and copies none.
        y = jnp.stack([convolve(part, (its,), k, padding, dilation) for part, its in parts], axis=-2)
        return y.reshape(*y.shape[:-2], -1)
    products = basis[0]
    rows, columns = (n + sum(pad) - dilation * (k - 1) for n, pad in zip(x.shape[1:3], padding, strict=True))
    if dilation == 1:
        return _convolve(x, products, k, padding, rows, columns)
    each_rows, each_columns = -(-rows // dilation), -(-columns // dilation)
    high, wide = (dilation * (n + k - 1) for n in (each_rows, each_columns))
    (top, _), (left, _) = padding
    x = jnp.pad(x, ((0, 0), (top, high), (left, wide), (0, 0)))[:, :high, :wide]
    b, c = x.shape[0], x.shape[-1]
    x = x.reshape(b, high // dilation, dilation, wide // dilation, dilation, c)
    x = x.transpose(0, 2, 4, 1, 3, 5).reshape(b * dilation**2, high // dilation, wide // dilation, c)
    y = _convolve(x, products, k, ((0, 0), (0, 0)), each_rows, each_columns)
    y = y.reshape(b, dilation, dilation, each_rows, each_columns, -1).transpose(0, 3, 1, 4, 2, 5)
    return y.reshape(b, each_rows * dilation, each_columns * dilation, -1)[:, :rows, :columns]


def _convolve(x: jax.Array, basis: jax.Array, k: int, padding, rows: int, columns: int) -> jax.Array:
    (top, _), (left, _) = padding
    to_output, _, to_basis = transforms(k)
    m, n = to_output.shape
    down, along = -(-rows // m), -(-columns // m)
    high, wide = down * m + k - 1, along * m + k - 1
    b, c = x.shape[0], x.shape[-1]
    x = jnp.pad(x, ((0, 0), (top, max(0, high - top)), (left, max(0, wide - left)), (0, 0)))[:, :high, :wide]

    lines = [every(x, i, down, m, 1) for i in range(n)]
    x = jnp.stack(_combine(to_basis, lines))  # [n, B, down, wide, C], row of the tile first
    lines = [every(x, j, along, m, 3) for j in range(n)]
    x = jnp.stack(_combine(to_basis, lines))  # [n, n, B, down, along, C]

    y = (x.reshape(n * n, b * down * along, c) @ basis).reshape(n, n, b, down, along, -1)

    y = jnp.stack(_combine(to_output, jnp.unstack(y)), axis=-2)  # [n, B, down, along, m, O]
    y = jnp.stack(_combine(to_output, jnp.unstack(y)), axis=2)  # [B, down, m, along, m, O]
    return y.reshape(b, down * m, along * m, -1)[:, :rows, :columns]


def _combine(matrix: np.ndarray, parts: Sequence[jax.Array]) -> list[jax.Array]:
    """Rows of the matrix as weighted sums of the parts: sums that fuse, where a product of small matrices is slow."""
    results = []
    add, multiply = jax.lax.add, jax.lax.mul  # there are hundreds, and those of jnp take three times as long to trace
    for row in matrix:
        total = None
        for weight, part in zip(row.tolist(), parts, strict=True):
            if weight:
                term = part if weight == 1 else multiply(part, np.asarray(weight, part.dtype))
                total = term if total is None else add(total, term)
        results.append(total)
    return results
