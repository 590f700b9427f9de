"""Where a scene takes place: a window on a photograph, which the camera moves."""

from dataclasses import dataclass, replace

import numpy as np

from drol_jax.system.opencv import cv2
from drol_jax.train.pairs.photos.album import Album


@dataclass(frozen=True, kw_only=True, eq=False)
class Window:
    """A square of a photograph."""

    photo: tuple[np.ndarray, ...]
    centre: np.ndarray
    """(x, y), pixels of the photograph."""
    step: float
    """Pixels of the photograph for one of the image."""
    angle: float = 0.0
    """Radians."""

    @classmethod
    def any(cls, rng: np.random.Generator, album: Album, side: int) -> "Window":
        """A window of any photograph; images of `side` pixels show a third of it to all."""
        photo = album.photos[int(rng.integers(len(album.photos)))]
        size = np.array(photo[0].shape[1::-1], np.float64)
        step = rng.uniform(0.35, 1.0) * size.min() / side
        room = np.maximum(size - step * side, 0) / 2
        return cls(photo=photo, centre=size / 2 + rng.uniform(-1, 1, 2) * room, step=step)

    def moved(self, rng: np.random.Generator, side: int) -> "Window":
        """The same photograph a little later."""
        shift = rng.normal(0, 0.15, 2) * self.step * side
        zoom, angle = np.exp(rng.normal(0, 0.08)), np.deg2rad(rng.normal(0, 4))
        return replace(self, centre=self.centre + shift, step=self.step * zoom, angle=angle)

    def shown(self, side: int) -> np.ndarray:
        """float32 [side, side, 3]; beyond its border the photograph is mirrored."""
        level = int(np.clip(np.floor(np.log2(max(self.step, 1))), 0, len(self.photo) - 1))
        photo, shrunk = self.photo[level], 2.0**level
        cosine, sine = np.cos(self.angle), np.sin(self.angle)
        turn = np.array([[cosine, -sine], [sine, cosine]]) * self.step / shrunk
        first = self.centre / shrunk - turn @ np.full(2, (side - 1) / 2)
        at = np.concatenate([turn, first[:, None]], axis=1)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpAffine(photo, at, (side, side), flags=flags, borderMode=cv2.BORDER_REFLECT_101).astype(
            np.float32
        )


def cut_off(rng: np.random.Generator, scene: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """The scene with what lies behind one side of it gone, as at an image's border; the point `keep` (x, y) stays."""
    side = scene.shape[0]
    axis, far = int(rng.integers(2)), rng.random() < 0.5
    line = int(np.clip(keep[axis] + (1 if far else -1) * rng.uniform(0.05, 0.5) * side, 0, side))
    gone = slice(line, None) if far else slice(0, line)
    scene = scene.copy()
    mean = np.floor(scene.mean(axis=(0, 1)))
    scene[(slice(None), gone) if axis == 0 else gone] = mean
    return scene
