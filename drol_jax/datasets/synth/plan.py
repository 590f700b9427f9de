"""The target of a sequence: what it looks like, where it goes, its boxes."""

import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from drol_jax.datasets.synth import motion
from drol_jax.datasets.synth.benchmark import Spec
from drol_jax.datasets.synth.figures import Style, individual, sprite
from drol_jax.datasets.synth.render import Actor

UPRIGHT = ("person", "car", "dog")
"""Figures that stand on the ground: little motion up and down, no turning over."""


@dataclass(frozen=True, eq=False)
class Plan:
    """How one sequence goes: the target, its motion and the camera's. Each part is made when it is first asked for."""

    spec: Spec
    seed: int

    def rng(self, purpose: str) -> np.random.Generator:
        """A generator of its own for each purpose, so that a change to one part leaves the others as they were."""
        return np.random.default_rng([self.seed, zlib.crc32(self.spec.name.encode()), zlib.crc32(purpose.encode())])

    def has(self, attribute: str) -> bool:
        """Whether the sequence carries an attribute's code."""
        return attribute in self.spec.attributes

    @cached_property
    def style(self) -> Style:
        """What the target looks like."""
        return individual(self.spec.kind, self.rng("style"))

    @cached_property
    def scale(self) -> np.ndarray:
        """[T] size of the target relative to the usual."""
        reach = 0.5 if self.has("SV") else 0.05
        return np.exp(reach * motion.sway(self.rng("scale"), self.spec.length, 110))

    @cached_property
    def anchor(self) -> np.ndarray:
        """[T, 2] the target's smooth path, pixels, without dashes, shaking or leaving."""
        spec = self.spec
        size = np.array(spec.size, np.float64)
        half = 0.85 * spec.extent * float(self.scale.max()) + (0.35 * spec.extent if self.has("FM") else 0)
        low, high = np.minimum(half + 4, size / 2), np.maximum(size - half - 4, size / 2)
        if spec.kind in UPRIGHT:
            low[1], high[1] = np.clip([0.56 * size[1], 0.7 * size[1]], low[1], high[1])
        rng, speed = self.rng("path"), spec.speed * spec.extent
        while True:  # start under way, so that the first frame does not show the target in the middle of a turn
            path = motion.wander(rng, spec.length, low, high, speed)
            if abs(motion.velocity(path[:9]).mean(0)[0]) > 0.3 * speed:
                return path

    @cached_property
    def shake(self) -> np.ndarray:
        """[T, 2] how far the camera's shaking moves everything, pixels."""
        length, rng = self.spec.length, self.rng("shake")
        strong = 0.1 * self.spec.extent * self.has("MB")
        slow, fast = (np.stack([motion.sway(rng, length, p) for _ in range(2)], 1) for p in (40, 11))
        return 1.5 * slow + strong * fast

    @cached_property
    def path(self) -> np.ndarray:
        """[T, 2] centre of the target in the image, pixels."""
        spec, path = self.spec, self.anchor + self.shake
        if self.has("FM"):
            path = path + motion.bursts(self.rng("dash"), spec.length, 0.5 * spec.extent, 13)
        return self._leave(path) if self.has("OV") else path

    def _leave(self, path: np.ndarray) -> np.ndarray:
        """Lead a path [T, 2] wholly out of the image, over the nearer side, and back, about halfway through."""
        spec, width = self.spec, self.spec.size[0]
        middle = np.arange(round(0.42 * spec.length), round(0.6 * spec.length))
        start = int(middle[np.argmax(np.abs(path[middle, 0] - width / 2))])
        half = 0.8 * spec.extent * float(self.scale[start])
        away = np.array([width + half if path[start, 0] > width / 2 else -half, path[start, 1]])
        # The way back leads over the place where it left, where a tracker may still look.
        left, ramp, fastest = path, 12, np.inf
        while fastest > 0.18 * spec.extent and ramp < start:
            leaving = motion.window(spec.length, start - 1, start + 1, ramp)[:, None]
            left = path + leaving * (away - path)
            ramp, fastest = ramp + 1, np.linalg.norm(motion.velocity(left), axis=1).max()
        return left

    @cached_property
    def target(self) -> Actor:
        """The actor that is to be tracked."""
        turning = self.rng("turn")
        reach = 100.0 if self.has("IPR") else 4.0
        if self.spec.kind in UPRIGHT:
            reach *= 0.35
        angle = reach * motion.sway(turning, self.spec.length, 120)
        return self.actor(self.style, self.path, self.scale, angle - angle[0], "target")

    def actor(self, style: Style, path: np.ndarray, scale: np.ndarray, angle: np.ndarray, who: str) -> Actor:
        """Paint an individual and set it moving: path [T, 2] pixels, scale [T] of the usual size, angle [T] degrees."""
        spec, rng = self.spec, self.rng("actor " + who)
        unit = sprite(style, 40.0)  # small and quick: tells the figure's proportions
        longest = float(unit.extent().max() / np.sqrt(unit.extent().prod()))
        figure = sprite(style, spec.extent * longest * float(np.clip(scale.max(), 1, 1.4)), self._deform)
        size = scale * spec.extent / np.sqrt(figure.extent().prod())
        squash = np.exp((0.1 if self.has("DEF") else 0.02) * motion.sway(rng, spec.length, 35))
        speed = spec.speed * spec.extent
        turned = np.ones(spec.length) if style.kind in ("face", "toy") else motion.facing(path - self.shake, speed)
        maps = motion.placement(path, figure.middle(), size * squash * turned, size / squash, angle)
        pace = rng.uniform(0.35, 0.6) * len(figure.poses) / 14
        pose = (rng.uniform(0, 14) + pace * np.arange(spec.length)).astype(int) % len(figure.poses)
        return Actor(figure, maps, pose, self.shutter * motion.velocity(path))

    @property
    def _deform(self) -> float:
        return 1.7 if self.has("DEF") else 0.8

    @property
    def shutter(self) -> float:
        """Part of the time between two frames that the shutter is open."""
        return 0.9 if self.has("MB") else 0.2

    @cached_property
    def boxes(self) -> np.ndarray:
        """float64 [T, 4] (x, y, w, h), pixels, 0-based.

        The tight box of the whole target, occluded or not, cut off at the image's border as annotators do; NaN
        where the target is wholly outside.
        """
        boxes = np.stack([self.target.box(t) for t in range(self.spec.length)])
        low = np.maximum(boxes[:, :2], 0)
        high = np.minimum(boxes[:, :2] + boxes[:, 2:], self.spec.size)
        inside = np.concatenate([low, high - low], 1)
        inside[(high <= low).any(1)] = np.nan
        return np.round(inside, 2)

    @cached_property
    def usual(self) -> np.ndarray:
        """[2] width and height of the target's box at its usual size, pixels."""
        extent = self.target.sprite.extent()
        return extent * self.spec.extent / np.sqrt(extent.prod())

    def covers_start(self, actor: Actor) -> bool:
        """Whether an actor's box meets the target's in the first frame."""
        (ax, ay, aw, ah), (bx, by, bw, bh) = actor.box(0), self.target.box(0)
        return bool(ax < bx + bw and bx < ax + aw and ay < by + bh and by < ay + ah)
