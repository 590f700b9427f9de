"""`Target`: what is known of one target between two frames, and how a frame changes it. Plain numbers, no jax."""

from dataclasses import dataclass, field, replace

import numpy as np

from drol_jax.follow.policy import Policy
from drol_jax.follow.scene import Scene
from drol_jax.tracks.table import TargetState

GONE = (TargetState.LOST, TargetState.OUT_OF_VIEW)
"""States in which a target is searched for, and has no box."""
DECAY = 0.9
"""Of the velocity of a target that is not seen, each frame."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """One target. Boxes (x, y, w, h) in pixels of the frames as they are given, 0-based."""

    name: str
    slot: int
    """Of the pool."""
    box: np.ndarray
    """float64 [4], where it was last seen; moved on by its velocity while it is occluded."""
    state: TargetState = TargetState.TRACKED
    confidence: float = 1.0
    """In the last frame."""
    history: float = 1.0
    """Mean of its confidence while it was wholly in the image, in which the latest frames weigh most."""
    velocity: np.ndarray = field(default_factory=lambda: np.zeros(2))
    """float64 [2] (x, y), pixels a frame."""
    unseen: int = 0
    """Frames in a row in which it was not seen, before it is lost."""
    gone: int = 0
    """Frames since it was lost."""
    left: np.ndarray | None = None
    """float64 [4], its box when it was lost; None while it is not."""
    confirmed: int = 0
    """Frames in a row in which it was seen at a place that it may have come back to."""
    scene: Scene | None = None
    """The frame in which it was last tracked."""

    @property
    def followed(self) -> bool:
        """Whether the tracker steps with it: it is not lost, or is being confirmed."""
        return self.state not in GONE or self.confirmed > 0


def after_step(target: Target, box: np.ndarray, confidence: float, size: tuple[int, int], policy: Policy) -> Target:
    """The target after a frame in which the tracker looked around its last place.

    Args:
      box: float64 [4], what the tracker found.
      confidence: that it is right.
      size: (height, width) of the frame.
    """
    target = replace(target, confidence=confidence)
    if target.state in GONE:
        return _confirming(target, box, policy)
    # At the border a target that is unsure has mostly left: the tracker would stay at what lies there.
    if confidence < (policy.sure if _over(box, size).any() else policy.seen):
        return _unseen(target, size, policy)
    moved = _middle(box) - _middle(target.box)
    velocity = 0.7 * target.velocity + 0.3 * moved if target.unseen == 0 else np.zeros(2)
    # What is seen of a target that leaves tells little of how sure one may be where it comes back.
    new = 1 - policy.memory if _within(box, size) else 0.0
    return replace(
        target,
        state=TargetState.TRACKED if confidence >= policy.sure else TargetState.UNCERTAIN,
        box=box,
        velocity=velocity,
        history=(1 - new) * target.history + new * confidence,
        unseen=0,
    )


def after_search(target: Target, box: np.ndarray | None, confidence: float) -> Target:
    """The target after a frame in which it was searched for.

    Args:
      box: float64 [4], where it may be; None where no place is likely.
      confidence: of the likeliest place.
    """
    target = replace(target, confidence=confidence, gone=target.gone + 1)
    return target if box is None else replace(target, box=box, confirmed=1, velocity=np.zeros(2))


def wanted(target: Target, share: float, policy: Policy) -> float:
    """Confidence that a lost target must have at a place, as a share of what it usually had."""
    return max(policy.least, share * target.history)


def resized(target: Target, boxes: np.ndarray, policy: Policy) -> np.ndarray:
    """bool [K]: boxes [K, 4] too large or too small to be a lost target's. The longer it is gone, the fewer."""
    times = np.sqrt(boxes[:, 2:].prod(axis=1) / target.box[2:].prod())
    return np.maximum(times, 1 / times) > policy.resized ** (1 + target.gone / policy.resizing)


def _confirming(target: Target, box: np.ndarray, policy: Policy) -> Target:
    """Seen again at the place that it may have come back to, often enough, or not."""
    if target.confidence < wanted(target, policy.confirmed, policy):
        assert target.left is not None
        return replace(target, box=target.left, confirmed=0, gone=target.gone + 1)
    if target.confirmed < policy.confirm:
        return replace(target, box=box, confirmed=target.confirmed + 1, gone=target.gone + 1)
    back = TargetState.FOUND_AGAIN
    return replace(target, state=back, box=box, unseen=0, gone=0, left=None, confirmed=0, history=target.confidence)


def _unseen(target: Target, size: tuple[int, int], policy: Policy) -> Target:
    """Not seen: occluded for a while, where it was heading; then lost, or out of view where it left the image."""
    moved = target.box.copy()
    moved[:2] += target.velocity
    velocity = target.velocity * DECAY
    outside = _leaves(moved, target.velocity, size)
    if target.unseen < policy.patience and not outside:
        middle = np.clip(_middle(moved), 0, np.array(size[::-1], float))
        moved[:2] = middle - moved[2:] / 2
        return replace(target, state=TargetState.OCCLUDED, box=moved, velocity=velocity, unseen=target.unseen + 1)
    state = TargetState.OUT_OF_VIEW if outside else TargetState.LOST
    return replace(target, state=state, unseen=0, gone=1, left=target.box, confirmed=0)


def _leaves(box: np.ndarray, velocity: np.ndarray, size: tuple[int, int]) -> bool:
    """Whether a box reaches over a border of the image towards which it moves, by a tenth of itself or more."""
    low, high = _over(box, size)
    return bool(((low & (velocity < 0)) | (high & (velocity > 0))).any())


def _over(box: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """bool [2, 2] (low, high) x (x, y): the borders that a box reaches over, by a tenth of itself or more."""
    return np.stack([box[:2] + 0.1 * box[2:] < 0, box[:2] + 0.9 * box[2:] > np.array(size[::-1])])


def _within(box: np.ndarray, size: tuple[int, int]) -> bool:
    """Whether a box lies wholly in the image."""
    return bool((box[:2] >= 0).all() and (box[:2] + box[2:] <= np.array(size[::-1])).all())


def _middle(box: np.ndarray) -> np.ndarray:
    return box[:2] + box[2:] / 2
