"""Inputs of the recorded numbers, rebuilt bit for bit from their names: weights, pictures, videos, features.

Everything comes from the generator of `drol_jax.bench.recipe`, which also holds the video, so that the files in golden/
need to hold results only. Pictures here are RGB; the recorded recipe counts its channels as BGR.
"""

import math

import numpy as np

from drol_jax.bench.recipe import FRAMES, TARGET, bits, frame, target_box, tensor, texture, uniform, unit

__all__ = ["FRAMES", "TARGET", "bits", "frame", "target_box", "tensor", "texture", "uniform", "unit"]

# Weights, by their names in a PySOT state dict

RANGES = {
    "running_mean": (-0.1, 0.1),
    "running_var": (0.5, 1.5),
    "bias": (-0.1, 0.1),
    "corr_bias": (-0.1, 0.1),
    "cls_weight": (0.5, 1.5),
    "loc_weight": (0.5, 1.5),
}


def parameter(name, shape):
    """One array of the state dict; convolutions OIHW, the transposed one IOHW."""
    kind = name.rsplit(".", 1)[-1]
    if kind == "num_batches_tracked":
        return np.zeros(shape, np.int64)
    if kind in RANGES:
        return uniform(name, shape, *RANGES[kind])
    if len(shape) == 1:
        return uniform(name, shape, 0.5, 1.5) * np.float32(_norm_gain(name))
    transposed = name.endswith("deconv.weight")
    fan_in = shape[0] if transposed else math.prod(shape[1:])
    amplitude = np.sqrt(6.0 / fan_in) * _gain(name, shape)
    weight = 2.0 * unit(name, shape) - 1.0
    if not transposed and not name.endswith("head.3.weight"):
        mean = weight.reshape(shape[0], -1).mean(1)
        weight = weight - mean.reshape(-1, *[1] * (len(shape) - 1))
    return (weight * amplitude).astype(np.float32)


def _norm_gain(name):
    """Small where a residual branch ends, so that many blocks do not blow up."""
    if name.endswith(".bn3.weight"):
        return 0.25
    return 0.6 if name.startswith("backbone.layer") and name.endswith(".conv.7.weight") else 1.0


# The first that fits a name's end counts.
GAINS = {
    "neck.downsample.downsample.0.weight": 0.5,
    "deconv.weight": 0.3,
    "head.0.weight": 0.12,
    "loc.head.3.weight": 0.1,
}


def _gain(name, shape):
    if name.startswith("backbone.") and shape[1] == 3:
        return 1.0 / 64
    if name == "backbone.features.14.weight":
        return 0.05 if shape[1] == 192 else 0.6
    return next((gain for end, gain in GAINS.items() if name.endswith(end)), 1.0)


def state_dict(shapes):
    """{name: array} for {name: shape}."""
    return {name: parameter(name, tuple(shape)) for name, shape in shapes.items()}


# Pictures


def test_image():
    return texture("test_image", 360, 480)


test_image.__test__ = False


def net_inputs(search_size):
    """Template uint8 [127, 127, 3] and search region uint8 [S, S, 3], which holds the template."""
    z = texture("net/z", 127, 127)
    x = texture("net/x", search_size, search_size)
    x[40:167, 60:187] = z
    return z, x


# Maps and features, channels last


def head_outputs(name, anchors, size):
    """cls [1, R, R, 2A], loc [1, R, R, 4A]."""
    cls = uniform(f"{name}/cls", (1, 2 * anchors, size, size), -2.0, 2.0)
    loc = uniform(f"{name}/loc", (1, 4 * anchors, size, size), -0.3, 0.3)
    return cls.transpose(0, 2, 3, 1), loc.transpose(0, 2, 3, 1)


def bump_map(size, peaks, base=0.0):
    """float32 [size, size]: a bump amplitude / (1 + (d / width)^2)^2 for each (row, column, amplitude, width)."""
    y, x = np.arange(size, dtype=np.float64)[:, None], np.arange(size, dtype=np.float64)[None, :]
    total = np.full((size, size), float(base))
    for row, column, amplitude, width in peaks:
        q = 1.0 + ((y - row) ** 2 + (x - column) ** 2) / (width * width)
        total = total + amplitude / (q * q)
    return total.astype(np.float32)


def features(name, count, channels, size, centres):
    """float32 [count, size, size, channels]: noise, and one pattern around `centres` [count, 2] (row, column)."""
    pattern = 2.0 * unit(f"{name}/p", (channels,)) - 1.0
    k = np.arange(size, dtype=np.float64) - (size - 1) / 2.0
    result = np.empty((count, size, size, channels), np.float32)
    for i, (row, column) in enumerate(centres):
        noise = unit(f"{name}/{i}", (channels, size, size))
        q = 1.0 + ((k[:, None] - row) ** 2 + (k[None, :] - column) ** 2) / 9.0
        sample = 0.6 * (2.0 * noise - 1.0) + 0.02 + 1.2 * pattern[:, None, None] * (1.0 / (q * q))[None]
        result[i] = sample.astype(np.float32).transpose(1, 2, 0)
    return result
