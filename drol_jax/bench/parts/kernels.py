"""What each fast form of a convolution gains over XLA's plain one, for the shapes that the configuration uses."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.bench.plan import spread
from drol_jax.bench.subject import Subject, matmul_precision, seconds_of
from drol_jax.nets.facts import FAST_KERNELS
from drol_jax.nets.kernels import LAYOUT, winograd
from drol_jax.nets.layers import Conv
from drol_jax.system.compiling import compiler_options

CALLS = 20
"""Timed calls in each repetition, of both forms in turns."""
Program = Callable[[jax.Array, Any], jax.Array]


@dataclass(frozen=True)
class Shape:
    """One kind of layer."""

    form: str
    """Name of the fast form, as the code has it."""
    image: tuple[int, ...]
    """[B, H, W, C] that goes in."""
    kernel: tuple[int, ...]
    """[h, w, C / groups, O]."""
    stride: int
    groups: int

    def told(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("form", "image", "kernel", "stride", "groups")}


@dataclass(frozen=True)
class Layer:
    """A layer as it ran: its shape, its two forms, and what both take."""

    shape: Shape
    fast: Program
    plain: Program
    kernels: tuple[Any, jax.Array]
    """The kernel for the fast form, and the plain one."""


def measure(subject: Subject, frames: int, repeat: int) -> dict[str, Any]:
    """{"shapes": for each kind of layer a search goes through in a fast form, what it is, how many layers there are of
    it, and {median, low, high} of "fast_ms", "plain_ms" and "faster", plain over fast within a repetition}.

    Args:
      frames: not needed; the shapes are those of one.
    """
    seen: dict[Shape, tuple[Layer, int]] = {}
    for layer in layers(subject):
        seen[layer.shape] = layer, seen[layer.shape][1] + 1 if layer.shape in seen else 1
    return {"shapes": [shape.told() | {"layers": n} | _timed(layer, repeat) for shape, (layer, n) in seen.items()]}


def layers(subject: Subject) -> Iterator[Layer]:
    """The layers of a search and of what follows it that have a fast form, in the order in which they run."""
    tracker = subject.tracker("off")
    network, sizes = tracker.model.network, tracker.config.search
    found: list[Layer] = []
    within: list[Any] = []  # layers under way: ours calls the one that it is made of

    def look(call: Any, args: Any, kwargs: Any, context: Any) -> Any:
        layer = context.module
        if isinstance(layer, Conv) and context.method_name == "__call__" and not any(layer is one for one in within):
            found.extend(_two_forms(layer, args[0].shape))
        within.append(layer)
        try:
            return call(*args, **kwargs)
        finally:
            within.pop()

    def images(size: int) -> jax.Array:
        return jnp.zeros((1, size, size, 3), jnp.float32)

    with matmul_precision():
        template = network.template(images(sizes.exemplar_size))
        with nn.intercept_methods(look):
            network.match(template, network.search_of(*network.pyramid(images(sizes.instance_size))))
    yield from found


def _two_forms(conv: Conv, image: tuple[int, ...]) -> Iterator[Layer]:
    """The layer's fast form beside the plain one; nothing of a layer that has none."""
    chosen = conv.conv_general_dilated
    form = getattr(chosen, "__name__", "") if getattr(chosen, "__module__", "").startswith("drol_jax.") else ""
    fast = conv.has_variable(FAST_KERNELS, "kernel")
    if not (form or fast):
        return
    kernel = conv.get_variable("params", "kernel")
    stride, dilation, zeros = conv.stride(), conv.dilation(), conv.zeros()
    plain = partial(
        jax.lax.conv_general_dilated,
        window_strides=(stride, stride),
        padding=zeros,
        rhs_dilation=(dilation, dilation),
        dimension_numbers=LAYOUT,
        feature_group_count=conv.feature_group_count,
    )
    prepared: Any = kernel
    quick: partial[jax.Array] = partial(
        chosen or jax.lax.conv_general_dilated,
        strides=(stride, stride),
        padding=zeros,
        rhs_dilation=(dilation, dilation),
        feature_group_count=conv.feature_group_count,
    )
    if fast:
        prepared, quick = conv.get_variable(FAST_KERNELS, "kernel"), conv.fast_form()
    shape = Shape(
        form="winograd" if quick.func is winograd.convolve else form,
        image=tuple(image),
        kernel=tuple(kernel.shape),
        stride=stride,
        groups=conv.feature_group_count,
    )
    yield Layer(shape, quick, plain, (prepared, kernel))


def _timed(layer: Layer, repeat: int) -> dict[str, Any]:
    plain_kernel = layer.kernels[1]
    x = jnp.asarray(np.random.default_rng(0).normal(size=layer.shape.image), plain_kernel.dtype)
    calls: list[Callable[[], Any]] = []
    with matmul_precision():
        for form, kernel in zip((layer.fast, layer.plain), layer.kernels, strict=True):
            program = jax.jit(form).lower(x, kernel).compile(compiler_options=compiler_options() or None)
            calls.append(partial(program, x, kernel))
    sums: list[list[float]] = [[], []]
    for call in calls:
        seconds_of(call)
    for _ in range(repeat):
        once = [[seconds_of(call)[0] for call in calls] for _ in range(CALLS)]
        for total, seconds in zip(sums, zip(*once, strict=True), strict=True):
            total.append(1e3 * float(np.median(seconds)))
    fast, plain = sums
    faster = [b / a for a, b in zip(fast, plain, strict=True)]
    return {"fast_ms": spread(fast), "plain_ms": spread(plain), "faster": spread(faster)}
