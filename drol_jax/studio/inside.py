"""What the tracker saw and knew of a target in one frame: maps, templates and the memory, for the page."""

import base64
from typing import Any

import jax
import numpy as np

from drol_jax.api import Tracker
from drol_jax.errors import UserError
from drol_jax.follow.target import GONE
from drol_jax.online.memory import features_of
from drol_jax.studio.film import Film
from drol_jax.studio.kept import KeptStates
from drol_jax.studio.passing import enter
from drol_jax.studio.patches import Patch, Patches, Watched
from drol_jax.studio.plan import planned
from drol_jax.studio.project import Subject
from drol_jax.studio.session import Session
from drol_jax.system.opencv import cv2
from drol_jax.tracker.state import TrackerState

FARTHEST = 200
"""Frames that are gone through again to come to the frame that is looked into."""
CONTEXT = 2.0
"""Sides of a target that its template's picture shows."""
SIDE = 96
"""Pixels of that picture."""


def inside(session: Session, name: str, frame: int) -> dict[str, Any]:
    """The insides, as plain values: maps in 256 steps, pictures, weights.

    The tracker goes through the frames again from the last kept state before, with the settings as they are now.

    Raises:
      UserError: there is no such target, it is not tracked up to this frame, or a pass is under way.
    """
    subject = session.project.subject(name)

    def work(tracker: Tracker, kept: KeptStates) -> dict[str, Any]:
        follower, started = _before(tracker, session.film, kept, subject, frame)
        target, state = follower.taken(name)
        if target.state in GONE:
            raise UserError(f"{name} is {target.state.value} before frame {frame}: the whole image is searched for it")
        image = session.film.frame(frame).image
        found = jax.device_get(tracker.details(jax.device_put(state), image))
        maps = {"siamese": _map(found.siamese, found.grid), "fused": _map(found.fused, found.grid)}
        if found.online is not None:
            maps["online"] = _map(found.online, found.region)
        return {
            "maps": maps,
            "template": _template(session.film, subject, frame, started),
            "short_term": _short_term(state),
            "memory": _memory(tracker, state, follower.patches(name)),
        }

    return session.look(work)


def _before(tracker: Tracker, film: Film, kept: KeptStates, subject: Subject, frame: int) -> tuple[Watched, int]:
    """The follower of one target as it was before a frame, and the frame that it entered at."""

    def kept_at(name: str, number: int, direction: int) -> int | None:
        found = kept.before(name, number, direction)
        return None if found is None else found[0]

    entries = planned([subject], frame - 1, 1, kept_at) if frame > 0 else []
    if not entries or entries[0].frame >= frame:
        raise UserError(
            f"{subject.name} is first boxed in frame {min(subject.keyframes, default=frame)}: look at a later one"
        )
    entry = entries[0]
    if frame - entry.frame > FARTHEST:
        raise UserError(f"the last kept state of {subject.name} is {frame - entry.frame} frames back; track it again")
    follower = Watched(tracker, 1)
    enter(follower, entry, film.frame(entry.frame), film, kept, 1)
    for number in range(entry.frame + 1, frame):
        image, follower.number = film.frame(number).image, number
        follower.step(image)
        if number in subject.keyframes:
            drawn = subject.keyframes[number]
            follower.correct(image, subject.name, drawn.box, template=drawn.template)
    if frame - 1 > entry.frame:  # the next frames are looked into from here
        kept.put(frame - 1, 1, *follower.taken(subject.name), follower.patches(subject.name))
    return follower, entry.frame


def _map(values: Any, box: Any) -> dict[str, Any]:
    """A map in 256 steps between its least and its largest value, which are told."""
    values = np.nan_to_num(np.asarray(values, np.float32))
    low, high = float(values.min()), float(values.max())
    steps = ((values - low) / (high - low if high > low else 1) * 255).round().astype(np.uint8)
    told = {"rows": steps.shape[0], "columns": steps.shape[1], "steps": base64.b64encode(steps.tobytes()).decode()}
    return {**told, "low": round(low, 4), "high": round(high, 4), "box": [round(float(side), 2) for side in box]}


def _picture(image: np.ndarray) -> dict[str, Any]:
    """uint8 RGB [H, W, 3] as plain values."""
    pixels = base64.b64encode(np.ascontiguousarray(image).tobytes()).decode()
    return {"rows": image.shape[0], "columns": image.shape[1], "pixels": pixels}


def _template(film: Film, subject: Subject, frame: int, started: int) -> dict[str, Any]:
    """The picture that the first template is of: the box that was taken as one last, else the first."""
    drawn = {number: one for number, one in subject.keyframes.items() if number < frame}
    asked = [number for number, one in drawn.items() if one.template]
    number = max(asked, default=min(drawn, default=started))
    x, y, w, h = subject.keyframes[number].box
    side = CONTEXT * np.sqrt((w + (w + h) / 4) * (h + (w + h) / 4)) / 2
    corner = np.array([[side / SIDE, 0, x + w / 2 - side / 2], [0, side / SIDE, y + h / 2 - side / 2]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    picture = cv2.warpAffine(
        film.frame(number).image, corner, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return {**_picture(np.asarray(picture, np.uint8)), "frame": number}


def _short_term(state: TrackerState) -> dict[str, Any] | None:
    """The crop that the short-term template is renewed from next, with its online peak; None where there is none."""
    if state.short_term is None:
        return None
    crop = np.asarray(state.short_term.candidate)
    return {**_picture(crop), "score": round(float(state.short_term.candidate_score), 4)}


def _memory(tracker: Tracker, state: TrackerState, patches: Patches) -> list[dict[str, Any]]:
    """Samples of the online memory, the heaviest first: features in colours, weight, where the label peaks, and the
    picture of what they are of; the first frame's, and those of before the studio watched, have none."""
    if state.online is None:
        return []
    memory = state.online.memory
    weights = np.asarray(memory.weights)
    used = np.flatnonzero(weights > 0)
    samples = np.asarray(features_of(memory))[used]
    colours = _coloured(samples)
    first = tracker.config.online.first_samples
    last = int(memory.previous)
    told = [
        {
            **_picture(colours[place]),
            "weight": round(float(weights[slot]), 5),
            "label": [round(float(value), 2) for value in np.asarray(memory.centres)[slot]],
            "first": bool(slot < first),
            "latest": int(slot) == last,
            "of": _of(patches.get(int(slot))),
        }
        for place, slot in enumerate(used)
    ]
    return sorted(told, key=lambda one: -one["weight"])


def _of(patch: Patch | None) -> dict[str, Any] | None:
    return None if patch is None else {**_picture(patch.picture), "frame": patch.frame}


def _coloured(samples: np.ndarray) -> np.ndarray:
    """uint8 [N, L, L, 3]: float32 [N, L, L, C] by the three directions in which features differ most."""
    flat = samples.reshape(-1, samples.shape[-1]).astype(np.float32)
    flat = flat - flat.mean(axis=0)
    directions = np.linalg.eigh(flat.T @ flat)[1][:, ::-1][:, :3]
    shown = flat @ directions
    low, high = np.percentile(shown, (1, 99), axis=0)
    scaled = np.clip((shown - low) / np.where(high > low, high - low, 1), 0, 1) * 255
    return scaled.reshape(*samples.shape[:-1], -1).astype(np.uint8)
