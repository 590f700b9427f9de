"""`Watched`: a follower that keeps a picture of what each sample of a target's online memory was cut from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from drol_jax.api import Tracker
from drol_jax.follow.follower import Follower
from drol_jax.follow.sight import Sight
from drol_jax.follow.target import Target
from drol_jax.system.opencv import cv2
from drol_jax.tracker.state import TrackerState

SIDE = 40
"""Pixels of a picture."""


@dataclass(frozen=True, eq=False)
class Patch:
    """What a sample is of."""

    frame: int
    picture: np.ndarray
    """uint8 RGB [SIDE, SIDE, 3], the search region."""


Patches = Mapping[int, Patch]
"""By slot of the memory. The first frame's samples, turned, blurred and shifted, have none."""


class Watched(Follower):
    """As `Follower`."""

    def __init__(self, tracker: Tracker, slots: int):
        """Take a tracker, as `Follower`."""
        super().__init__(tracker, slots)
        self.number = 0
        """Of the frame that comes next; the caller's to set."""
        self._patches: dict[str, dict[int, Patch]] = {}

    def patches(self, name: str) -> Patches:
        """Of the samples that a target's memory holds."""
        return self._patches.get(name, {})

    def join(self, target: Target, state: TrackerState, patches: Patches | None = None) -> None:
        """As `Follower.join`, with the patches that were taken with the target."""
        super().join(target, state)
        self._patches[target.name] = dict(patches or {})

    def step(self, image: np.ndarray) -> list[Sight]:
        """As `Follower.step`."""
        boxes = {name: target.box for name, target in self.targets.items()}
        before = self.latest()
        sights = super().step(image)
        for name, slot in self.latest().items():
            if slot != before.get(name, -1) and slot >= 0:  # the slot of least weight is another each time
                self._keep(name, slot, image, boxes[name])
        return sights

    def correct(
        self, image: np.ndarray, name: str, box: Sequence[float] | np.ndarray, *, template: bool = False
    ) -> Sight:
        """As `Follower.correct`."""
        before, astray = self.weights(name), self.targets[name].box if name in self.targets else None
        sight = super().correct(image, name, box, template=template)
        after = self.weights(name)
        if before is not None and after is not None and astray is not None:
            # Two samples gain weight, and the others give it: where the tracker had gone to, and the heavier box.
            fresh = np.argsort(after / np.maximum(before, np.finfo(np.float32).tiny))[-2:]
            lighter, heavier = sorted(map(int, fresh), key=lambda slot: after[slot])
            self._keep(name, lighter, image, astray)
            self._keep(name, heavier, image, np.asarray(box, np.float64))
        return sight

    def _keep(self, name: str, slot: int, image: np.ndarray, box: np.ndarray) -> None:
        search = self.tracker.config.search
        context = search.context_amount * (box[2] + box[3])
        side = np.sqrt((box[2] + context) * (box[3] + context)) * search.instance_size / search.exemplar_size
        x, y = box[:2] + box[2:] / 2 - side / 2
        place = np.array([[side / SIDE, 0, x], [0, side / SIDE, y]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        picture = cv2.warpAffine(image, place, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        self._patches.setdefault(name, {})[slot] = Patch(self.number, np.asarray(picture, np.uint8))
