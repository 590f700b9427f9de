"""Runs under small perturbations: how much of a score is luck. Needs no jax.

A tracker is a feedback: a box decides where the next frame is searched and what is learned, so that on some sequences a
difference that no eye sees grows to another path. A perturbed run starts from a box shifted by a part of a pixel, sees
a grey level of noise in every frame, and draws by a seed of its own; so many runs tell how far a score can be believed.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from drol_jax import datasets
from drol_jax.eval.runner import Runner, Until
from drol_jax.image.frames import read
from drol_jax.image.source import FrameSource
from drol_jax.results.runs import Trajectory


@dataclass(frozen=True)
class Perturbation:
    """How much a run is disturbed. Recorded in manifests."""

    shift: float = 0.5
    """The start box is moved in x and in y by a uniform draw from -shift to shift, pixels."""
    noise: int = 1
    """To each value of each frame one of the whole numbers from -noise to noise is added; grey levels."""

    @property
    def words(self) -> str:
        """What is done, in words."""
        return (
            f"start boxes shifted by up to {self.shift:g} px, noise of {self.noise} grey level in every frame, and "
            "draws of their own"
        )


PERTURBATION = Perturbation()


def perturbed(sequence: datasets.Sequence, seed: int, how: Perturbation = PERTURBATION) -> datasets.Sequence:
    """A sequence with its start box shifted and noise in its frames.

    Args:
      seed: decides both, together with the sequence's name: the same seed gives the same bytes.
    """
    key = (seed, zlib.crc32(sequence.name.encode()))
    boxes = sequence.boxes.copy()
    boxes[0, :2] += np.random.default_rng(key).uniform(-how.shift, how.shift, 2)
    frames = tuple(_Noisy(frame, (*key, index), how.noise) for index, frame in enumerate(sequence.frames))
    return replace(sequence, boxes=boxes, frames=frames)


@dataclass(frozen=True)
class PerturbedRunner:
    """A runner whose sequences are perturbed, each segment of a protocol by itself."""

    runner: Runner
    how: Perturbation = PERTURBATION

    def run(
        self,
        sequence: datasets.Sequence,
        seed: int,
        on_frame: Callable[[int], None] | None = None,
        until: Until | None = None,
    ) -> Trajectory:
        """Track the sequence as perturbed by the seed. Raises what the runner raises."""
        return self.runner.run(perturbed(sequence, seed, self.how), seed, on_frame, until)

    def with_lanes(self, lanes: int) -> "PerturbedRunner":
        """The same in so many lanes, if its runner can (`pacing.LanedRunner`)."""
        return replace(self, runner=self._laned.with_lanes(lanes))

    def lanes_to_try(self, most: int) -> tuple[int, ...]:
        """As its runner."""
        return self._laned.lanes_to_try(most)

    @property
    def trial(self) -> int:
        """As its runner."""
        return self._laned.trial

    @property
    def _laned(self) -> Any:
        return self.runner


@dataclass(frozen=True)
class _Noisy:
    """A frame with noise."""

    source: FrameSource
    key: tuple[int, ...]
    noise: int

    def __call__(self) -> np.ndarray:
        """Decode or render: uint8 RGB [H, W, 3]. Raises what the source raises."""
        image = read(self.source)
        noise = np.random.default_rng(self.key).integers(-self.noise, self.noise, image.shape, np.int8, endpoint=True)
        return np.clip(image.astype(np.int16) + noise, 0, 255).astype(np.uint8)
