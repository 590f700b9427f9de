"""`KeptStates`: what the tracker knew of each target at every n-th frame, so that it goes on from there at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from drol_jax.follow.target import Target
from drol_jax.online.memory import slot_axis
from drol_jax.studio.patches import Patches
from drol_jax.studio.project import Keyframe
from drol_jax.tracker.state import TrackerState

EVERY = 20
"""Frames between two kept states."""
BUDGET = 2 * 2**30
"""Bytes of all kept states; then every second one of the target that has most of them goes."""


@dataclass(frozen=True)
class Kept:
    """One target after one frame."""

    target: Target
    _state: TrackerState
    """Without the samples of the online memory."""
    _samples: tuple[np.ndarray, ...] = ()
    """The samples one by one: those that did not change are shared with the states before."""
    _axis: int = 0
    """The axis of the memory's features that they are."""
    cost: int = 0
    """Bytes that are not shared."""
    patches: Patches = field(default_factory=dict)
    """What its samples are of."""

    @property
    def state(self) -> TrackerState:
        """The whole state."""
        online = self._state.online
        if online is None:
            return self._state
        memory: Any = replace(online.memory, features=np.stack(self._samples, self._axis))
        return replace(self._state, online=replace(online, memory=memory))


class KeptStates:
    """States by target, direction (1 forwards, -1 backwards) and frame. Used by one thread at a time."""

    def __init__(self, budget: int = BUDGET):
        self._all: dict[tuple[str, int], dict[int, Kept]] = {}
        self._budget = budget

    def put(
        self, frame: int, direction: int, target: Target, state: TrackerState, patches: Patches | None = None
    ) -> None:
        """Keep a target's state after a frame, on the host."""
        states = self._all.setdefault((target.name, direction), {})
        near = self.before(target.name, frame, direction)
        states[frame] = replace(_shared(target, state, None if near is None else near[1]), patches=dict(patches or {}))
        while self.bytes > self._budget and any(len(some) > 2 for some in self._all.values()):
            most = max(self._all.values(), key=len)
            for number in sorted(most)[1::2]:
                del most[number]

    def before(self, name: str, frame: int, direction: int) -> tuple[int, Kept] | None:
        """The last state of a target up to a frame, that frame's included, with its frame; None where none is kept."""
        states = self._all.get((name, direction), {})
        at = [number for number in states if (frame - number) * direction >= 0]
        last = max(at, key=lambda number: number * direction, default=None)
        return None if last is None else (last, states[last])

    def forget(self, name: str, frame: int, direction: int) -> None:
        """Drop a target's states from a frame on, that frame's included."""
        states = self._all.get((name, direction), {})
        for number in [number for number in states if (number - frame) * direction >= 0]:
            del states[number]

    def changed(self, name: str, before: Mapping[int, Keyframe], after: Mapping[int, Keyframe]) -> None:
        """Drop what does not hold any more now that other boxes are drawn."""
        frames = [frame for frame in before.keys() | after.keys() if before.get(frame) != after.get(frame)]
        if frames:
            self.forget(name, min(frames), 1)
            self.forget(name, max(frames), -1)

    def clear(self) -> None:
        """Drop all."""
        self._all.clear()

    @property
    def bytes(self) -> int:
        """What the states take."""
        return sum(kept.cost for states in self._all.values() for kept in states.values())


def _shared(target: Target, state: TrackerState, near: Kept | None) -> Kept:
    online = state.online
    if online is None:
        return Kept(target, state)
    axis = slot_axis(online.memory)
    features = np.moveaxis(np.asarray(online.memory.features), axis, 0)
    before = near._samples if near is not None else ()
    fresh = features[:1] * 0
    samples, cost = [], 0
    for number, sample in enumerate(features):
        old = before[number] if number < len(before) else fresh[0]
        if np.array_equal(sample, old):
            samples.append(old)
        else:
            samples.append(sample.copy())
            cost += sample.nbytes
    lean: Any = replace(online.memory, features=None)
    return Kept(target, replace(state, online=replace(online, memory=lean)), tuple(samples), axis, cost + 2**19)
