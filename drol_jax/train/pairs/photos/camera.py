"""What a camera makes of a scene: blur, few pixels, light, noise, compression."""

from dataclasses import dataclass

import numpy as np

from drol_jax.system.opencv import cv2
from drol_jax.train.pairs.photos.settings import PhotosSettings


@dataclass(frozen=True, kw_only=True)
class Camera:
    """Both images of a pair are taken by one camera."""

    coarse: float
    """Pixels of the image for one of the camera."""
    quality: int | None
    """Of JPEG; None: not compressed."""
    noise: float
    """Standard deviation, grey levels."""
    grey: bool

    @classmethod
    def any(cls, rng: np.random.Generator, settings: PhotosSettings) -> "Camera":
        # One number for each draw whatever the settings, so that one setting does not turn all others' dice.
        coarse, compressed, grey, noise = rng.random(4)
        factor, quality = np.exp(rng.uniform(0, np.log(4))), int(rng.integers(25, 91))
        return cls(
            coarse=float(factor) if coarse < settings.coarse else 1.0,
            quality=quality if compressed < settings.compressed else None,
            noise=255 * settings.noise * noise**2,
            grey=bool(grey < settings.grey),
        )

    def taken(self, rng: np.random.Generator, scene: np.ndarray, settings: PhotosSettings, *, lit: bool) -> np.ndarray:
        """The image, uint8 [side, side, 3], of a scene, float32 in 0..255.

        Args:
          lit: under other light than the scene's own.
        """
        side = scene.shape[0]
        if rng.random() < settings.blur:
            scene = cv2.filter2D(scene, -1, _kernel(rng), borderType=cv2.BORDER_REPLICATE)
        small = max(round(side / self.coarse), 16)
        if small < side:
            scene = cv2.resize(scene, (small, small), interpolation=cv2.INTER_AREA)
        if lit:
            gain, contrast = light(rng, settings)
            mean = scene.mean()
            scene = ((scene - mean) * np.float32(contrast) + mean) * gain.astype(np.float32)
        scene = scene + rng.standard_normal(scene.shape, np.float32) * np.float32(self.noise)
        image: np.ndarray = np.clip(np.rint(scene), 0, 255).astype(np.uint8)
        if self.grey:
            image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        if self.quality is not None:
            packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, self.quality])[1]
            image = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR))
        return cv2.resize(image, (side, side), interpolation=cv2.INTER_LINEAR) if small < side else image


def light(rng: np.random.Generator, settings: PhotosSettings) -> tuple[np.ndarray, float]:
    """Another light: factors on red, green and blue, and on the contrast."""
    bright, contrast = 1 + settings.light * rng.uniform(-1, 1, 2)
    return bright * (1 + settings.tint * rng.uniform(-1, 1, 3)), float(contrast)


def _kernel(rng: np.random.Generator) -> np.ndarray:
    """A line (motion) or a spot (focus), float32 [11, 11], sum 1."""
    moving, angle, length, sigma = rng.random() < 0.5, rng.uniform(0, np.pi), rng.uniform(3, 10), rng.uniform(0.6, 1.8)
    y, x = np.mgrid[-5:6, -5:6]
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    line = np.clip(length / 2 + 0.5 - np.abs(along), 0, 1) * np.clip(1 - np.abs(across), 0, 1)
    kernel = line if moving else np.exp(-(x**2 + y**2) / (2 * sigma**2))
    return (kernel / kernel.sum()).astype(np.float32)
