"""How an object stands in an image: homographies from its own pixels to the image's, and its box there."""

from dataclasses import dataclass, replace

import numpy as np

from drol_jax.system.opencv import cv2
from drol_jax.train.pairs.photos.album import Figure


@dataclass(frozen=True, kw_only=True)
class Pose:
    """An object's stand, before it is placed."""

    angle: float
    """Radians."""
    stretch: float
    """Factor on its width; its height is divided by it."""
    lean: tuple[float, float] = (0.0, 0.0)
    """Change of scale from the middle to its sides, along x and y."""

    def changed(self, angle: float, stretch: float, lean: tuple[float, float]) -> "Pose":
        return replace(self, angle=self.angle + angle, stretch=self.stretch * stretch, lean=lean)


def matrix(figure: Figure, pose: Pose, scale: float, middle: np.ndarray) -> np.ndarray:
    """Homography [3, 3] that puts the middle of the object's box at `middle` (x, y)."""
    low, high = figure.outline.min(axis=0), figure.outline.max(axis=0)
    centre, reach = (low + high) / 2, max(float((high - low).max()) / 2, 1.0)
    cosine, sine = np.cos(pose.angle), np.sin(pose.angle)
    turn = np.array([[cosine, -sine], [sine, cosine]]) @ np.diag([pose.stretch, 1 / pose.stretch]) * scale
    lean = np.array([[1, 0, 0], [0, 1, 0], [pose.lean[0] / reach, pose.lean[1] / reach, 1]])
    about = np.array([[1, 0, -centre[0]], [0, 1, -centre[1]], [0, 0, 1]])
    linear = np.eye(3)
    linear[:2, :2] = turn
    found = linear @ lean @ about
    low, high = corners(figure, found)
    move = np.eye(3)
    move[:2, 2] = middle - (low + high) / 2
    return move @ found


def corners(figure: Figure, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(least, most) (x, y) of the object's outline in the image."""
    points = moved(figure.outline, at)
    return points.min(axis=0), points.max(axis=0)


def moved(points: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Points [n, 2] through a homography."""
    through = np.concatenate([points, np.ones((len(points), 1))], axis=1) @ at.T
    return through[:, :2] / through[:, 2:]


def upright_stretch(figure: Figure, wanted: float) -> float:
    """The stretch that gives an upright object this width over height."""
    width, height = np.ptp(figure.outline, axis=0) + 1
    return float(np.sqrt(wanted * height / width))


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """The part of an image that an object is in."""

    pixels: np.ndarray
    """float32 [h, w, 4]: its colours, multiplied by its opacity, and that."""
    corner: np.ndarray
    """int [2] (x, y) of the image where the part begins."""

    def over(self, scene: np.ndarray) -> np.ndarray:
        """The scene, float32 [side, side, 3], with the object before it; it is changed in place."""
        (x, y), (h, w) = self.corner, self.pixels.shape[:2]
        if h and w:
            part = scene[y : y + h, x : x + w]
            part *= 1 - self.pixels[..., 3:]
            part += self.pixels[..., :3]
        return scene


def drawn(figure: Figure, at: np.ndarray, side: int, margin: float = 1.0) -> Layer:
    """The object in an image of this side.

    Args:
      at: its homography (`matrix`).
      margin: pixels around its box that the layer has too.
    """
    least, most = corners(figure, at)
    low = np.clip(np.floor(least - margin), 0, side).astype(int)
    high = np.clip(np.ceil(most + margin) + 1, low, side).astype(int)
    size = high - low
    if not size.all():
        return Layer(pixels=np.zeros((0, 0, 4), np.float32), corner=low)
    at = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1]]) @ at
    scale = float(np.sqrt(abs(np.linalg.det(at[:2, :2]))))
    pixels = figure.pixels
    if scale < 0.7:  # sampled as it is, fine texture would turn to noise
        own = np.array(pixels.shape[1::-1])
        fewer = np.maximum(np.rint(own * scale), 2).astype(int)
        factors = fewer / own
        pixels = cv2.resize(pixels, fewer.tolist(), interpolation=cv2.INTER_AREA)
        # Centres of pixels: x' = (x + 1/2) * factor - 1/2.
        shrink = np.array([[factors[0], 0, (factors[0] - 1) / 2], [0, factors[1], (factors[1] - 1) / 2], [0, 0, 1]])
        at = at @ np.linalg.inv(shrink)
    return Layer(pixels=cv2.warpPerspective(pixels, at, size.tolist(), flags=cv2.INTER_LINEAR), corner=low)


@dataclass(frozen=True, kw_only=True, eq=False)
class Waves:
    """A smooth displacement of an object's parts."""

    heights: np.ndarray
    """[2], pixels along x and y."""
    phases: np.ndarray
    """[2, 2], radians: of each, along x and y."""
    middle: np.ndarray
    """(x, y), pixels of the image."""
    length: float
    """Pixels."""

    def at(self, x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
        """Displacements along x and y of places, pixels."""
        turns = [
            2 * np.pi * (place - of) / max(self.length, 8.0) for place, of in zip((x, y), self.middle, strict=True)
        ]
        return [
            height * np.sin(turns[0] + a) * np.sin(turns[1] + b)
            for height, (a, b) in zip(self.heights, self.phases, strict=True)
        ]

    def bent(self, layer: Layer) -> Layer:
        """The object with its parts displaced; what a place shows comes from where the displacement leads."""
        (h, w), (left, top) = layer.pixels.shape[:2], layer.corner
        if not h or not w:
            return layer
        x, y = np.arange(w, dtype=np.float32)[None, :], np.arange(h, dtype=np.float32)[:, None]
        shifts = self.at(x + left, y + top)
        from_x, from_y = ((at + by).astype(np.float32) for at, by in zip((x, y), shifts, strict=True))
        return replace(layer, pixels=cv2.remap(layer.pixels, from_x, from_y, cv2.INTER_LINEAR))

    def moved(self, points: np.ndarray) -> np.ndarray:
        """Where points [n, 2] of the object come to lie, to first order."""
        return points - np.stack(self.at(points[:, 0], points[:, 1]), axis=1)
