"""`Follower`: many targets through the frames of one video, apart from one another, lost and found again."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.api import Tracker
from drol_jax.errors import UserError
from drol_jax.follow.apart import giving_way, overlaps, touching
from drol_jax.follow.look import look
from drol_jax.follow.places import places
from drol_jax.follow.policy import Policy
from drol_jax.follow.scene import Scene, small, stood
from drol_jax.follow.sight import Looked, Sight
from drol_jax.follow.target import GONE, Target, after_search, after_step, resized, wanted
from drol_jax.image.inputs import checked_frame, on_device
from drol_jax.running.lanes import LaneState
from drol_jax.running.targets import Targets, targets
from drol_jax.tracker.candidates import padded_side
from drol_jax.tracker.fidelity import rules
from drol_jax.tracker.outcome import Found
from drol_jax.tracker.state import StepOutput, TrackerState
from drol_jax.tracks.table import TargetState

ELSEWHERE = 0.3
"""Overlap with a target that is followed from which a place is not a lost one's."""
SEEN = (TargetState.TRACKED, TargetState.FOUND_AGAIN)
"""States in which a target is learned from."""


class Follower:
    """Follows targets from frame to frame. Targets enter at any frame and leave again; nothing is compiled for that."""

    def __init__(self, tracker: Tracker, slots: int, policy: Policy | None = None):
        """Take a tracker.

        Args:
          slots: targets at the same time; more of them compile once more.
        """
        self.tracker = tracker
        self.policy = policy or Policy()
        self._rules: Any = rules(tracker.config)
        self._pool: Targets = targets(tracker, slots)
        self._lanes: LaneState | None = None  # until the first target
        self.targets: dict[str, Target] = {}
        self._together: frozenset[frozenset[str]] = frozenset()
        self._found: tuple[Found, dict[str, int]] | None = None
        """What the last frame's search found, and the slots of those that it was for."""

    def add(self, image: np.ndarray, name: str, box: Sequence[float] | np.ndarray) -> Sight:
        """Follow one more target, from this frame on; call it after `step` for the same frame.

        Args:
          image: uint8 RGB [H, W, 3].
          box: (x, y, w, h), pixels, 0-based, overlapping the image.

        Raises:
          UserError: there is a target of that name, or what is wrong with the box.
        """
        if name in self.targets:
            raise UserError(f"there are two targets of the name {name!r}; give each a name of its own")
        if self._lanes is None:
            self._lanes, slot = self._pool.begin(image, box), 0
        else:
            if len(self.targets) == self._slots:
                self._lanes = self._pool.grow(self._lanes, 2 * self._slots)
            self._lanes, slot = self._pool.add(self._with_active(self.targets.values()), image, box)
        place = np.asarray(box, np.float64)
        self._lay_together(name, place)
        self.targets[name] = Target(name=name, slot=slot, box=place)
        return Sight(name=name, state=TargetState.TRACKED, confidence=1.0, box=place)

    def all_are_in(self) -> None:
        """Tell that no more targets come in this process: see `Targets.all_are_in`."""
        self._pool.all_are_in(self._there)

    def correct(
        self, image: np.ndarray, name: str, box: Sequence[float] | np.ndarray, *, template: bool = False
    ) -> Sight:
        """Put a target where a person says that it is, in the frame of the last `step`. It is learned from at once.

        Args:
          image, box: as in `add`.
          template: whether the box also becomes the target's template.

        Raises:
          UserError: there is no target of that name, or what is wrong with the box.
        """
        target = self._known(name)
        state = self._pool.state(self._there, target.slot)
        state = self.tracker.correct(state, image, box, template=template)
        self._lanes = self._pool.put(self._there, target.slot, state)
        place = np.asarray(box, np.float64)
        self.targets[name] = Target(name=name, slot=target.slot, box=place, history=target.history)
        return Sight(name=name, state=TargetState.TRACKED, confidence=1.0, box=place)

    def taken(self, name: str) -> tuple[Target, TrackerState]:
        """All there is of one target after the last frame, on the host, for `join`.

        Raises:
          UserError: there is no target of that name.
        """
        target = self._known(name)
        return target, jax.device_get(self._pool.state(self._there, target.slot))

    def join(self, target: Target, state: TrackerState) -> None:
        """Follow a target from where it was when it was `taken`, by a follower of the same tracker.

        Raises:
          UserError: there is a target of that name.
        """
        if target.name in self.targets:
            raise UserError(f"there are two targets of the name {target.name!r}; give each a name of its own")
        used = {other.slot for other in self.targets.values()}
        lanes = self._there
        if len(used) == self._slots:
            lanes = self._pool.grow(lanes, 2 * self._slots)
        slot = min(set(range(int(lanes.active.shape[0]))) - used)
        self._lanes = self._pool.put(lanes, slot, state)
        if target.state not in GONE:
            self._lay_together(target.name, target.box)
        self.targets[target.name] = replace(target, slot=slot)

    def remove(self, name: str) -> None:
        """Follow a target no longer.

        Raises:
          UserError: there is none of that name.
        """
        del self.targets[self._known(name).name]

    def step(self, image: np.ndarray) -> list[Sight]:
        """Follow all targets into the next frame.

        Args:
          image: uint8 RGB [H, W, 3].

        Returns:
          One sight a target, in the order in which they were added.

        Raises:
          UserError: the frame is no image, or a result is not finite.
        """
        size = (image.shape[0], image.shape[1])
        frame = on_device(checked_frame(image))
        searched = [t for t in self.targets.values() if not t.followed]
        followed = [t for t in self.targets.values() if t.followed]
        self._found = None
        now = small(image)
        outputs = self._step_all(followed, frame, size) if followed else {}
        share = self.policy.looks // max(1, len(searched))
        looks = min(self.policy.looks, max(self.policy.looks_each, share))
        for target in searched:
            self._search_for(target, frame, size, looks, now)
        for target in self.targets.values():
            if target.state in SEEN:
                self.targets[target.name] = replace(target, scene=Scene(grey=now, box=target.box))
        boxes = {t.name: t.box for t in self.targets.values() if t.state not in GONE}
        lies_on = touching(boxes, self.policy.touching)
        return [
            Sight(
                name=t.name,
                state=t.state,
                confidence=t.confidence,
                box=boxes.get(t.name),
                overlap=lies_on.get(t.name, ()),
                output=outputs.get(t.name),
            )
            for t in self.targets.values()
        ]

    def looked(self) -> dict[str, Looked]:
        """Where the targets that were followed into the last frame were looked for; nothing with the subnet off."""
        if self._found is None or (localisation := self._found[0].localisation) is None:
            return {}
        region = localisation.region
        maps, centres, scales = jax.device_get((localisation.score_map, region.centre, region.scale))
        places = {}
        for name, slot in self._found[1].items():
            side = maps.shape[-1] / float(scales[slot])
            x, y = (float(middle) - side / 2 for middle in centres[slot])
            places[name] = Looked(score_map=maps[slot], box=(x, y, side, side))
        return places

    def latest(self) -> dict[str, int]:
        """Slot of the online memory that each target's latest sample went into, -1 before the first; empty without."""
        online = self._there.states.online
        slots = [] if online is None else jax.device_get(online.memory.previous)
        return {name: int(slots[target.slot]) for name, target in self.targets.items()} if len(slots) else {}

    def weights(self, name: str) -> np.ndarray | None:
        """float32 [N]: weights of a target's samples in the online memory; None without online learning.

        Raises:
          UserError: there is no target of that name.
        """
        online, slot = self._there.states.online, self._known(name).slot
        return None if online is None else np.asarray(jax.device_get(online.memory.weights[slot]))

    def _lay_together(self, name: str, place: np.ndarray) -> None:
        """Note whom a target lies on as it enters: they may go on so."""
        others = [t for t in self.targets.values() if t.state not in GONE]
        lies_on = overlaps([place, *(t.box for t in others)])[0, 1:] >= self.policy.apart
        self._together |= {frozenset((name, t.name)) for t, on in zip(others, lies_on, strict=True) if on}

    def _known(self, name: str) -> Target:
        if name not in self.targets:
            raise UserError(f"there is no target {name!r}; there are: {', '.join(self.targets) or 'none'}")
        return self.targets[name]

    @property
    def memory(self) -> tuple[LaneState, frozenset[frozenset[str]]]:
        """(lanes, pairs of names that lay on one another from their start): all there is beside `targets`."""
        return self._there, self._together

    def room_for(self, slots: int) -> LaneState:
        """Lanes without targets, as many as asked for."""
        return targets(self.tracker, slots).empty()

    def remember(self, lanes: LaneState, targets: dict[str, Target], together: frozenset[frozenset[str]]) -> None:
        """Go on from what a follower of the same tracker had."""
        self._lanes, self.targets, self._together = lanes, targets, together

    @property
    def _slots(self) -> int:
        return int(self._there.active.shape[0])

    @property
    def _there(self) -> LaneState:
        return self.room_for(self._pool.slots) if self._lanes is None else self._lanes

    def _with_active(self, active: Iterable[Target]) -> LaneState:
        """The lanes, of which those of some targets are active: a lost one keeps its slot, and costs nothing."""
        mask = np.zeros(self._slots, bool)
        mask[[target.slot for target in active]] = True
        return replace(self._there, active=jax.device_put(mask))

    def _step_all(self, followed: list[Target], frame: Any, size: tuple[int, int]) -> dict[str, StepOutput]:
        """A step of the targets that the tracker follows; their boxes are taken, or they stay where they are."""
        lanes, slots = self._with_active(followed), [t.slot for t in followed]
        found = self._pool.search(lanes, frame)
        self._found = found, {t.name: t.slot for t in followed}
        centre, extent, confidence = jax.device_get((found.candidate.centre, found.candidate.size, found.confidence))
        seen = np.asarray(self._rules.box(centre, extent), np.float64)
        if not np.isfinite(seen[slots]).all():
            raise UserError(
                f"a box is not finite; the weights of {self.tracker.name} or the hyper-parameters are unsound"
            )
        claiming = [t for t in followed if confidence[t.slot] >= self.policy.seen]
        away = giving_way(claiming, [seen[t.slot] for t in claiming], self._together, self.policy)
        learn = np.zeros(self._slots, bool)
        held_centre, held_extent, taken = np.array(centre), np.array(extent), []
        for target in followed:
            sure, place = (0.0 if target.name in away else float(confidence[target.slot])), seen[target.slot]
            after = after_step(target, place, sure, size, self.policy)
            self.targets[target.name] = after
            learn[target.slot] = after.state in SEEN
            if after.box is place:
                taken.append(after)
            else:
                held_centre[target.slot], held_extent[target.slot] = self._rules.target(after.box)
        self._lanes, outputs = self._pool.follow(lanes, frame, _moved(found, held_centre, held_extent), learn)
        told = jax.device_get(outputs)
        for target in taken:  # the tracker keeps boxes within the image
            self.targets[target.name] = replace(target, box=told.box[target.slot].astype(np.float64))
        return {t.name: jax.tree.map(lambda leaf, slot=t.slot: leaf[slot], told) for t in followed}

    def _search_for(self, target: Target, frame: Any, size: tuple[int, int], looks: int, now: np.ndarray) -> None:
        """Look for a lost target at so many places of the frame, which is `now` in small."""
        search = self.tracker.config.search
        side = float(padded_side(jnp.asarray(target.box[2:], jnp.float32), search.context_amount))
        region = side * search.instance_size / search.exemplar_size
        centres, wider = places(size, region, target.box[:2] + target.box[2:] / 2, target.gone, self.policy, looks)
        seen = look(self.tracker.model, self._there, target.slot, centres, looks, target.box[2:] * wider, frame)
        found = np.asarray(self._rules.box(seen.centre, seen.size), np.float64)
        near = [t.box for t in self.targets.values() if t.state not in GONE]
        taken = (overlaps([*found, *near])[: len(found), len(found) :] >= ELSEWHERE).any(axis=1)
        others = taken | resized(target, found, self.policy) | stood(target.scene, now, found, size)
        confidence = np.where(others, 0.0, seen.confidence)
        best = int(np.argmax(confidence))
        place = found[best] if confidence[best] >= wanted(target, self.policy.again, self.policy) else None
        self.targets[target.name] = after_search(target, place, float(confidence[best]))
        if place is not None:
            self._lanes = self._pool.move(self._there, target.slot, place)


def _moved(found: Found, centre: np.ndarray, size: np.ndarray) -> Found:
    """What was found, elsewhere."""
    return replace(found, candidate=replace(found.candidate, centre=centre, size=size))
