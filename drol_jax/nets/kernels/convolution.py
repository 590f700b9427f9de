"""Convolutions in forms that compilers handle well; same numbers as the plain forms, but for rounding.

The convolutions take the arguments of `jax.lax.conv_general_dilated` that `flax.linen.Conv` passes, in NHWC; all but
`by_channel` are for unpadded, undilated ones, all but it and `grouped` for ungrouped ones.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from drol_jax.nets.kernels import LAYOUT, winograd
from drol_jax.nets.kernels.windows import every

Convolution = Callable[..., jax.Array]


def on_cpu(one: Convolution, other: Convolution) -> Convolution:
    """A convolution by the form `one`, image by image, on the CPU and by `other` elsewhere, and so its gradients.

    One image's parts fit into the processor's cache, those of a batch do not.

    Args:
      one, other: (x, kernel) -> y; `one` is called with a batch of one image.
    """

    def value(x, kernel):
        return jax.lax.platform_dependent(x, kernel, cpu=partial(image_by_image, one), default=other)

    def forth(x, kernel):
        # A structure says whether anybody asks for the images' gradient: first layers are not asked.
        return value(x.value, kernel.value), (x.value, kernel.value, () if x.perturbed else None)

    def back(kept, slope):
        *inputs, asked = kept
        wanted = (0, 1) if asked is not None else (1,)
        found = jax.lax.platform_dependent(
            *inputs, slope, cpu=partial(_slopes_of_each, one, wanted), default=partial(_slopes, other, wanted)
        )
        return found if asked is not None else (jnp.zeros_like(inputs[0]), *found)

    convolution = jax.custom_vjp(value)
    convolution.defvjp(forth, back, symbolic_zeros=True)
    return convolution


def image_by_image(one: Convolution, x: jax.Array, kernel: jax.Array) -> jax.Array:
    """A convolution of several images, one after the other; `one` is called with a batch of one image."""
    if x.shape[0] == 1:
        return one(x, kernel)
    return jax.lax.map(lambda image: one(image[None], kernel)[0], x)


def _slopes(form: Convolution, wanted: tuple[int, ...], x: jax.Array, kernel: jax.Array, slope: jax.Array) -> Any:
    """Gradients for the wanted ones among (x, kernel)."""
    inputs = (x, kernel)

    def of_wanted(*chosen):
        return form(*(chosen[wanted.index(i)] if i in wanted else inputs[i] for i in (0, 1)))

    return jax.vjp(of_wanted, *(inputs[i] for i in wanted))[1](slope)


def _slopes_of_each(
    one: Convolution, wanted: tuple[int, ...], x: jax.Array, kernel: jax.Array, slope: jax.Array
) -> Any:
    def add(total, pair):
        image, its_slope = (part[None] for part in pair)
        *of_image, of_kernel = _slopes(one, wanted, image, kernel, its_slope)
        return total + of_kernel, [part[0] for part in of_image]

    total, of_images = jax.lax.scan(add, jnp.zeros_like(kernel), (x, slope))
    return (*of_images, total)


def unstrided(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """Unstrided, unpadded convolution in the plain form."""
    return jax.lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=LAYOUT)


def by_rows(x: jax.Array, kernel: jax.Array, strides: Any, padding: Any, **rest: Any) -> jax.Array:
    """Unstrided convolution, on the CPU by Winograd's algorithm along the rows.

    Args:
      x: [B, H, W, C].
      kernel: [k, k, C, O].
    """
    if x.dtype == jnp.float32 and winograd.rows_gain(kernel.shape[0], *kernel.shape[2:]):
        return on_cpu(winograd.by_rows, unstrided)(x, kernel)
    return unstrided(x, kernel)


def pointwise(x: jax.Array, kernel: jax.Array, strides: Any, padding: Any, **rest: Any) -> jax.Array:
    """1x1 convolution, unstrided and unpadded; on the CPU as a matrix product, which is quicker.

    Args:
      x: [B, H, W, C].
      kernel: [1, 1, C, O].
    """

    def product(x, kernel):
        return x @ kernel[0, 0]

    return jax.lax.platform_dependent(x, kernel, cpu=product, default=unstrided)


def strided(x: jax.Array, kernel: jax.Array, strides: Any, padding: Any, **rest: Any) -> jax.Array:
    """Strided, unpadded convolution; on the CPU as one product of all patches, a patch's taps being channels.

    3x3 with stride 2 over 63x63 cells takes 6 ms so with 256 channels and 512 outputs, as a plain convolution 9 for one
    image and 11 for each of several.

    Args:
      x: [B, H, W, C].
      kernel: [h, w, C, O].
      strides: (s, s).
    """
    step = strides[0]

    def plain(x, kernel):
        return jax.lax.conv_general_dilated(x, kernel, strides, "VALID", dimension_numbers=LAYOUT)

    def product(x, kernel):
        size = kernel.shape[:2]
        rows, columns = ((n - k) // step * step + 1 for n, k in zip(x.shape[1:3], size, strict=True))
        taps = [x[:, u : u + rows : step, v : v + columns : step] for u in range(size[0]) for v in range(size[1])]
        return jnp.concatenate(taps, axis=-1) @ kernel.reshape(-1, kernel.shape[-1])

    return jax.lax.platform_dependent(x, kernel, cpu=product, default=plain)


def grouped(x: jax.Array, kernel: jax.Array, strides: Any, padding: Any, **rest: Any) -> jax.Array:
    """Grouped convolution; on the CPU as one convolution a group, which takes half the time.

    Args:
      x: [B, H, W, C].
      kernel: [h, w, C / groups, O].
      rest: `feature_group_count` tells the groups.
    """
    groups = rest["feature_group_count"]

    def plain(x, kernel):
        return jax.lax.conv_general_dilated(
            x, kernel, (1, 1), "VALID", dimension_numbers=LAYOUT, feature_group_count=groups
        )

    def one_by_one(x, kernel):
        parts = zip(jnp.split(x, groups, axis=-1), jnp.split(kernel, groups, axis=-1), strict=True)
        return jnp.concatenate([by_rows(part, its_kernel, strides, padding) for part, its_kernel in parts], axis=-1)

    return jax.lax.platform_dependent(x, kernel, cpu=one_by_one, default=plain)


def by_channel(
    x: jax.Array, kernel: jax.Array, strides: Any, padding: Any, bias: jax.Array | None = None, **rest: Any
) -> jax.Array:
    """Channel-wise convolution, padded, strided, dilated; on the CPU as one product for each kernel tap, which fuse.

    MobileNetV2 takes 120 ms so, and 980 ms with the plain form. A bias is best given here: sums that end with one are
    made anew by a compiler for each use but the first, and a squeeze-and-excite block uses them twice.

    Args:
      x: [B, H, W, C].
      kernel: [h, w, 1, C].
      strides: (s, s).
      padding: ((top, bottom), (left, right)), zeros.
      bias: [C], added.
      rest: `rhs_dilation`, where there is any.
    """
    dilation = rest.get("rhs_dilation", (1, 1))
    channels = x.shape[-1]

    def plain(x, kernel, bias):
        y = jax.lax.conv_general_dilated(
            x,
            kernel,
            strides,
            padding,
            rhs_dilation=dilation,
            dimension_numbers=LAYOUT,
            feature_group_count=channels,
        )
        return y if bias is None else y + bias[None, None, None]

    around = tuple(map(tuple, padding))
    taps = partial(_taps, strides=tuple(strides), padding=around, dilation=tuple(dilation))
    return jax.lax.platform_dependent(x, kernel, bias, cpu=taps, default=plain)


# Traced once for each shape, which many layers share: a network has thousands of these operations.
@partial(jax.jit, inline=True, static_argnames=("strides", "padding", "dilation"))
def _taps(x, kernel, bias, strides, padding, dilation):
    x = jnp.pad(x, ((0, 0), *padding, (0, 0)))
    rows, columns = (
        (n - d * (size - 1) - 1) // s + 1
        for n, d, size, s in zip(x.shape[1:3], dilation, kernel.shape[:2], strides, strict=True)
    )
    total = None if bias is None else bias[None, None, None]
    for u in range(kernel.shape[0]):
        for v in range(kernel.shape[1]):
            part = every(every(x, u * dilation[0], rows, strides[0], 1), v * dilation[1], columns, strides[1], 2)
            tap = part * jax.lax.slice(kernel, (u, v, 0, 0), (u + 1, v + 1, *kernel.shape[2:]))
            total = tap if total is None else total + tap
    assert total is not None
    return total
