"""The subnet's geometry as the method means it. Letters as in `online.geometry`."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.config import Hyper
from drol_jax.online import labels, localize
from drol_jax.online.geometry.region import Region
from drol_jax.online.localize import Judgement


@dataclass(frozen=True, kw_only=True)
class Exact:
    """A target d pixels off the crop's middle has its label and its score peak d pixels off the middle."""

    pixels: int  # S
    cells: int  # L
    first: float
    stride: int
    kernel: int
    keeps_region = False
    """Labels and verdicts go by the region looked at."""
    unit_weights = True
    """The weights of the memory's samples add up to one."""

    def label_sigma(self, size: jax.Array, scale: jax.Array, factor: jax.Array) -> jax.Array:
        """Width of the labels, cells."""
        return labels.label_sigma(size, scale, 1, self.stride, factor)

    def first_centres(self, target: jax.Array, shifts: jax.Array, copies: int) -> jax.Array:
        """Label centres of the first frame's samples, float32 [I + copies, 2]."""
        # The images are windows of a crop of 2S pixels with the target in its middle, from pixel ceil(S / 2) on:
        # for odd S the target lies half a pixel before the window's middle.
        off = (2 * self.pixels - 1) / 2 - -(-self.pixels // 2) - (self.pixels - 1) / 2
        images = self._label(shifts.astype(jnp.float32) + off)
        return jnp.concatenate([images, jnp.broadcast_to(images[:1], (copies, 2))])

    def sample_centre(self, target: jax.Array, region: Region, kept: Region | None) -> jax.Array:
        """Label centre of a sample from a search region, float32 [2]."""
        return self._label((target - region.centre)[::-1] * region.scale)

    def score_map(self, raw: jax.Array) -> jax.Array:
        """[L, L] response -> [S, S]."""
        matrix = jnp.asarray(self.sampling())
        precise = jax.lax.Precision.HIGHEST
        return jnp.matmul(jnp.matmul(matrix, raw, precision=precise), matrix.T, precision=precise)

    def judge(self, score_map: jax.Array, region: Region, kept: Region | None, hyper: Hyper) -> Judgement:
        """Verdict on a score map [S, S]."""
        # Near and far are told apart within what the features cover: unpadded networks see less than the crop.
        span = min(self.stride * self.cells, self.pixels)
        return localize.judge(score_map, region.size[::-1], region.scale, hyper, span)

    def response_cell(self, pixel: np.ndarray | float) -> np.ndarray | float:
        """Where the response to a target at these pixels peaks, cells counted from 0."""
        return (pixel - self.first) / self.stride + labels.behind(self.kernel)

    def sampling(self) -> np.ndarray:
        """One axis of the score map from the response, float32 [S, L]: pixel u shows the response to pixel u.

        The response's Fourier interpolation, which for even L halves the highest wave, so that it passes through the
        response's values. Pixels outside the features' cells are zero: nothing was seen there. The last half cell,
        beyond the last response of an even filter, holds that response's value.
        """
        pixel = np.arange(self.pixels)
        feature = (pixel - self.first) / self.stride
        covered = (feature >= -0.5) & (feature <= self.cells - 0.5)
        place = np.clip(self.response_cell(pixel), 0, self.cells - 1)
        waves = np.arange(1, self.cells // 2 + 1)
        weight = np.where(2 * waves == self.cells, 1.0, 2.0)
        turns = (place[:, None] - np.arange(self.cells)) / self.cells
        series = 1 + (weight * np.cos(2 * np.pi * turns[..., None] * waves)).sum(axis=-1)
        return (covered[:, None] * series / self.cells).astype(np.float32)

    def _label(self, off: jax.Array) -> jax.Array:
        """Pixels off the crop's middle -> cells off the label map's, any shape."""
        middle = self.response_cell((self.pixels - 1) / 2) - (self.cells - 1) / 2
        return off / self.stride + middle
