"""One frame: the place seen by the camera, the actors over it, then light, lens and sensor."""

from dataclasses import dataclass

import numpy as np

from drol_jax.datasets.synth.brush import Sprite
from drol_jax.datasets.synth.filters import enlarge_smoothly
from drol_jax.image.sampling import warp_affine
from drol_jax.system.opencv import cv2

_LONGEST_BLUR = 23  # pixels; longer smears cost more than they add


@dataclass(frozen=True, eq=False)
class Actor:
    """A sprite and where it is in each of T frames."""

    sprite: Sprite
    maps: np.ndarray
    """float64 [T, 2, 3]: sprite pixels to image pixels."""
    pose: np.ndarray
    """int [T]: which of the sprite's poses."""
    smear: np.ndarray
    """float64 [T, 2]: how far it moves while the shutter is open, pixels."""

    def box(self, t: int) -> np.ndarray:
        """float64 [4] (x, y, w, h), pixels, 0-based: the figure's full extent, in or out of the image."""
        points = self.sprite.outlines[self.pose[t]] @ self.maps[t, :, :2].T + self.maps[t, :, 2]
        low, high = points.min(0), points.max(0)
        return np.concatenate([low + 0.5, high - low])  # the box counts from the pixel's centre, its area from its edge

    def draw(self, frame: np.ndarray, t: int) -> None:
        """Blend the actor into a uint8 RGB frame, in place."""
        pose, affine = self.sprite.poses[self.pose[t]], self.maps[t]
        h, w = pose.shape[:2]
        corners = np.array([[0, 0], [w, 0], [0, h], [w, h]]) @ affine[:, :2].T + affine[:, 2]
        kernel = line_kernel(self.smear[t])
        pad = 1 + (0 if kernel is None else len(kernel) // 2)
        x0, y0 = np.maximum(np.floor(corners.min(0)).astype(int) - pad, 0)
        x1, y1 = np.minimum(np.ceil(corners.max(0)).astype(int) + pad, frame.shape[1::-1])
        if x0 >= x1 or y0 >= y1:
            return
        shifted = affine - [[0, 0, x0], [0, 0, y0]]
        patch = warp_affine(pose, shifted, (int(x1 - x0), int(y1 - y0)))
        if kernel is not None:
            patch = smeared(patch, kernel, cv2.BORDER_CONSTANT)
        part = frame[y0:y1, x0:x1]
        clear = cv2.merge([255 - patch[..., 3]] * 3)
        part[:] = cv2.add(cv2.multiply(part, clear, scale=1 / 255), np.ascontiguousarray(patch[..., :3]))


@dataclass(frozen=True, eq=False)
class Stage:
    """All that is needed to render any frame of a sequence, alone and in any order."""

    size: tuple[int, int]
    """(width, height), pixels."""
    place: np.ndarray
    """uint8 RGB, larger than the frame."""
    camera: np.ndarray
    """float64 [T, 2, 3]: place pixels to image pixels."""
    camera_smear: np.ndarray
    """float64 [T, 2]: how far the place moves while the shutter is open, pixels."""
    actors: tuple[Actor, ...]
    """Actors from the back to the front."""
    light: np.ndarray | None
    """uint8 [T, rows, columns]: coarse map of the light's strength, 128 is 1; None where it is even and constant."""
    noise: np.ndarray
    """int16, larger than the frame: the sensor's noise."""
    noise_at: np.ndarray
    """int [T, 2]: (y, x) of each frame's cut out of the noise."""

    def render(self, t: int) -> np.ndarray:
        """uint8 RGB [H, W, 3] of frame t. Reads only, so that threads may share it."""
        w, h = self.size
        frame = warp_affine(self.place, self.camera[t], self.size, cv2.BORDER_REFLECT_101)
        kernel = line_kernel(self.camera_smear[t])
        if kernel is not None:
            frame = smeared(frame, kernel, cv2.BORDER_REFLECT_101)
        for actor in self.actors:
            actor.draw(frame, t)
        if self.light is not None:
            strength = enlarge_smoothly(self.light[t], self.size)
            frame = cv2.multiply(frame, cv2.merge([strength] * 3), scale=1 / 128)
        frame = cv2.GaussianBlur(frame, (3, 3), 0.6)
        y, x = self.noise_at[t]
        return cv2.add(frame, self.noise[y : y + h, x : x + w], dtype=cv2.CV_8U)


def line_kernel(vector: np.ndarray) -> np.ndarray | None:
    """Smear along a vector (x, y) of pixels: float32 [n, n], 1 on a line and 0 off it, n odd; None below 1.5 pixels."""
    reach = float(np.hypot(*vector))
    if reach < 1.5:
        return None
    half = np.asarray(vector) / 2 * min(1.0, _LONGEST_BLUR / reach)
    n = 2 * int(np.ceil(np.abs(half).max())) + 1
    kernel = np.zeros((n, n), np.float32)
    # Ends are whole pixels: up to OpenCV 4.12 a line between fractions of pixels takes another way.
    ends = [tuple((int(v) + 8) // 16 for v in np.rint(16 * (n // 2 + sign * half))) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_8)
    return kernel


def smeared(image: np.ndarray, kernel: np.ndarray, border: int) -> np.ndarray:
    """Mean of a uint8 image over a kernel's line, halves to the even number.

    OpenCV sums whole numbers here, which every release does alike; quotients it would round as its transform has them.
    """
    count = int(np.count_nonzero(kernel))
    sums = np.asarray(cv2.filter2D(image, cv2.CV_16S, kernel, borderType=border), np.int16)
    return np.rint(np.arange(255 * count + 1) / count).astype(np.uint8)[sums]
