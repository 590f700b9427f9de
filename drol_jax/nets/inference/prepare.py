"""Network weights in the form that a device computes with fastest."""

from typing import Any

import jax
import numpy as np

from drol_jax.config import ModelConfig
from drol_jax.nets.facts import FAST_KERNELS
from drol_jax.nets.inference.facts import ConvFacts
from drol_jax.nets.inference.survey import survey
from drol_jax.nets.kernels import winograd
from drol_jax.nets.kernels.blocks import blocks_basis
from drol_jax.system.trees import flatten_dict, unflatten_dict


def prepare(config: ModelConfig, variables: Any) -> Any:
    """Weights for tracking on a CPU: with kernels for Winograd's algorithm beside the plain ones.

    So too those of first layers (`by_blocks`). Filters of single channels are there as they are, for `by_channel` to
    take their bias with them.

    Args:
      config: the network.
      variables: {"params", "batch_stats"} as a checkpoint holds them.

    Returns:
      The same with the collection `FAST_KERNELS`, float32 numpy arrays; a network that finds it there uses it.
      Kernels that have a fast form get no gradients then. It holds 2.6 to 4 times the memory of the kernels that it is
      made of. On devices other than CPUs leave it out.
    """
    kernels = flatten_dict(variables["params"])
    searched = survey(config).searched
    fast: dict[Any, Any] = {
        (*path, "kernel"): winograd.kernel_basis(np.asarray(kernels[*path, "kernel"]), layer.groups)
        for path, layer in searched.items()
        if _gains(layer)
    }
    for path, layer in searched.items():
        kernel = kernels[*path, "kernel"]
        if layer.groups == layer.channels == layer.outputs > 1:
            fast[*path, "kernel"] = kernel
        elif layer.in_blocks and (basis := blocks_basis(np.asarray(kernel), layer.stride)) is not None:
            fast[*path, "kernel"] = basis
    return {**variables, FAST_KERNELS: unflatten_dict(fast)} if fast else variables


def laid_out(variables: Any) -> Any:
    """Weights for tracking on a GPU: of every convolution's kernel, the numbers of one output channel side by side.

    It is how convolutions read them there. From any other order a program first rewrites each kernel, in every call:
    74 of 247 device kernels of a ResNet-50's step. Shapes stay as they are.

    Args:
      variables: arrays on the device; there the result stays (they are committed to it, as jax has it).
    """
    from jax.experimental.layout import Format, Layout  # it has no other place yet

    def format_of(leaf: jax.Array) -> Format:
        return Format(Layout((3, 0, 1, 2) if leaf.ndim == 4 else tuple(range(leaf.ndim))), leaf.sharding)

    # One program for all: one for each shape would take seconds to compile.
    return jax.jit(lambda tree: tree, out_shardings=jax.tree.map(format_of, variables))(variables)


def _gains(layer: ConvFacts) -> bool:
    wide = min(layer.channels, layer.outputs) // layer.groups >= winograd.LEAST_CHANNELS
    return wide and layer.size in winograd.KERNEL_SIZES and layer.stride == 1
