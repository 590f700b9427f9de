"""Noise fields, palettes and patterns that the built-in benchmark is painted with."""

import colorsys

import numpy as np

from drol_jax.datasets.synth.filters import bands, deviation, enlarge_smoothly, mean
from drol_jax.system.opencv import cv2


def fractal(
    rng: np.random.Generator,
    height: int,
    width: int,
    coarsest: float = 4,
    octaves: int = 5,
    persistence: float = 0.55,
    stretch: float = 1.0,
) -> np.ndarray:
    """Multi-octave noise, as natural textures have: each octave twice as fine and `persistence` times as strong.

    Args:
      coarsest: cells of the coarsest octave along the longer side.
      stretch: > 1 draws the pattern out along x, < 1 along y.

    Returns:
      float32 [height, width], mean 0.5, mostly within 0..1.
    """
    longer = max(height, width)
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        cells = coarsest * 2**octave
        if cells > longer:  # finer than a pixel
            break
        rows, columns = (round(cells * side / longer) + 1 for side in (height, width / stretch))
        grid = rng.random((max(2, rows), max(2, columns)), np.float32)
        total += persistence**octave * enlarge_smoothly(grid, (width, height))
    total -= mean(total)
    return 0.5 + total / (4 * deviation(total) + 1e-6)


def palette(rng: np.random.Generator, count: int, saturation: float = 0.5, hue: float | None = None) -> np.ndarray:
    """float32 [count, 3], RGB 0..1: colours as cloth, paint and skin have them, from dark to bright in random order.

    Args:
      hue: 0..1 centres the colours on one hue; None draws each hue freely.
    """
    hues = rng.random(count) if hue is None else hue + 0.05 * rng.standard_normal(count)
    saturations = np.clip(saturation * (1 + 0.35 * rng.standard_normal(count)), 0.05, 0.75)
    values = rng.permutation(np.linspace(0.25, 0.95, count)) + 0.05 * rng.standard_normal(count)
    colours = [
        colorsys.hsv_to_rgb(h % 1, s, v) for h, s, v in zip(hues, saturations, np.clip(values, 0.15, 1), strict=True)
    ]
    return np.array(colours, np.float32)


def mix(field: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Colour a field: 0..1 runs through the given colours. float32 [H, W], [k, 3] -> [H, W, 3]."""
    mixed = np.empty((*field.shape, colours.shape[1]), np.float32)
    for band in bands(mixed):
        at = np.clip(field[band], 0, 1) * (len(colours) - 1)
        low = np.minimum(at.astype(np.intp), len(colours) - 2)
        part = (at - low)[..., None]
        mixed[band] = colours[low] * (1 - part) + colours[low + 1] * part
    return mixed


def cells(rng: np.random.Generator, height: int, width: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """A Voronoi mosaic: which cell a pixel is in (int [H, W], 0..count-1) and the distance to its seed (pixels)."""
    seeds = np.full((height, width), 255, np.uint8)
    spots = rng.choice(height * width, count, replace=False)
    seeds.reshape(-1)[spots] = 0
    distance, labels = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    return labels - 1, distance


def pattern(rng: np.random.Generator, height: int, width: int, kind: str, colours: np.ndarray) -> np.ndarray:
    """Cloth, fur or paint, float32 RGB 0..1 [height, width, 3].

    Args:
      kind: "plain", "stripes" (of random angle and pitch), "spots" or "patches".
      colours: [2, 3] ground and figure.
    """
    ground, figure = colours
    image = np.broadcast_to(ground, (height, width, 3)).copy()
    y, x = np.mgrid[:height, :width].astype(np.float32) / max(height, width)
    wobble = fractal(rng, height, width, 3, 3)
    if kind == "stripes":
        angle, pitch = rng.uniform(0, np.pi), rng.uniform(6, 13)
        wave = np.sin(2 * np.pi * pitch * (x * np.cos(angle) + y * np.sin(angle)) + 3 * wobble)
        weight = np.clip(0.5 + 2.5 * wave, 0, 1)
    elif kind == "spots":
        _, distance = cells(rng, height, width, 45)
        weight = np.clip(1.5 - distance / (0.028 * max(height, width)) + 1.2 * (wobble - 0.5), 0, 1)
    elif kind == "patches":
        weight = np.clip(0.5 + 9 * (fractal(rng, height, width, 5, 3) - 0.5), 0, 1)
    else:
        weight = np.zeros((height, width), np.float32)
    image += weight[..., None].astype(np.float32) * (figure - ground)
    detail = fractal(rng, height, width, 10, 4, 0.8)
    return image * (0.8 + 0.4 * detail)[..., None]
