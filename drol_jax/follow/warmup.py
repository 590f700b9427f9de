"""Compiling what following needs before the first image comes."""

from dataclasses import replace

import numpy as np

from drol_jax.api import Tracker
from drol_jax.follow.follower import Follower
from drol_jax.follow.target import Target
from drol_jax.image.frames import CAPACITIES, capacity
from drol_jax.tracks.table import TargetState

START = (4.0, 4.0, 16.0, 16.0)


def warm_up(tracker: Tracker, height: int, width: int) -> None:
    """Compile what a `Follower` of one target needs for images of up to this size: starting, following, searching.

    Args:
      height, width: of the largest image expected, pixels.
    """
    largest = capacity(height, width)
    for pixels in (*(c for c in CAPACITIES if c < largest), largest):
        image = np.full((32, pixels // 32, 3), 128, np.uint8)
        follower = Follower(tracker, 1)
        follower.add(image, "target", START)
        follower.step(image)
        lost = Target(name="target", slot=0, box=np.array(START), state=TargetState.LOST, left=np.array(START), gone=1)
        for confirmed in (0, 1):  # searched for, and followed at the place that it may have come back to
            follower.targets["target"] = replace(lost, confirmed=confirmed)
            follower.step(image)
