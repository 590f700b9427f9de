"""Layers of PySOT's networks in numpy, from their definitions: [channels, rows, columns] float64."""

from collections.abc import Mapping, Sequence

import numpy as np

BATCH_NORM_EPSILON = 1e-5
OUTPUTS_AT_ONCE = 256
State = Mapping[str, np.ndarray]
"""PySOT's arrays by name."""


def sequence(state: State, prefix: str, layers: str, x: np.ndarray) -> np.ndarray:
    """Layers one after the other, written as words.

    "name:conv" and "name:bn" carry arrays; conv's numbers are stride, padding and dilation, "3:conv2,0,1"; "relu",
    "relu6" and "pool" (3x3, stride 2) carry none.
    """
    for layer in layers.split():
        name, _, kind = layer.rpartition(":")
        if kind == "relu":
            x = np.maximum(x, 0)
        elif kind == "relu6":
            x = np.clip(x, 0, 6)
        elif kind == "pool":
            x = max_pool(x)
        elif kind == "bn":
            x = _batch_norm(state, prefix + name, x)
        else:
            numbers = kind.removeprefix("conv")
            x = with_bias(state, prefix + name, x, *map(int, numbers.split(",") if numbers else ()))
    return x


def convolution(x: np.ndarray, weight: np.ndarray, stride: int = 1, pad: int = 0, dilation: int = 1) -> np.ndarray:
    """[I, H, W] with [O, I / groups, h, w] -> [O, ...]; groups follow from the shapes, padding is zeros."""
    outputs, inputs, h, w = weight.shape
    groups = x.shape[0] // inputs
    x = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    extent = (dilation * (h - 1) + 1, dilation * (w - 1) + 1)
    parts = []
    for part, kernel in zip(np.split(x, groups), np.split(weight, groups), strict=True):
        patches = np.lib.stride_tricks.sliding_window_view(part, extent, axis=(1, 2))
        patches = patches[:, ::stride, ::stride, ::dilation, ::dilation]
        rows, columns = patches.shape[1:3]
        matrix = patches.transpose(0, 3, 4, 1, 2).reshape(inputs * h * w, rows * columns)
        # A few outputs at a time: the largest kernels would take twice their room again as float64.
        for first in range(0, outputs // groups, OUTPUTS_AT_ONCE):
            some = kernel[first : first + OUTPUTS_AT_ONCE].astype(np.float64)
            parts.append((some.reshape(len(some), -1) @ matrix).reshape(-1, rows, columns))
    return np.concatenate(parts)


def with_bias(state: State, name: str, x: np.ndarray, *geometry: int) -> np.ndarray:
    """A convolution layer; geometry: stride, padding, dilation."""
    y = convolution(x, state[f"{name}.weight"], *geometry)
    bias = state.get(f"{name}.bias")
    return y if bias is None else y + bias.astype(np.float64)[:, None, None]


def max_pool(x: np.ndarray) -> np.ndarray:
    """3x3 with stride 2, no padding."""
    return np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))[:, ::2, ::2].max((3, 4))


def nearest(x: np.ndarray, size: int) -> np.ndarray:
    """[C, H, W] -> [C, size, size], index floor(i * H / size)."""
    rows, columns = (np.arange(size) * n // size for n in x.shape[1:])
    return x[:, rows][:, :, columns]


def _batch_norm(state: State, name: str, x: np.ndarray) -> np.ndarray:
    leaves: Sequence[str] = ("weight", "bias", "running_mean", "running_var")
    scale, bias, mean, var = (state[f"{name}.{leaf}"].astype(np.float64)[:, None, None] for leaf in leaves)
    return (x - mean) / np.sqrt(var + BATCH_NORM_EPSILON) * scale + bias
