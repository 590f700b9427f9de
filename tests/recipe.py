"""Inputs of the recorded numbers, rebuilt bit for bit from their names: weights, pictures, videos, features.

Everything comes from the raw 64-bit output of PCG64, seeded by the CRC-32 of a name, through IEEE-exact operations,
so that the files in golden/ need to hold results only. Pictures here are RGB; the recorded recipe counts its
channels as BGR.
"""

import math
import zlib

import numpy as np


def bits(name, count):
    """uint64 [count]."""
    return np.random.PCG64(zlib.crc32(name.encode())).random_raw(int(count))


def unit(name, shape):
    """float64 in [0, 1)."""
    high = (bits(name, math.prod(shape)) >> np.uint64(11)).astype(np.float64)
    return (high * 2.0**-53).reshape(shape)


def uniform(name, shape, low, high):
    return (low + (high - low) * unit(name, shape)).astype(np.float32)


def tensor(name, shape, deviation):
    """Zero mean, the given standard deviation."""
    return ((2.0 * unit(name, shape) - 1.0) * (np.sqrt(3.0) * deviation)).astype(np.float32)


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


def _noise(name, height, width, cell):
    """Integer bilinear value noise, int64 [height, width, 3]."""
    rows, columns = height // cell + 2, width // cell + 2
    lattice = (bits(f"{name}/{cell}", rows * columns * 3) >> np.uint64(56)).astype(np.int64).reshape(rows, columns, 3)
    (row, down), (column, right) = np.divmod(np.arange(height), cell), np.divmod(np.arange(width), cell)
    down, right = down[:, None, None], right[None, :, None]
    row, column = row[:, None], column[None, :]
    above = lattice[row, column] * (cell - right) + lattice[row, column + 1] * right
    below = lattice[row + 1, column] * (cell - right) + lattice[row + 1, column + 1] * right
    return (above * (cell - down) + below * down) // (cell * cell)


def _texture_bgr(name, height, width):
    octaves = ((4, 32), (3, 12), (2, 5), (1, 2))
    total = sum(weight * _noise(name, height, width, cell) for weight, cell in octaves)
    return np.clip((total - 1275) * 3 // 16 + 128, 0, 255)


def texture(name, height, width):
    """uint8 RGB [height, width, 3]."""
    return np.ascontiguousarray(_texture_bgr(name, height, width)[..., ::-1]).astype(np.uint8)


def test_image():
    return texture("test_image", 360, 480)


test_image.__test__ = False

FRAMES, TARGET = 30, (46, 38)


def target_box(t):
    """(x, y, w, h) of the video's target in frame t."""
    return (70 + 5 * t - (t * t) // 15, 60 + 2 * t + (t * t) // 30, *TARGET)


def frame(t):
    """uint8 RGB [240, 320, 3]: a look-alike in frames 9 to 12, the target gone in 16 to 25, darker from 20."""
    picture = _texture_bgr("video/background", 240, 320)
    width, height = TARGET
    target = _texture_bgr("video/target", height, width)
    target = np.clip((target - 128) * 2 + 128 + np.array([60, -40, -60]), 0, 255)
    x, y, _, _ = target_box(t)
    if 9 <= t <= 12:
        alike = np.s_[y + 46 : y + 46 + height, x + 48 : x + 48 + width]
        picture[alike] = (7 * target + picture[alike]) // 8
    if not 16 <= t <= 25:
        picture[y : y + height, x : x + width] = target
    if t >= 20:
        picture = picture - picture // 16
    return np.ascontiguousarray(picture[..., ::-1]).astype(np.uint8)


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
