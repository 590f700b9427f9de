"""Everything about the target: the place, the look-alikes, what hides it, light and sensor."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from drol_jax.datasets.synth import motion
from drol_jax.datasets.synth.backdrop import backdrop
from drol_jax.datasets.synth.brush import Sprite, outline
from drol_jax.datasets.synth.figures import individual, lookalike, sprite
from drol_jax.datasets.synth.filters import blur_noise
from drol_jax.datasets.synth.plan import UPRIGHT, Plan
from drol_jax.datasets.synth.render import Actor, Stage
from drol_jax.datasets.synth.textures import palette, pattern

_MARGIN = 0.2  # of the frame's sides: how far the place reaches beyond the frame


@dataclass(frozen=True, eq=False)
class Scene:
    """One sequence, ready to render. All but the target is painted with the first frame that is asked for."""

    plan: Plan

    @cached_property
    def stage(self) -> Stage:
        """Everything that frames are rendered from."""
        plan, spec, rng = self.plan, self.plan.spec, self.plan.rng("sensor")
        place, camera = _place(plan)
        behind, front = _lookalikes(plan)
        (w, h), spare = spec.size, 61
        strength = 5.0 if plan.has("LR") or plan.has("IV") else 2.5
        grey = rng.standard_normal((h + spare, w + spare, 1))
        grain = rng.standard_normal((h + spare, w + spare, 3))
        grain *= 0.5
        grain += grey
        noise = blur_noise(grain, 0.5)
        noise *= strength
        return Stage(
            size=spec.size,
            place=place,
            camera=camera,
            camera_smear=plan.shutter * motion.velocity(camera[:, :, 2]),
            actors=(*behind, plan.target, *front, *_occluders(plan)),
            light=_light(plan),
            noise=np.rint(noise, out=noise).astype(np.int16),
            noise_at=rng.integers(0, spare, (spec.length, 2)),
        )


@dataclass(frozen=True, eq=False)
class RenderedFrame:
    """A frame source: call it for uint8 RGB [H, W, 3]."""

    scene: Scene
    index: int

    def __call__(self) -> np.ndarray:
        return self.scene.stage.render(self.index)


def _lookalikes(plan: Plan) -> tuple[list[Actor], list[Actor]]:
    """Actors behind and in front of the target; none is in front of it in the first frame."""
    spec, rng = plan.spec, plan.rng("lookalikes")
    behind: list[Actor] = []
    front: list[Actor] = []
    for number in range(spec.companions + spec.crossings):
        below = bool(rng.random() < 0.5)  # lower in the image is nearer to the camera
        path = (
            _company(plan, rng, below)
            if number < spec.companions
            else _crossing(plan, rng, below, (number - spec.companions + rng.uniform(0.3, 0.9)) / spec.crossings)
        )
        style = lookalike(plan.style, rng)
        size = plan.scale * rng.uniform(0.92, 1.1)
        tilt = (40 if plan.has("IPR") and spec.kind not in UPRIGHT else 4) * motion.sway(rng, spec.length, 100)
        actor = plan.actor(style, path + plan.shake, size, tilt, str(number))
        (front if below and not plan.covers_start(actor) else behind).append(actor)
    return behind, front


def _company(plan: Plan, rng: np.random.Generator, below: bool) -> np.ndarray:
    """[T, 2] path of a look-alike that stays about the target."""
    length, (wide, high) = plan.spec.length, plan.usual
    base = [rng.choice([-1.0, 1.0]) * wide * rng.uniform(1.1, 1.6), (0.3 if below else -0.3) * high * rng.random()]
    sways = np.stack([motion.sway(rng, length, 90) for _ in range(2)], 1) * [0.8 * wide, 0.15 * high]
    # It starts at its distance and drifts only then: a template should show one individual.
    return plan.anchor + base + sways * (1 - np.exp(-np.arange(length) / 20))[:, None]


def _crossing(plan: Plan, rng: np.random.Generator, below: bool, part: float) -> np.ndarray:
    """[T, 2] path of a look-alike that passes by, or before, or behind the target, `part` of the way through."""
    length, (wide, high) = plan.spec.length, plan.usual
    meet = int(np.clip((0.12 + 0.85 * part) * length, 24, length - 8))
    rate = rng.choice([-1.0, 1.0]) * rng.uniform(0.06, 0.09) * max(wide, 0.8 * plan.spec.extent)
    miss = high * (rng.uniform(0.2, 0.4) if below else -rng.uniform(0.1, 0.35))
    # It half follows the target's own turns and walks on straight: about `rate` relative to it when they meet.
    own = 0.5 * motion.velocity(plan.anchor, 15)[meet] + [rate, 0]
    return (plan.anchor + plan.anchor[meet]) / 2 + [0, miss] + (np.arange(length) - meet)[:, None] * own


def _occluders(plan: Plan) -> list[Actor]:
    """Posts, trunks and weeds that pass before the target, each as high as the image."""
    spec, rng = plan.spec, plan.rng("occluders")
    actors = []
    drift = motion.velocity(plan.anchor, 15)
    one, none = np.ones(spec.length), np.zeros(spec.length)
    for part in (0.35, 0.75) if plan.has("OCC") else ():
        meet = round((part + rng.uniform(-0.06, 0.06)) * spec.length)
        figure = _post(plan, rng, rng.uniform(0.35, 0.65) * spec.extent * float(plan.scale[meet]))
        wide = plan.target.box(meet)[2] + figure.extent()[0]
        pace, side = wide / rng.uniform(18, 26), rng.choice([-1.0, 1.0])
        for rate in (side * pace, -side * pace, 2 * side * pace, -2 * side * pace):
            x = plan.path[meet, 0] + (rate + 0.6 * drift[meet, 0]) * (np.arange(spec.length) - meet)
            centre = np.stack([x, np.full(spec.length, spec.size[1] / 2)], 1) + plan.shake
            maps = motion.placement(centre, figure.middle(), one, one, none)
            actor = Actor(figure, maps, none.astype(int), plan.shutter * motion.velocity(centre))
            if not plan.covers_start(actor):
                actors.append(actor)
                break
    return actors


def _post(plan: Plan, rng: np.random.Generator, width: float) -> Sprite:
    h, w = round(1.3 * plan.spec.size[1]), round(width) + 24
    y = np.arange(h)[:, None] / h
    organic = plan.spec.place in ("park", "water")
    bend = (8 if organic else 0) * np.sin(2 * np.pi * (rng.uniform(0.7, 1.6) * y + rng.random()))
    off = np.abs(np.arange(w) - w / 2 - bend) - width / 2
    alpha = np.clip(0.5 - off, 0, 1).astype(np.float32)
    tone = {"park": [0.3, 0.22, 0.15], "water": [0.16, 0.32, 0.14], "stage": [0.3, 0.1, 0.12]}
    ground = np.array(tone.get(plan.spec.place, palette(rng, 1, 0.15)[0] * 0.7), np.float32)
    paint = pattern(rng, h, w, "patches" if organic else "plain", np.stack([ground, ground * 1.35]))
    paint *= np.clip(1.15 + 1.1 * off / width, 0.4, 1.1)[..., None]
    rgb = np.clip(paint, 0, 1) * alpha[..., None]
    return Sprite((np.rint(255 * np.dstack([rgb, alpha])).astype(np.uint8),), (outline(alpha),))


def _place(plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """The painted place and the camera over it, [T, 2, 3]."""
    spec, rng = plan.spec, plan.rng("place")
    frame = np.array(spec.size)
    wide, high = np.rint(frame * (1 + 2 * _MARGIN)).astype(int)
    place = backdrop(spec.place, rng, int(high), int(wide), 1.2 if plan.has("BC") else 0.0)
    if plan.has("BC"):
        _stamp(plan, place, rng)
    pan = np.stack([motion.sway(rng, spec.length, 220) for _ in range(2)], 1) * frame * _MARGIN * [0.6, 0.25]
    zoom = 1 + 0.03 * motion.sway(rng, spec.length, 150)
    roll = 1.0 * motion.sway(rng, spec.length, 130)
    centre = frame / 2 + pan + plan.shake
    return place, motion.placement(centre, np.array([wide, high]) / 2, zoom, zoom, roll)


def _stamp(plan: Plan, place: np.ndarray, rng: np.random.Generator) -> None:
    """Paint still, somewhat similar figures into the place."""
    for number in range(12):
        style = lookalike(lookalike(plan.style, rng), rng) if number % 2 else individual(plan.spec.kind, rng)
        figure = sprite(style, plan.spec.extent * rng.uniform(0.7, 1.2))
        where = rng.uniform(0.1, 0.9, 2) * place.shape[1::-1]
        one = np.ones(1)
        maps = motion.placement(where[None], figure.middle(), 0.9 * one, 0.9 * one, rng.uniform(-60, 60) * one)
        Actor(figure, maps, np.zeros(1, int), np.zeros((1, 2))).draw(place, 0)


def _light(plan: Plan) -> np.ndarray | None:
    """The light over time; None where it does not change."""
    if not plan.has("IV"):
        return None
    rng, (w, h), length = plan.rng("light"), plan.spec.size, plan.spec.length
    overall = 0.85 + 0.3 * motion.sway(rng, length, 70)
    low, high = np.zeros(2), np.array([w, h], np.float64)
    spot = motion.wander(rng, length, low, high, 0.015 * w)
    y, x = np.mgrid[0:h:9j, 0:w:12j]
    away = ((x - spot[:, 0, None, None]) ** 2 + (y - spot[:, 1, None, None]) ** 2) / (0.3 * w) ** 2
    return np.clip(128 * overall[:, None, None] * (0.6 + 0.75 * np.exp(-away)), 30, 250).astype(np.uint8)
