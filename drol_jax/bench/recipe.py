"""A video and network weights made from nothing but their names: the same bits on every machine.

Everything comes from the raw 64-bit output of PCG64, seeded by the CRC-32 of a name, through IEEE-exact operations.
Needs numpy alone, so that what measures other programs can use it too.
"""

import math
import zlib
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

Shape = tuple[int, ...]

# Numbers


def bits(name: str, count: int) -> np.ndarray:
    """uint64 [count]."""
    return np.random.PCG64(zlib.crc32(name.encode())).random_raw(int(count))


def unit(name: str, shape: Shape) -> np.ndarray:
    """float64 in [0, 1)."""
    high = (bits(name, math.prod(shape)) >> np.uint64(11)).astype(np.float64)
    return (high * 2.0**-53).reshape(shape)


def uniform(name: str, shape: Shape, low: float, high: float) -> np.ndarray:
    """float32 in [low, high)."""
    return (low + (high - low) * unit(name, shape)).astype(np.float32)


def tensor(name: str, shape: Shape, deviation: float) -> np.ndarray:
    """float32, zero mean, the given standard deviation."""
    return ((2.0 * unit(name, shape) - 1.0) * (np.sqrt(3.0) * deviation)).astype(np.float32)


# Pictures


def _noise(name: str, height: int, width: int, cell: int) -> np.ndarray:
    """Integer bilinear value noise, int64 [height, width, 3]."""
    rows, columns = height // cell + 2, width // cell + 2
    lattice = (bits(f"{name}/{cell}", rows * columns * 3) >> np.uint64(56)).astype(np.int64).reshape(rows, columns, 3)
    (row, down), (column, right) = np.divmod(np.arange(height), cell), np.divmod(np.arange(width), cell)
    down, right = down[:, None, None], right[None, :, None]
    row, column = row[:, None], column[None, :]
    above = lattice[row, column] * (cell - right) + lattice[row, column + 1] * right
    below = lattice[row + 1, column] * (cell - right) + lattice[row + 1, column + 1] * right
    return (above * (cell - down) + below * down) // (cell * cell)


@lru_cache(maxsize=4)
def _texture_bgr(name: str, height: int, width: int) -> np.ndarray:
    octaves = ((4, 32), (3, 12), (2, 5), (1, 2))
    total = sum(weight * _noise(name, height, width, cell) for weight, cell in octaves)
    found = np.clip((total - 1275) * 3 // 16 + 128, 0, 255)
    found.setflags(write=False)
    return found


def texture(name: str, height: int, width: int) -> np.ndarray:
    """uint8 RGB [height, width, 3]."""
    return np.ascontiguousarray(_texture_bgr(name, height, width)[..., ::-1]).astype(np.uint8)


FRAMES, TARGET = 30, (46, 38)
SIZE = (240, 320)
"""(height, width) of the video, pixels."""


def target_box(t: int) -> tuple[int, int, int, int]:
    """(x, y, w, h) of the video's target in frame t, pixels, 0-based."""
    return (70 + 5 * t - (t * t) // 15, 60 + 2 * t + (t * t) // 30, *TARGET)


def frame(t: int, height: int = SIZE[0], width: int = SIZE[1]) -> np.ndarray:
    """uint8 RGB [height, width, 3]: a look-alike in frames 9 to 12, the target gone in 16 to 25, darker from 20.

    Args:
      t: 0 to 29.
      height, width: of the picture, pixels, at least `SIZE`; what moves in it keeps size and place.
    """
    picture = _texture_bgr("video/background", height, width).copy()
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


def moment(index: int, frames: int = FRAMES) -> int:
    """Which of so many frames is shown at an index of a longer video: forward, back, forward, ..."""
    last = frames - 1
    return last - abs(last - index % (2 * last))


def video(count: int, size: tuple[int, int] = SIZE) -> list[np.ndarray]:
    """`count` frames uint8 RGB of size (height, width); those shown again are the same arrays."""
    shown = {t: frame(t, *size) for t in sorted({moment(i) for i in range(count)})}
    return [shown[moment(i)] for i in range(count)]


# Weights, by their paths in our variables

RANGES = {
    "mean": (-0.1, 0.1),
    "var": (0.5, 1.5),
    "scale": (0.5, 1.5),
    "bias": (-0.1, 0.1),
    "cls_weight": (0.5, 1.5),
    "loc_weight": (0.5, 1.5),
}
# Small where a residual branch ends, so that many blocks do not blow up. The first that a path ends in counts.
GAINS = {
    "norm3/scale": 0.25,
    "project_norm/scale": 0.6,
    "hidden_conv/kernel": 0.12,
    "loc/output_conv/kernel": 0.1,
    "loc_output/kernel": 0.1,
    "spread/kernel": 0.3,
    "neck/conv0/kernel": 0.5,
}


def variable(path: str, shape: Shape) -> np.ndarray:
    """One array of a network, float32: sound numbers of no meaning.

    Args:
      path: such as "params/backbone/conv1/kernel".
      shape: convolutions [rows, columns, I, O], matrices [I, O], else [C].
    """
    gain = next((gain for end, gain in GAINS.items() if path.endswith(end)), 1.0)
    kind = path.rsplit("/", 1)[-1]
    if kind in RANGES:
        return uniform(path, shape, *RANGES[kind]) * np.float32(gain)
    if path.startswith("params/backbone/") and shape[-2] == 3:
        gain = 1 / 64  # it sees grey levels
    elif path == "params/backbone/conv5/kernel":
        gain = 0.05 if shape[-2] == 192 else 0.6  # with 192, SiamFC's, no normalisation follows
    spread = path.endswith("spread/kernel")
    fan_in = shape[-2] if spread else math.prod(shape[:-1])
    weight = 2.0 * unit(path, shape) - 1.0
    if not spread and not path.endswith("output_conv/kernel"):
        weight -= weight.reshape(-1, shape[-1]).mean(0)
    return (weight * (np.sqrt(6.0 / fan_in) * gain)).astype(np.float32)


def variables(shapes: Mapping[str, Shape]) -> dict[str, np.ndarray]:
    """{path: array} for {path: shape}."""
    return {path: variable(path, shape) for path, shape in shapes.items()}
