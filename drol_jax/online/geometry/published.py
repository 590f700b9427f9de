"""The subnet's geometry with the quirks that shaped the published scores. Letters as in `online.geometry`."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from drol_jax.config import Hyper
from drol_jax.online import labels, localize
from drol_jax.online.geometry.region import Region
from drol_jax.online.localize import Judgement


@dataclass(frozen=True, kw_only=True)
class Published:
    """A cell counts as S / L pixels, and labels and verdicts go by what the subnet itself keeps of the track."""

    pixels: int  # S
    cells: int  # L
    kernel: int
    keeps_region = True
    """Labels and verdicts go by the region that the subnet keeps of the track."""
    unit_weights = False
    """The weights of the memory's samples add up to a little over one."""

    def label_sigma(self, size: jax.Array, scale: jax.Array, factor: jax.Array) -> jax.Array:
        """Width of the labels, cells."""
        return labels.label_sigma(size, scale, self.cells, self.pixels, factor)

    def first_centres(self, target: jax.Array, shifts: jax.Array, copies: int) -> jax.Array:
        """Label centres of the first frame's samples, float32 [I + copies, 2]."""
        return labels.first_centres(target, shifts, copies, self.cells, self.pixels, self.kernel)

    def sample_centre(self, target: jax.Array, region: Region, kept: Region | None) -> jax.Array:
        """Label centre of a sample from a search region, float32 [2]."""
        assert kept is not None
        return labels.update_centre(target, jnp.round(kept.centre), self.cells, self.pixels, self.kernel)

    def score_map(self, raw: jax.Array) -> jax.Array:
        """[L, L] response -> [S, S]."""
        return localize.upsample(raw, self.pixels, self.kernel)

    def judge(self, score_map: jax.Array, region: Region, kept: Region | None, hyper: Hyper) -> Judgement:
        """Verdict on a score map [S, S]."""
        assert kept is not None
        return localize.judge(score_map, kept.size[::-1], kept.scale, hyper)
