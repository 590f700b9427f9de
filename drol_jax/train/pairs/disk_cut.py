"""Cutting pairs out of images whose target is known, with random shift, scale, light, blur and loss of colour."""

from dataclasses import dataclass, fields

import numpy as np

from drol_jax.errors import UserError
from drol_jax.image.boxes import exact_box_from_target, target_from_box
from drol_jax.image.sampling import warp_affine
from drol_jax.system.opencv import cv2

CONTEXT = 0.5
"""Context about the target, in means of its width and height, on which all sides are summed."""


@dataclass(frozen=True, kw_only=True)
class CutSettings:
    """Shares are 0..1 of all pairs; shifts are pixels of the cut image."""

    negatives: float = 0.2
    """Share of search regions out of another video than the template's."""
    template_shift: float = 0.0
    """Largest distance of the target from the template's middle, along each axis. PySOT: 4."""
    template_scale: float = 0.0
    """Largest change of the template's scale, as a share. PySOT: 0.05."""
    shift: float = 64.0
    """Largest distance of the target from the search region's middle, along each axis."""
    scale: float = 0.18
    """Largest change of the search region's scale, as a share."""
    flip: float = 0.5
    """Share of pairs that are mirrored, left to right."""
    grey: float = 0.15
    """Share of pairs without colour."""
    blur: float = 0.2
    """Share of search regions blurred by motion or focus."""
    light: float = 0.25
    """Largest change of brightness and of contrast, as a share."""
    tint: float = 0.08
    """Largest change of each colour channel, as a share."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value, high = getattr(self, field.name), _HIGHEST.get(field.name, 1)
            if not 0 <= value <= high:
                raise UserError(f"pairs from disk: {field.name} is {value}; give a number from 0 to {high}")


_HIGHEST = {"template_shift": 64, "shift": 128, "template_scale": 0.5, "scale": 0.5, "light": 0.9, "tint": 0.9}


@dataclass(frozen=True, kw_only=True, eq=False)
class Sighting:
    """A target in an image."""

    image: np.ndarray
    """uint8 RGB [H, W, 3]."""
    box: np.ndarray
    """float64 [4] (x, y, w, h), pixels, 0-based."""


def context_side(size: np.ndarray) -> float:
    """Side of the square around a target of (w, h) pixels with its context, as trackers cut the template."""
    padded = size + CONTEXT * size.sum()
    return float(np.sqrt(padded.prod()))


def square(image: np.ndarray, centre: np.ndarray, side: float, out: int) -> np.ndarray:
    """Square patch about a point (x, y), resized bilinearly; the image's mean colour lies around it.

    Pixel u of the patch shows the image at centre + (u - (out - 1) / 2) * side / out, as `crops.centred_crop`.
    """
    step = side / out
    first = centre - step * (out - 1) / 2
    fill = np.floor(cv2.mean(image)[:3]).tolist()
    to_image = np.array([[step, 0, first[0]], [0, step, first[1]]])
    return warp_affine(image, to_image, (out, out), cv2.BORDER_CONSTANT, tuple(fill), inverse=True)


def cut_pair(
    rng: np.random.Generator,
    first: Sighting,
    second: Sighting,
    settings: CutSettings,
    exemplar: int,
    instance: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A pair of two sightings.

    Returns:
      (template uint8 [E, E, 3], search uint8 [S, S, 3], box float32 [4] (x, y, w, h) in `search`, pixels, centre =
      corner + (size - 1) / 2).
    """
    # One number for each draw whatever the settings, so that one setting does not turn all others' dice.
    draws = rng.uniform(-1, 1, 6)
    mirrored, grey, blurred = rng.random(3) < [settings.flip, settings.grey, settings.blur]
    template, _ = _cut(
        first, settings.template_shift * draws[:2], settings.template_scale * draws[2], exemplar, exemplar
    )
    search, box = _cut(second, settings.shift * draws[3:5], settings.scale * draws[5], exemplar, instance)
    if mirrored:
        template, search = template[:, ::-1], search[:, ::-1]
        box[0] = instance - box[0] - box[2]
    template, search = _lit(rng, template, settings), _lit(rng, search, settings)
    kernel = _kernel(rng)
    if blurred:
        # In double precision: of single, releases of OpenCV leave other last bits, and a last bit becomes a grey level.
        soft = cv2.filter2D(search.astype(np.float64), -1, kernel, borderType=cv2.BORDER_REPLICATE)
        search = np.clip(np.rint(soft), 0, 255).astype(np.uint8)
    if grey:
        template, search = (cv2.merge([cv2.cvtColor(part, cv2.COLOR_RGB2GRAY)] * 3) for part in (template, search))
    return template, search, box


def _cut(of: Sighting, shift: np.ndarray, change: float, exemplar: int, out: int) -> tuple[np.ndarray, np.ndarray]:
    """The patch with the target `shift` pixels off its middle, 1 + `change` times as large as in a template."""
    centre, size = target_from_box(np.asarray(of.box, np.float64))
    scale = (1 + change) * exemplar / context_side(size)
    patch = square(of.image, centre - shift / scale, out / scale, out)
    box = exact_box_from_target((out - 1) / 2 + shift, scale * size)
    return patch, box.astype(np.float32)


def _lit(rng: np.random.Generator, patch: np.ndarray, settings: CutSettings) -> np.ndarray:
    """Change the light: brightness, contrast about the mean, and each colour."""
    bright, contrast = 1 + settings.light * rng.uniform(-1, 1, 2)
    tint = 1 + settings.tint * rng.uniform(-1, 1, 3)
    mean = patch.mean()
    lit = ((patch - mean) * contrast + mean) * (bright * tint)
    return np.clip(np.rint(lit), 0, 255).astype(np.uint8)


def _kernel(rng: np.random.Generator) -> np.ndarray:
    """A line (motion) or a spot (focus), float32 [15, 15], sum 1."""
    reach = 7
    moving, angle, length, sigma = rng.random() < 0.5, rng.uniform(0, np.pi), rng.uniform(3, 14), rng.uniform(0.6, 2.2)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    line = np.clip(length / 2 + 0.5 - np.abs(along), 0, 1) * np.clip(1 - np.abs(across), 0, 1)
    kernel = line if moving else np.exp(-(x**2 + y**2) / (2 * sigma**2))
    return (kernel / kernel.sum()).astype(np.float32)
