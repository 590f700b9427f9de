"""Places: images, larger than the frame, that the camera moves over."""

from collections.abc import Callable

import numpy as np

from drol_jax.datasets.synth.filters import blur
from drol_jax.datasets.synth.textures import cells, fractal, mix, palette, pattern
from drol_jax.system.opencv import cv2

_GROUND = {"street": 0.45, "park": 0.4, "water": 0.7}  # where, from the top, things may lie


def backdrop(kind: str, rng: np.random.Generator, height: int, width: int, clutter: float = 0.0) -> np.ndarray:
    """Paint a place.

    Args:
      kind: one of PLACES.
      clutter: how many objects per 100 x 100 pixels stand about, in the place's own colours.

    Returns:
      uint8 RGB [height, width, 3].
    """
    image = PLACES[kind](rng, height, width)
    count = round(clutter * height * width / 1e4)
    if count:
        _scatter(image, rng, count, _GROUND.get(kind, 0.0), palette(rng, 6, 0.45))
    image *= (0.88 + 0.24 * fractal(rng, height, width, 2, 3))[..., None]
    return np.clip(255 * image, 0, 255).astype(np.uint8)


def _street(rng: np.random.Generator, h: int, w: int) -> np.ndarray:
    image = np.empty((h, w, 3), np.float32)
    horizon, x = round(h * rng.uniform(0.42, 0.5)), 0
    while x < w:
        wide = int(rng.integers(w // 7, w // 4))
        _house(image[:horizon, x : x + wide], rng)
        x += wide
    tar = rng.uniform(0.28, 0.5) * np.array([[0.85, 0.85, 0.88], [1.2, 1.19, 1.17]])
    ground = mix(0.6 * fractal(rng, h - horizon, w, 60, 3, 0.9) + 0.4 * fractal(rng, h - horizon, w, 5, 3, 0.6, 3), tar)
    image[horizon:] = ground
    kerb = horizon + (h - horizon) // 5
    cv2.rectangle(image, (0, horizon), (w, kerb), (0.6, 0.58, 0.54), -1)
    image[horizon:kerb] *= 0.7 + 0.6 * fractal(rng, kerb - horizon, w, 60, 3)[..., None]
    cv2.line(image, (0, kerb), (w, kerb), (0.35, 0.34, 0.33), 3, cv2.LINE_AA)
    for x in range(0, w, w // 9):
        cv2.line(image, (x, h - h // 7), (x + w // 18, h - h // 7), (0.8, 0.8, 0.76), 4, cv2.LINE_AA)
    return image


def _house(wall: np.ndarray, rng: np.random.Generator) -> None:
    h, w = wall.shape[:2]
    tone = palette(rng, 3, 0.15)
    wall[:] = mix(fractal(rng, h, w, 20, 4, 0.8), np.stack([tone[0] * 0.75, tone[0]]))
    pitch_x, pitch_y = max(14, w // int(rng.integers(3, 6))), max(18, h // int(rng.integers(3, 5)))
    for y in range(pitch_y // 4, h - pitch_y // 2, pitch_y):
        for x in range(pitch_x // 4, w - pitch_x // 2, pitch_x):
            right, low = x + pitch_x // 2, y + int(pitch_y * 0.6)
            glass = np.array([0.2, 0.25, 0.3]) + 0.35 * rng.random() ** 2
            cv2.rectangle(wall, (x - 2, y - 2), (right + 2, low + 2), tuple(map(float, tone[1])), -1)
            cv2.rectangle(wall, (x, y), (right, low), tuple(map(float, glass)), -1)
            cv2.line(wall, (x, low), (right, y), tuple(map(float, glass * 1.3)), 2, cv2.LINE_AA)
    wall[:, :2] *= 0.6


def _park(rng: np.random.Generator, h: int, w: int) -> np.ndarray:
    horizon = round(h * rng.uniform(0.35, 0.45))
    greens = np.array([[0.08, 0.14, 0.06], [0.2, 0.3, 0.12], [0.42, 0.5, 0.22], [0.66, 0.72, 0.5]], np.float32)
    image = np.empty((h, w, 3), np.float32)
    image[:horizon] = mix(fractal(rng, horizon, w, 9, 6, 0.7), greens)
    for _ in range(int(rng.integers(5, 9))):
        x, thick = int(rng.integers(0, w)), int(rng.integers(5, 16))
        cv2.line(image, (x, horizon), (x + int(rng.integers(-15, 15)), 0), (0.2, 0.15, 0.1), thick, cv2.LINE_AA)
    grass = np.array([[0.2, 0.28, 0.1], [0.36, 0.45, 0.17], [0.55, 0.56, 0.3]], np.float32)
    field = 0.6 * fractal(rng, h - horizon, w, 5, 4, 0.6, 3) + 0.4 * fractal(rng, h - horizon, w, 70, 3, 0.9)
    image[horizon:] = mix(field, grass)
    y, x = np.mgrid[: h - horizon, :w].astype(np.float32)
    band = np.abs(y / (h - horizon) - 0.45 - 0.1 * np.sin(x / w * 7)) + 0.06 * (field - 0.5)
    path = mix(fractal(rng, h - horizon, w, 60, 3, 0.9), np.array([[0.5, 0.43, 0.34], [0.7, 0.63, 0.52]], np.float32))
    weight = np.clip((0.14 - band) * 30, 0, 1)[..., None]
    image[horizon:] += weight * (path - image[horizon:])
    return image


def _room(rng: np.random.Generator, h: int, w: int) -> np.ndarray:
    image = pattern(rng, h, w, "plain", palette(rng, 2, 0.2) * 0.5 + 0.3)
    floor = round(0.8 * h)
    for shelf in np.linspace(0.22, 0.78, 3) * h:
        x, y = 0, round(shelf)
        while x < w:
            if rng.random() < 0.25:
                x += int(rng.integers(10, 40))
                continue
            wide, tall = int(rng.integers(6, 34)), int(rng.integers(24, max(26, round(0.15 * h))))
            paint = pattern(rng, tall, wide, ("plain", "stripes")[int(rng.integers(2))], palette(rng, 2, 0.45))
            x1 = min(w, x + wide)
            image[y - tall : y, x:x1] = paint[:, : x1 - x]
            image[y - tall : y, x : x + 1] *= 0.5
            x += wide
        cv2.rectangle(image, (0, y), (w, y + 8), (0.42, 0.29, 0.18), -1)
        image[y + 8 : y + 22] *= np.linspace(0.5, 1, len(image[y + 8 : y + 22]))[:, None, None]
    boards = fractal(rng, h - floor, w, 40, 4, 0.7, 12)
    image[floor:] = mix(boards, np.array([[0.32, 0.2, 0.12], [0.6, 0.42, 0.27]], np.float32))
    return image


def _water(rng: np.random.Generator, h: int, w: int) -> np.ndarray:
    depth = np.linspace(1, 0, h, dtype=np.float32)[:, None] + 0.35 * (fractal(rng, h, w, 4, 4, 0.6, 2) - 0.5)
    image = mix(depth, np.array([[0.03, 0.16, 0.24], [0.08, 0.34, 0.44], [0.25, 0.58, 0.66]], np.float32))
    ridges = 1 - np.abs(2 * fractal(rng, h, w, 9, 4, 0.6, 1.6) - 1)
    image += (0.16 * np.clip(ridges - 0.75, 0, 1) * 4)[..., None]
    labels, _ = cells(rng, h, w, 260)
    tones = np.array([[0.16, 0.2, 0.2], [0.45, 0.42, 0.34], [0.62, 0.42, 0.4]], np.float32)
    rock = mix(rng.random((1, 260)), tones)[0][labels] * (0.6 + 0.8 * fractal(rng, h, w, 30, 4, 0.8))[..., None]
    edge = np.linspace(0, 1, h, dtype=np.float32)[:, None] + 0.5 * (fractal(rng, h, w, 5, 4) - 0.5)
    weight = np.clip((edge - 0.68) * 12, 0, 1)[..., None]
    return image + weight * (blur(rock, 1.2) - image)


def _stage(rng: np.random.Generator, h: int, w: int) -> np.ndarray:
    tone, horizon = palette(rng, 1, 0.6)[0] * 0.4 + 0.12, round(0.62 * h)
    x = np.arange(w, dtype=np.float32) / w
    folds = np.sin(2 * np.pi * (17 * x + 1.5 * np.sin(9 * x))) * 0.5 + 0.5 * fractal(rng, h, w, 8, 3, 0.6, 0.15)
    image = tone * (0.5 + 0.9 * folds[..., None])
    boards = fractal(rng, h - horizon, w, 30, 4, 0.7, 10)
    image[horizon:] = mix(boards, np.array([[0.25, 0.17, 0.12], [0.5, 0.37, 0.27]], np.float32))
    for _ in range(7):  # pools of light
        y, x0 = rng.uniform(0, 1, 2)
        gy, gx = np.arange(h, dtype=np.float64)[:, None] / h, np.arange(w, dtype=np.float64) / w
        pool = 0.22 * np.exp(-(((gx - x0) / 0.12) ** 2) - ((gy - y) / 0.2) ** 2)
        image += pool[..., None] * palette(rng, 1, 0.3)[0]
    return image.astype(np.float32)


def _gravel(rng: np.random.Generator, h: int, w: int) -> np.ndarray:
    labels, distance = cells(rng, h, w, h * w // 500)
    earth = np.array([[0.2, 0.19, 0.18], [0.45, 0.38, 0.32], [0.55, 0.53, 0.5], [0.78, 0.74, 0.66]], np.float32)
    tones = mix(rng.random((1, labels.max() + 1)), earth)[0]
    relief = (1.15 - 0.035 * distance) * (0.7 + 0.6 * fractal(rng, h, w, 30, 4, 0.8))
    return blur((tones[labels] * relief[..., None]).astype(np.float32), 0.8)


def _scatter(image: np.ndarray, rng: np.random.Generator, count: int, top: float, colours: np.ndarray) -> None:
    """Lay textured boxes and balls about, below `top` (of the height): not in the sky."""
    h, w = image.shape[:2]
    for _ in range(count):
        tall, wide = (round(h * rng.uniform(0.03, 0.09)) + 4 for _ in range(2))
        y, x = int(rng.integers(round(top * h), h - tall)), int(rng.integers(0, w - wide))
        kind = ("plain", "stripes", "patches")[int(rng.integers(3))]
        paint = pattern(rng, tall, wide, kind, colours[rng.choice(len(colours), 2, replace=False)])
        weight = np.zeros((tall, wide), np.float32)
        if rng.random() < 0.5:
            cv2.ellipse(weight, (wide // 2, tall // 2), (wide // 2 - 1, tall // 2 - 1), 0, 0, 360, 1.0, -1, cv2.LINE_AA)
        else:
            weight[1:-1, 1:-1] = 1
        paint *= np.linspace(1.15, 0.7, tall)[:, None, None]
        part = image[y : y + tall, x : x + wide]
        part += blur(weight, 0.8)[..., None] * (paint - part)


PLACES: dict[str, Callable[[np.random.Generator, int, int], np.ndarray]] = {
    "street": _street,
    "park": _park,
    "room": _room,
    "water": _water,
    "stage": _stage,
    "gravel": _gravel,
}
