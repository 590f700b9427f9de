"""Layers that several networks share."""

from collections.abc import Callable
from functools import partial
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from drol_jax.nets.facts import BATCH_NORM_EPSILON, FAST_KERNELS
from drol_jax.nets.kernels import winograd
from drol_jax.nets.kernels.blocks import by_blocks, space_to_depth
from drol_jax.nets.kernels.convolution import by_channel, pointwise, strided

BATCH_NORM_MOMENTUM = 0.9
"""Share of the stored statistics that a training step keeps."""


class Layer(nn.Module):
    """A layer that takes parameters which are there as they are.

    Flax would trace in every call how each one was first made, for its shape: half the time that tracing takes.
    Weights are compared with `inference.survey` when they are read.
    """

    def param(self, name: str, init_fn: Callable[..., Any], *args: Any, **rest: Any) -> Any:
        if self.has_variable("params", name):
            return self.get_variable("params", name)
        return super().param(name, init_fn, *args, **rest)


class Norm(Layer, nn.BatchNorm):
    """Batch normalisation by stored statistics; by the batch's where the caller lets the stored ones change.

    `apply(..., mutable=["batch_stats"])` is what says that a network learns: nothing else needs to be told. Without
    stored statistics it is in the convolution before it already (`nets.inference.fold`). While variables are made it
    hands its input on as it is. By `frozen_norm` alone: of channels, the last axis, with scale and bias.
    """

    @nn.compact
    def __call__(
        self, x: jax.Array, use_running_average: bool | None = None, *, mask: jax.Array | None = None
    ) -> jax.Array:
        if self.is_initializing():
            # What flax makes, and no more: tracing what a normalisation computes is a third of a network's survey.
            channels = x.shape[-1:]
            self.variable("batch_stats", "mean", jnp.zeros, channels, jnp.float32)
            self.variable("batch_stats", "var", jnp.ones, channels, jnp.float32)
            self.param("scale", self.scale_init, channels, self.param_dtype)
            self.param("bias", self.bias_init, channels, self.param_dtype)
            return x
        if not self.has_variable("batch_stats", "mean"):
            return x
        learns = self.is_mutable_collection("batch_stats")
        return super().__call__(x, use_running_average=not learns, mask=mask)


def frozen_norm(name: str | None = None) -> nn.BatchNorm:
    """Batch normalisation by stored statistics, unless they are being learned."""
    return Norm(epsilon=BATCH_NORM_EPSILON, momentum=BATCH_NORM_MOMENTUM, name=name)


def _in_kernels_type(x: jax.Array, kernel: jax.Array, bias: jax.Array | None, **rest: Any) -> Any:
    return x.astype(kernel.dtype), kernel, None if bias is None else bias.astype(kernel.dtype)


class Dense(Layer, nn.Dense):
    """`flax.linen.Dense`."""


class Conv(Layer, nn.Conv):
    """`flax.linen.Conv`, computed and handed on in the kernel's type.

    By `fast_form` where the variables hold a kernel for that (see `inference.prepare`); a filter of single channels
    then takes its bias with it. A bias that the variables hold counts, whatever `use_bias` says: `inference.fold` makes
    one of the normalisation that follows.
    """

    promote_dtype: Any = _in_kernels_type

    def __call__(self, x: jax.Array) -> jax.Array:
        fast = self.has_variable(FAST_KERNELS, "kernel")
        bias = None
        if (fast or not self.use_bias) and self.has_variable("params", "bias"):
            bias = self.get_variable("params", "bias")
        if not fast:
            y = super().__call__(x)
        else:
            kernel, form = self.get_variable(FAST_KERNELS, "kernel"), self.fast_form()
            if form.func is by_channel:
                return form(x, kernel, bias=bias)
            y = form(x, kernel)
        return y if bias is None else y + bias.astype(y.dtype).reshape((1,) * (y.ndim - 1) + (-1,))

    def fast_form(self) -> partial[jax.Array]:
        """(x, kernel) -> y, by a kernel of `FAST_KERNELS`, without the bias, which `by_channel` takes too."""
        if self.conv_general_dilated is by_channel:
            steps, apart = (self.stride(),) * 2, (self.dilation(),) * 2
            return partial(by_channel, strides=steps, padding=self.zeros(), rhs_dilation=apart)
        if self.conv_general_dilated is space_to_depth:
            return partial(by_blocks, size=self.size, s=self.stride())
        return partial(winograd.convolve, k=self.size, padding=self.zeros(), dilation=self.dilation())

    @property
    def size(self) -> int:
        """Rows and columns of a square kernel; 0 of another."""
        sizes = {self.kernel_size} if isinstance(self.kernel_size, int) else set(self.kernel_size)
        return sizes.pop() if len(sizes) == 1 else 0

    def stride(self) -> int:
        return max(jax.tree.leaves(self.strides), default=1)

    def dilation(self) -> int:
        return max(jax.tree.leaves(self.kernel_dilation), default=1)

    def zeros(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Zeros before and after the rows and the columns."""
        if isinstance(self.padding, str):
            around = self.dilation() * (self.size - 1) if self.padding == "SAME" else 0
            each = (around // 2, around - around // 2)
            return each, each
        if isinstance(self.padding, int):
            return (self.padding, self.padding), (self.padding, self.padding)
        top, bottom, left, right = jax.tree.leaves(self.padding)
        return (top, bottom), (left, right)


def one_by_one(module: Any, first_layers: Callable[[Any, jax.Array], Any], images: jax.Array) -> Any:
    """`first_layers(module, images)`, on a CPU for each image by itself.

    An image's first maps just fit into the caches, those of several do not. Kernels do, and need not be shared.

    Args:
      module: the `nn.Module` whose layers they are. Weights prepared for a CPU (`inference.prepare`) tell that it runs
        on one.
      first_layers: gives any pytree of [B, ...].
      images: [B, H, W, C].
    """
    if images.shape[0] == 1 or FAST_KERNELS not in module.variables:
        return first_layers(module, images)

    def body(module, carry, image):
        return carry, jax.tree.map(lambda x: x[0], first_layers(module, image[None]))

    return nn.scan(body, variable_broadcast=True, split_rngs={})(module, (), images)[1]


def conv(channels: int, size: int, *, stride: int = 1, pad: int = 0, dilation: int = 1, **rest: Any) -> Conv:
    """Square convolution with PyTorch's arguments; without a bias unless asked for."""
    if (size, stride, pad) == (1, 1, 0):
        rest.setdefault("conv_general_dilated", pointwise)
    elif stride > 1 and not pad and dilation == 1 and "feature_group_count" not in rest:
        rest.setdefault("conv_general_dilated", strided)
    return Conv(
        channels,
        (size, size),
        strides=stride,
        padding=[(pad, pad), (pad, pad)],
        kernel_dilation=dilation,
        use_bias=rest.pop("use_bias", False),
        **rest,
    )
