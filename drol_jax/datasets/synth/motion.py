"""Smooth curves over time: where things are, how large, how turned. All in numpy, all from a generator."""

import numpy as np


def sway(rng: np.random.Generator, length: int, period: float) -> np.ndarray:
    """A smooth aimless curve, float64 [length] within -1..1: three sines; period, in frames, of the slowest."""
    t = np.arange(length)
    weights = np.array([1.0, 0.4, 0.15])
    rates = np.array([1.0, rng.uniform(1.6, 2.1), rng.uniform(2.8, 3.5)])
    phases = rng.uniform(0, 2 * np.pi, 3)
    return np.sin(2 * np.pi * np.outer(t, rates) / period + phases) @ weights / weights.sum()


def wander(rng: np.random.Generator, length: int, low: np.ndarray, high: np.ndarray, speed: float) -> np.ndarray:
    """A smooth path within a rectangle.

    Args:
      low, high: [2] opposite corners (x, y), pixels.
      speed: pixels per frame that the path comes near to at its fastest.

    Returns:
      float64 [length, 2].
    """
    middle, reach = (low + high) / 2, np.maximum((high - low) / 2, 0)
    period = max(30.0, 2 * np.pi * float(reach.max()) / max(speed, 1e-3))
    return middle + reach * np.stack([sway(rng, length, period * factor) for factor in (1.0, 0.8)], 1)


def bursts(rng: np.random.Generator, length: int, peak: float, gap: int) -> np.ndarray:
    """Sudden dashes there and back, float64 [length, 2] pixels.

    Args:
      peak: fastest speed, pixels per frame; a dash covers about 3 times as much.
      gap: frames from dash to dash; the first comes after half of it.
    """
    t = np.arange(length)
    speed = np.zeros((length, 2))
    for there in range(gap // 2, length - 4, 2 * gap):
        angle = rng.uniform(0, 2 * np.pi)
        dash = peak * rng.uniform(0.75, 1) * np.array([np.cos(angle), 0.7 * np.sin(angle)])
        for start, sign in ((there, 1), (there + gap, -1)):
            speed += sign * dash * np.exp(-0.5 * ((t - start) / 1.2) ** 2)[:, None]
    return np.cumsum(speed, 0)


def window(length: int, start: float, stop: float, ramp: float) -> np.ndarray:
    """Float64 [length]: rises smoothly from 0 to 1 before `start`, falls after `stop`, within `ramp` frames each."""
    t = np.arange(length)
    part = np.clip(np.minimum(t - (start - ramp), (stop + ramp) - t) / ramp, 0, 1)
    return part * part * (3 - 2 * part)


def velocity(path: np.ndarray, smooth: int = 1) -> np.ndarray:
    """Pixels per frame along a path [T, 2], averaged over `smooth` frames (odd)."""
    raw = np.gradient(path, axis=0)
    padded = np.pad(raw, ((smooth // 2, smooth // 2), (0, 0)), mode="edge")
    return np.stack([np.convolve(padded[:, axis], np.ones(smooth) / smooth, "valid") for axis in (0, 1)], 1)


def facing(path: np.ndarray, speed: float) -> np.ndarray:
    """Horizontal factor [T] of a figure drawn facing right: 1 going right, -1 going left, narrower while it turns."""
    turn = np.tanh(velocity(path, 9)[:, 0] / (0.2 * speed))
    return np.where(turn >= 0, 1, -1) * np.maximum(np.abs(turn), 0.45)


def placement(
    centre: np.ndarray, middle: np.ndarray, scale_x: np.ndarray, scale_y: np.ndarray, degrees: np.ndarray
) -> np.ndarray:
    """Affine maps from a sprite's pixels to the image's.

    Args:
      centre: [T, 2] where in the image the point `middle` [2] of the sprite comes to lie.
      scale_x, scale_y: [T] size factors along the sprite's own axes; negative mirrors.
      degrees: [T] turn, clockwise on the screen.

    Returns:
      float64 [T, 2, 3].
    """
    angle = np.deg2rad(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    linear = np.stack([cos * scale_x, -sin * scale_y, sin * scale_x, cos * scale_y], -1).reshape(-1, 2, 2)
    return np.concatenate([linear, (centre - linear @ middle)[..., None]], -1)
