"""A NanoTrack's whole frame around a network in onnxruntime, as a program in Python has it: crops by OpenCV, all else
by NumPy. What it computes is what `drol_jax.tracker` computes for such a network as published, with the subnet off.

Run by path beside `onnx_worker`; needs nothing of this library.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Of a configuration: sides of both crops and stride, pixels; and its hyper-parameters."""

    exemplar: int
    instance: int
    stride: int
    context: float
    penalty_k: float
    window_influence: float
    size_lr: float


Maps = Callable[[np.ndarray], Sequence[np.ndarray]]
"""A search region, float32 [1, S, S, 3] -> cls [1, R, R, 2] and loc [1, R, R, 4]."""


class Target:
    """One target through a video."""

    def __init__(self, facts: Facts, image: np.ndarray, box: Sequence[float]):
        """Start; image: uint8 [H, W, 3]; box: (x, y, w, h), pixels."""
        corner, self.size = np.array(box[:2], float), np.array(box[2:], float)
        self.centre = corner + (self.size - 1) / 2
        self.facts, self.fill = facts, image.mean(axis=(0, 1))

    def template(self, image: np.ndarray) -> np.ndarray:
        """The first frame's crop, float32 [1, E, E, 3]."""
        return self._crop(image, round(float(_padded(self.size, self.facts.context))), self.facts.exemplar)

    def follow(self, image: np.ndarray, maps: Maps) -> list[float]:
        """The box (x, y, w, h) in the next image, pixels."""
        facts = self.facts
        padded = _padded(self.size, facts.context)
        side = round(float(padded) * (facts.instance / facts.exemplar))
        cls, loc = (part[0] for part in maps(self._crop(image, side, facts.instance)))
        scale = facts.exemplar / padded
        line = (np.arange(len(cls)) - len(cls) // 2) * facts.stride
        points = np.stack(np.meshgrid(line, line), axis=-1)
        score = 1 / (1 + np.exp(cls[..., 0] - cls[..., 1]))
        low, high = points - loc[..., :2], points + loc[..., 2:]
        sizes = high - low
        change = _change(_padded(sizes, 0.5) / _padded(self.size * scale, 0.5))
        change *= _change((self.size[0] / self.size[1]) / (sizes[..., 0] / sizes[..., 1]))
        penalty = np.exp(-(change - 1) * facts.penalty_k)
        window = np.outer(np.hanning(len(cls)), np.hanning(len(cls)))
        fused = (1 - facts.window_influence) * penalty * score + facts.window_influence * window
        best = np.unravel_index(fused.argmax(), fused.shape)
        rate = penalty[best] * score[best] * facts.size_lr
        limit = np.array(image.shape[1::-1])
        self.centre = np.clip(self.centre + (low[best] + high[best]) / 2 / scale, 0, limit)
        self.size = np.clip((1 - rate) * self.size + rate * sizes[best] / scale, 10, limit)
        return [*(self.centre - self.size / 2).tolist(), *self.size.tolist()]

    def _crop(self, image: np.ndarray, side: int, out: int) -> np.ndarray:
        height, width = image.shape[:2]
        x, y = np.floor(self.centre - side / 2).astype(int)
        left, top, right, bottom = max(-x, 0), max(-y, 0), max(x + side - width, 0), max(y + side - height, 0)
        patch = image[max(y, 0) : y + side, max(x, 0) : x + side]
        if left or top or right or bottom:
            patch = cv2.copyMakeBorder(patch, top, bottom, left, right, cv2.BORDER_CONSTANT, value=self.fill.tolist())
        return cv2.resize(patch, (out, out)).astype(np.float32)[None]


def _padded(size: np.ndarray, context: float) -> np.ndarray:
    padded = size + context * size.sum(axis=-1, keepdims=True)
    return np.sqrt(padded[..., 0] * padded[..., 1])


def _change(ratio: np.ndarray) -> np.ndarray:
    return np.maximum(ratio, 1 / ratio)
