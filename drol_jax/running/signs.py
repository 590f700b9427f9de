"""`read_signs`: what speaks for a tracker's boxes being right, along a sequence whose groundtruth is known.

It is what `ConfidenceConfig` is fitted to. Beside the tracker's own boxes stand drawn ones, right and wrong: a tracker
seldom errs where it was trained, and where it is used it errs in other ways.

Letters: M boxes drawn a frame.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from drol_jax.api import PRECISION, Tracker, checked_frame, on_device
from drol_jax.datasets.sequence import Sequence
from drol_jax.image.boxes import overlap
from drol_jax.image.crops import Frame, as_frame
from drol_jax.image.frames import prefetch
from drol_jax.model import Model
from drol_jax.tracker.confidence import Signs
from drol_jax.tracker.fidelity import rules
from drol_jax.tracker.outcome import View, region_side, signs
from drol_jax.tracker.state import TrackerState
from drol_jax.tracker.step import finish, localise, refit, update_memory

DRAWN = 8
"""M."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SignsRead:
    """The signs of N boxes."""

    likeness: np.ndarray
    """float64 [N], `Signs.likeness`."""
    online: np.ndarray | None
    """float64 [N], `Signs.online`; None with the online subnet off."""
    overlap: np.ndarray
    """float64 [N], with the groundtruth; 0 where the target is out of view."""
    drawn: np.ndarray
    """bool [N], False for the tracker's own boxes."""


def read_signs(tracker: Tracker, sequence: Sequence, seed: int) -> SignsRead:
    """Track a sequence and read the signs of the tracker's boxes and of drawn ones.

    Args:
      seed: of the drawn boxes and of the online subnet, folded with the sequence's name.

    Raises:
      UserError: a frame cannot be read, or the start box lies outside.
    """
    number = zlib.crc32(sequence.name.encode())
    rng, key = np.random.default_rng((seed, number)), jax.random.fold_in(jax.random.key(seed), number)
    rows = list(_rows(tracker, sequence, rng, key))
    likeness, online, found, drawn = (np.concatenate(column) for column in zip(*rows, strict=True))
    on = tracker.config.online.enabled
    return SignsRead(likeness=likeness, online=online if on else None, overlap=found, drawn=drawn)


def _rows(tracker: Tracker, sequence: Sequence, rng: np.random.Generator, key: Any) -> Iterator[tuple[np.ndarray, ...]]:
    """Each frame's (likeness, online, overlap, drawn)."""
    images = prefetch(sequence.frames)
    try:
        state = tracker.init(next(images), sequence.first_box, key)
        for truth, image in zip(sequence.boxes[1:], images, strict=True):
            there = bool(np.isfinite(truth).all() and (truth[2:] > 0).all())
            boxes = _draw(rng, truth if there else sequence.first_box)
            with jax.default_matmul_precision(PRECISION):
                state, told = _step(tracker.model, state, on_device(checked_frame(image)), boxes)
            box, own, others, (centre, side) = jax.device_get(told)
            # What lies outside the search region has no features of its own.
            middle, longest = boxes[:, :2] + boxes[:, 2:] / 2, boxes[:, 2:].max(1)
            inside = (np.abs(middle - centre).max(1) + longest / 2 < side / 2) & there
            every = np.concatenate([box[None], boxes[inside]]).astype(np.float64)
            found = overlap(every, truth) if there else np.zeros(1)
            online = np.append(own.online, others.online[inside]) if own.online is not None else np.full(len(every), 0)
            drawn = np.arange(len(every)) > 0
            yield np.append(own.likeness, others.likeness[inside]), online, found, drawn
    finally:
        images.close()


def _draw(rng: np.random.Generator, truth: np.ndarray) -> np.ndarray:
    """Boxes about the target, of other sizes; every other one near it, the others up to a region away. [M, 4]"""
    size = truth[2:] * np.exp(rng.uniform(-0.8, 0.8, (DRAWN, 1)) + rng.normal(0, 0.15, (DRAWN, 2)))
    far = np.where(np.arange(DRAWN) % 2, 1.0, 5.0)[:, None]
    middle = truth[:2] + truth[2:] / 2 + rng.normal(0, 0.25, (DRAWN, 2)) * truth[2:] * far
    return np.concatenate([middle - size / 2, size], axis=1).astype(np.float32)


@jax.jit
def _step(model: Model, state: TrackerState, frame: Frame, boxes: jax.Array) -> tuple[TrackerState, Any]:
    """A step, with (box, its signs, signs of the boxes [M], the search region's middle and side)."""
    config, rule = model.config, rules(model.config)
    frame = as_frame(frame)
    side = rule.side(region_side(config, state))
    crop = rule.crop(frame, state.centre, side, config.search.instance_size, state.fill)
    view = View(feature=model.network.feature(crop[None])[0], scale=config.search.instance_size / side)
    record = localise(model, state, frame)
    found = record.found
    score_map = None if found.localisation is None else found.localisation.score_map

    def of(centre: jax.Array, size: jax.Array) -> Signs:
        return signs(model, state, view, score_map, centre, size)

    own, others = of(found.candidate.centre, found.candidate.size), jax.vmap(of)(*rule.target(boxes))
    after, output = finish(model, refit(model, update_memory(model, record)))
    return after, (output.box, own, others, (state.centre, side))
