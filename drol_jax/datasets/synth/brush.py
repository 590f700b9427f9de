"""Painting of shaded, soft-edged figures, and the sprite that they end in."""

from dataclasses import dataclass

import numpy as np

from drol_jax.datasets.synth import filters
from drol_jax.system.opencv import cv2

_OVERSAMPLING = 2  # figures are drawn this much larger and averaged down, which softens their edges
_LIGHT = (0.9, 1.3)  # how strongly slopes that face left and up are lit


@dataclass(frozen=True, eq=False)
class Sprite:
    """A figure in one or several poses."""

    poses: tuple[np.ndarray, ...]
    """uint8 [h, w, 4] each: RGB premultiplied by alpha, alpha; a soft shadow may lie outside the figure."""
    outlines: tuple[np.ndarray, ...]
    """float32 [k, 2] each: corners (x, y) of the figure's convex hull in that pose, without its shadow."""

    def extent(self) -> np.ndarray:
        """float64 [2]: width and height of the figure in pixels of the sprite, mean over its poses."""
        return np.mean([np.ptp(outline, axis=0) for outline in self.outlines], axis=0)

    def middle(self) -> np.ndarray:
        """float64 [2]: (x, y) of the centre of the figure's box, mean over its poses."""
        return np.mean([(outline.min(0) + outline.max(0)) / 2 for outline in self.outlines], axis=0)


class Brush:
    """A canvas in unit coordinates: the figure spans about 1 along its longer side, y down."""

    def __init__(self, width: float, height: float, pixels: float):
        """width, height: of the canvas, in units; pixels: of one unit in the finished sprite."""
        self.unit = pixels * _OVERSAMPLING
        self.shape = (round(height * self.unit), round(width * self.unit))
        self.rgb = np.zeros((*self.shape, 3), np.float32)
        self.alpha = np.zeros(self.shape, np.float32)
        self.shadow = np.zeros(self.shape, np.float32)

    def canvas(self, paint: np.ndarray) -> np.ndarray:
        """A paint of any size, drawn out to the size of this brush's canvas."""
        return filters.enlarge(paint, (self.shape[1], self.shape[0]))

    def polygon(self, points: np.ndarray | list[tuple[float, float]]) -> np.ndarray:
        """Mask of a filled polygon."""
        mask = np.zeros(self.shape, np.uint8)
        cv2.fillPoly(mask, [np.rint(np.asarray(points) * self.unit).astype(np.int32)], 255, cv2.LINE_AA)
        return mask

    def ellipse(self, x: float, y: float, rx: float, ry: float, angle: float = 0) -> np.ndarray:
        """Mask of a filled ellipse; angle in degrees."""
        mask = np.zeros(self.shape, np.uint8)
        centre, axes = (round(x * self.unit), round(y * self.unit)), (round(rx * self.unit), round(ry * self.unit))
        cv2.ellipse(mask, centre, axes, angle, 0, 360, 255, -1, cv2.LINE_AA)
        return mask

    def limb(self, points: list[tuple[float, float]], thickness: float) -> np.ndarray:
        """Mask of a line with round ends."""
        mask = np.zeros(self.shape, np.uint8)
        line = np.rint(np.asarray(points) * self.unit).astype(np.int32)
        cv2.polylines(mask, [line], False, 255, max(1, round(thickness * self.unit)), cv2.LINE_AA)
        return mask

    def fill(self, mask: np.ndarray, paint: np.ndarray, relief: float = 1.0) -> None:
        """Lay a shaded part over what is there.

        Args:
          mask: uint8, from the methods above.
          paint: one colour [3] or a canvas of them [H, W, 3] (see `canvas`), RGB 0..1.
          relief: how bulgy the part looks; 0 is flat.
        """
        x, y, w, h = cv2.boundingRect(mask)
        if not w:
            return
        part = np.s_[y : y + h, x : x + w]
        weight = mask[part].astype(np.float32) / 255
        colour = paint if paint.ndim == 1 else paint[part]
        sigma = 0.16 * min(w, h) + 0.5
        height = _blur(weight, sigma)
        slope_x, slope_y = cv2.Sobel(height, -1, 1, 0, scale=1 / 8), cv2.Sobel(height, -1, 0, 1, scale=1 / 8)
        light = 0.72 + 0.3 * height + relief * sigma * (_LIGHT[0] * slope_x + _LIGHT[1] * slope_y)
        shaded = np.clip(colour * np.clip(light, 0.35, 1.5)[..., None], 0, 1)
        self.rgb[part] += weight[..., None] * (shaded - self.rgb[part])
        self.alpha[part] += weight * (1 - self.alpha[part])

    def cast(self, x: float, y: float, rx: float, ry: float, strength: float = 0.45) -> None:
        """A soft shadow on the ground, under everything else."""
        mask = self.ellipse(x, y, rx, ry).astype(np.float32) / 255
        self.shadow = np.maximum(self.shadow, strength * filters.blur(mask, 0.5 * ry * self.unit + 0.5))

    def finish(self) -> tuple[np.ndarray, np.ndarray]:
        """(pose, outline) of a `Sprite`."""
        size = (self.shape[1] // _OVERSAMPLING, self.shape[0] // _OVERSAMPLING)
        alpha = cv2.resize(self.alpha, size, interpolation=cv2.INTER_AREA)
        rgb = cv2.resize(self.rgb * self.alpha[..., None], size, interpolation=cv2.INTER_AREA)
        shadow = cv2.resize(self.shadow, size, interpolation=cv2.INTER_AREA)
        covered = alpha + (1 - alpha) * shadow
        pose = np.rint(255 * np.dstack([np.minimum(rgb, covered[..., None]), covered])).astype(np.uint8)
        return pose, outline(alpha)


def _blur(image: np.ndarray, sigma: float) -> np.ndarray:
    """A Gaussian blur with nothing outside; wide ones are made on a smaller image, which is many times faster."""
    if sigma < 4:
        return filters.blur(image, sigma, "constant")
    h, w = image.shape
    size = max(1, round(2 * w / sigma)), max(1, round(2 * h / sigma))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return filters.enlarge_smoothly(filters.blur(small, 2.0, "constant"), (w, h))


def outline(alpha: np.ndarray) -> np.ndarray:
    """float32 [k, 2]: convex hull of the pixels at least half covered, pixel areas included (centres at integers)."""
    ys, xs = np.nonzero(alpha >= 0.5)
    corners = [np.stack([xs + dx, ys + dy], 1) for dx in (-0.5, 0.5) for dy in (-0.5, 0.5)]
    return cv2.convexHull(np.concatenate(corners).astype(np.float32))[:, 0]
