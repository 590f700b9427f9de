"""The figures that act in the built-in benchmark: people, faces, cars, dogs, fish, toys."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from drol_jax.datasets.synth.brush import Brush, Sprite, outline
from drol_jax.datasets.synth.textures import palette, pattern
from drol_jax.image.sampling import remap
from drol_jax.system.opencv import cv2

POSES = 14
_CLOTH = ("stripes", "patches", "spots", "plain")


@dataclass(frozen=True, eq=False)
class Style:
    """What one individual of a kind looks like."""

    kind: str
    colours: np.ndarray
    """float32 [6, 3], RGB 0..1."""
    build: np.ndarray
    """float64 [8] in -1..1: proportions."""
    cloth: str
    seed: int
    """Seed of the fine texture."""


def individual(kind: str, rng: np.random.Generator) -> Style:
    """Draw an individual of one of KINDS."""
    # Coats are brown, grey, black or white; the rest is made by people and may have any hue.
    colours = palette(rng, 6, 0.35, hue=0.07) if kind == "dog" else palette(rng, 6, 0.5)
    cloth = _CLOTH[int(rng.integers(3))]
    return Style(kind, colours, rng.uniform(-1, 1, 8), cloth, int(rng.integers(2**31)))


def lookalike(style: Style, rng: np.random.Generator) -> Style:
    """Another individual that is easily taken for the first: same kind and cloth, similar colours and build."""
    shift = 0.05 * rng.standard_normal((6, 3)) + 0.04 * rng.standard_normal(3)
    return replace(
        style,
        colours=np.clip(style.colours + shift, 0.05, 1).astype(np.float32),
        build=np.clip(style.build + 0.35 * rng.standard_normal(8), -1, 1),
        seed=int(rng.integers(2**31)),
    )


def sprite(style: Style, pixels: float, deform: float = 1.0) -> Sprite:
    """Paint an individual.

    Args:
      pixels: the figure's longer side.
      deform: how far limbs swing and bodies bend; 1 is usual.
    """
    poses, outlines = zip(*KINDS[style.kind](style, pixels, deform), strict=True)
    return Sprite(poses, outlines)


def _paints(style: Style, brush: Brush, count: int) -> list[np.ndarray]:
    """Textured paints: the first carries the pattern, the others are nearly plain."""
    rng = np.random.default_rng(style.seed)
    h, w = (max(8, side // 2) for side in brush.shape)
    kinds = (style.cloth,) + ("plain",) * (count - 1)
    colours = style.colours
    return [brush.canvas(pattern(rng, h, w, kind, colours[[i, (i + 1) % 6]])) for i, kind in enumerate(kinds)]


def _person(style: Style, pixels: float, deform: float) -> list[tuple[np.ndarray, np.ndarray]]:
    skin = np.array([0.82, 0.62, 0.50], np.float32) * (0.85 + 0.2 * style.build[0])
    hair = style.colours[5] * 0.5
    wide, hip, poses = 0.115 + 0.02 * style.build[1], 0.50 + 0.02 * style.build[2], []
    paints: list[np.ndarray] = []
    for phase in np.arange(POSES) * 2 * np.pi / POSES:
        brush, cx = Brush(0.78, 1.16, pixels), 0.39
        paints = paints or _paints(style, brush, 3)
        swing, bob = 0.13 * deform * np.sin(phase), 0.06 + 0.012 * np.cos(2 * phase)
        brush.cast(cx + 0.08, 1.06, 0.26, 0.035)
        for side, dark in ((-1, 0.75), (1, 1.0)):
            knee = (cx + 0.5 * side * swing + 0.02 * side, hip + bob + 0.24)
            lift = 0.06 * deform * max(0.0, side * np.cos(phase))
            foot = (cx + side * swing + 0.02 * side, 1.03 - lift)
            brush.fill(brush.limb([(cx + 0.035 * side, hip + bob), knee, foot], 0.095), paints[1] * dark)
            brush.fill(brush.limb([foot, (foot[0] + 0.05, foot[1])], 0.05), style.colours[4] * 0.5)
        top = 0.185 + bob
        for side, dark in ((-1, 0.8), (1, 1.05)):
            elbow = (cx + side * wide - 0.4 * side * swing, top + 0.2)
            hand = (elbow[0] - 0.6 * side * swing + 0.03, top + 0.36)
            arm = brush.limb([(cx + side * wide * 0.85, top + 0.04), elbow, hand], 0.062)
            if side < 0:
                brush.fill(arm, paints[0] * dark)
            else:
                body = [(-0.8, 0.01), (0.8, 0.01), (1.05, 0.06), (0.85, 0.36), (-0.85, 0.36), (-1.05, 0.06)]
                brush.fill(brush.polygon([(cx + wide * x, top + y) for x, y in body]), paints[0])
                brush.fill(arm, paints[0] * dark)
            brush.fill(brush.ellipse(*hand, 0.028, 0.03), skin)
        brush.fill(brush.limb([(cx, top + 0.02), (cx, top - 0.03)], 0.06), skin * 0.85)
        brush.fill(brush.ellipse(cx + 0.005, top - 0.095, 0.062, 0.08), skin)
        brush.fill(brush.ellipse(cx - 0.012, top - 0.125, 0.066, 0.06), hair)
        poses.append(brush.finish())
    return poses


def _face(style: Style, pixels: float, deform: float) -> list[tuple[np.ndarray, np.ndarray]]:
    skin = np.array([0.85, 0.64, 0.52], np.float32) * (0.8 + 0.22 * style.build[0])
    hair, poses = style.colours[5] * 0.55, []
    paints: list[np.ndarray] = []
    for phase in np.arange(POSES) * 2 * np.pi / POSES:
        brush, cx, cy = Brush(0.98, 1.06, pixels), 0.49, 0.53
        if not paints:
            h, w = (side // 2 for side in brush.shape)
            rng = np.random.default_rng(style.seed)
            paints = [brush.canvas(pattern(rng, h, w, "plain", np.stack([c, c]))) for c in (hair, skin)]
        turn, mouth = 0.07 * deform * np.sin(phase), 0.02 + 0.015 * deform * np.sin(2 * phase)
        rx = 0.33 + 0.03 * style.build[1]
        brush.fill(brush.ellipse(cx - 0.3 * turn, cy - 0.08, rx + 0.05, 0.42), paints[0])
        brush.fill(brush.ellipse(cx + 0.5 * turn, cy + 0.06, rx, 0.42), paints[1])
        brush.fill(brush.ellipse(cx - 0.2 * turn, cy - 0.31, rx + 0.03, 0.15 + 0.03 * style.build[2]), paints[0])
        for side in (-1, 1):
            ex, ey = cx + turn + side * (0.14 + 0.01 * style.build[3]), cy - 0.03
            brush.fill(brush.ellipse(ex, ey, 0.06, 0.032), np.array([0.92, 0.9, 0.87], np.float32), 0.3)
            brush.fill(brush.ellipse(ex + 0.3 * turn, ey, 0.028, 0.03), style.colours[4] * 0.35, 0)
            brush.fill(brush.limb([(ex - 0.07, ey - 0.07), (ex + 0.07, ey - 0.075)], 0.03), hair * 0.7, 0)
        brush.fill(brush.polygon([(cx + 1.3 * turn, cy), (cx + 1.5 * turn + 0.05, cy + 0.15),
                                  (cx + 1.3 * turn - 0.05, cy + 0.15)]), skin * 0.88)  # fmt: skip
        brush.fill(brush.ellipse(cx + turn, cy + 0.27, 0.11, mouth + 0.015), np.array([0.55, 0.25, 0.24], np.float32))
        if style.build[4] > 0:  # glasses
            for side in (-1, 1):
                ring = brush.ellipse(cx + turn + side * 0.14, cy - 0.03, 0.1, 0.075)
                brush.fill(cv2.subtract(ring, cv2.erode(ring, np.ones((5, 5)))), hair * 0.3, 0)
        poses.append(brush.finish())
    return poses


def _car(style: Style, pixels: float, deform: float) -> list[tuple[np.ndarray, np.ndarray]]:
    brush = Brush(1.12, 0.62, pixels)
    ox, oy, roof = 0.06, 0.04, 0.02 * style.build[0]
    paint = _paints(replace(style, cloth="plain"), brush, 1)[0]
    body = style.colours[0]
    brush.cast(ox + 0.5, 0.49, 0.5, 0.05, 0.6)
    shell = [(0.02, 0.28), (0.06, 0.20), (0.22, 0.18), (0.33 + roof, 0.04), (0.68 + roof, 0.03), (0.80, 0.17),
             (0.96, 0.22), (0.985, 0.30), (0.97, 0.39), (0.03, 0.39)]  # fmt: skip
    brush.fill(brush.polygon([(ox + x, oy + y) for x, y in shell]), paint * 1.1, 1.4)
    glass = np.array([0.16, 0.2, 0.25], np.float32)
    for pane in ([(0.27, 0.18), (0.36 + roof, 0.065), (0.49, 0.06), (0.49, 0.18)],
                 [(0.52, 0.18), (0.52, 0.06), (0.66 + roof, 0.06), (0.75, 0.18)]):  # fmt: skip
        brush.fill(brush.polygon([(ox + x, oy + y) for x, y in pane]), glass, 1.5)
    stripe = [(0.04, 0.27), (0.96, 0.27), (0.96, 0.27 + 0.03 + 0.02 * abs(style.build[1])), (0.04, 0.30)]
    brush.fill(brush.polygon([(ox + x, oy + y) for x, y in stripe]), style.colours[1], 0)
    brush.fill(brush.limb([(ox + 0.505, oy + 0.2), (ox + 0.505, oy + 0.37)], 0.008), body * 0.4, 0)
    brush.fill(brush.ellipse(ox + 0.95, oy + 0.26, 0.025, 0.025), np.array([1, 0.95, 0.75], np.float32), 0)
    brush.fill(brush.ellipse(ox + 0.035, oy + 0.26, 0.02, 0.03), np.array([0.8, 0.1, 0.08], np.float32), 0)
    for x in (0.21, 0.78):
        brush.fill(brush.ellipse(ox + x, oy + 0.39, 0.088, 0.088), np.full(3, 0.1, np.float32))
        brush.fill(brush.ellipse(ox + x, oy + 0.39, 0.045, 0.045), np.full(3, 0.62, np.float32))
    return [brush.finish()]


def _dog(style: Style, pixels: float, deform: float) -> list[tuple[np.ndarray, np.ndarray]]:
    poses, ox, oy = [], 0.08, 0.08
    paints: list[np.ndarray] = []
    for phase in np.arange(POSES) * 2 * np.pi / POSES:
        brush = Brush(1.16, 0.94, pixels)
        paints = paints or _paints(style, brush, 2)
        coat, bob = paints[0], oy + 0.015 * np.sin(2 * phase)
        brush.cast(ox + 0.5, 0.83, 0.4, 0.03)
        for hip, lag, dark in ((0.24, np.pi, 0.7), (0.68, 0.0, 0.7), (0.2, 0.0, 1), (0.64, np.pi, 1)):
            swing = 0.13 * deform * np.sin(phase + lag)
            foot = (ox + hip + swing, oy + 0.73 - 0.05 * max(0.0, np.cos(phase + lag)))
            knee = (ox + hip + 0.2 * swing - 0.02, bob + 0.57)
            brush.fill(brush.limb([(ox + hip, bob + 0.42), knee, foot], 0.08), coat * dark)
        wag = 0.1 * deform * np.sin(2 * phase)
        brush.fill(brush.limb([(ox + 0.12, bob + 0.36), (ox + 0.03, bob + 0.2 + wag)], 0.06), coat)
        brush.fill(brush.ellipse(ox + 0.43, bob + 0.4, 0.34, 0.155 + 0.02 * style.build[0]), coat)
        brush.fill(brush.limb([(ox + 0.68, bob + 0.36), (ox + 0.8, bob + 0.22)], 0.17), coat)
        nod = 0.03 * deform * np.sin(phase)
        hx, hy = ox + 0.83, bob + 0.17 + nod
        brush.fill(brush.ellipse(hx + 0.1, hy + 0.04, 0.085, 0.05), paints[1])
        brush.fill(brush.ellipse(hx, hy, 0.105, 0.095), coat * 1.1)
        brush.fill(brush.ellipse(hx - 0.06, hy + 0.02, 0.045, 0.095, 20), paints[1] * 0.7)
        brush.fill(brush.ellipse(hx + 0.045, hy - 0.02, 0.018, 0.018), np.full(3, 0.06, np.float32), 0)
        brush.fill(brush.ellipse(hx + 0.175, hy + 0.03, 0.025, 0.02), np.full(3, 0.08, np.float32), 0)
        poses.append(brush.finish())
    return poses


def _fish(style: Style, pixels: float, deform: float) -> list[tuple[np.ndarray, np.ndarray]]:
    brush = Brush(1.2, 0.8, pixels)
    coat, fin = _paints(style, brush, 2)
    ox, cy, fat = 0.1, 0.4, 0.2 + 0.03 * style.build[0]
    tail = [(0.24, 0), (0.0, -0.2), (0.06, 0.0), (0.0, 0.2)]
    brush.fill(brush.polygon([(ox + x, cy + y) for x, y in tail]), fin)
    back = [(0.4, -0.15), (0.5, -0.3 - 0.04 * style.build[1]), (0.75, -0.13)]
    brush.fill(brush.polygon([(ox + x, cy + y) for x, y in back]), fin)
    brush.fill(brush.polygon([(ox + 0.5, cy + 0.12), (ox + 0.46, cy + 0.28), (ox + 0.64, cy + 0.12)]), fin)
    t = np.linspace(0, 2 * np.pi, 60)
    shape = np.stack([ox + 0.58 + 0.4 * np.cos(t), cy + fat * np.sin(t) * (1 - 0.35 * np.cos(t + np.pi))], 1)
    brush.fill(brush.polygon(shape), coat, 1.3)
    brush.fill(brush.polygon([(ox + 0.62, cy), (ox + 0.5, cy + 0.1), (ox + 0.66, cy + 0.07)]), fin * 0.8, 0.5)
    brush.fill(brush.ellipse(ox + 0.86, cy - 0.04, 0.035, 0.035), np.full(3, 0.95, np.float32), 0)
    brush.fill(brush.ellipse(ox + 0.868, cy - 0.04, 0.02, 0.02), np.full(3, 0.03, np.float32), 0)
    return _bend(brush.finish()[0], 0.055 * deform)


def _toy(style: Style, pixels: float, deform: float) -> list[tuple[np.ndarray, np.ndarray]]:
    wide = 0.8 + 0.15 * style.build[0]
    brush = Brush(wide + 0.1, 1.1, pixels)
    cover, edge = _paints(style, brush, 2)
    rng = np.random.default_rng(style.seed)
    brush.fill(brush.polygon([(0.05, 0.05), (wide + 0.05, 0.05), (wide + 0.05, 1.05), (0.05, 1.05)]), edge)
    brush.fill(brush.polygon([(0.1, 0.1), (wide, 0.1), (wide, 1.0), (0.1, 1.0)]), cover, 0.5)
    place = np.clip(0.5 + 0.2 * style.build[2:4], 0.35, 0.65)
    brush.fill(brush.ellipse(wide * place[0] + 0.05, place[1], 0.2, 0.2), style.colours[3])
    brush.fill(brush.ellipse(wide * place[0] + 0.05, place[1], 0.1, 0.1), style.colours[4])
    for y in (0.18, 0.24, 0.86, 0.92):
        end = 0.15 + (wide - 0.3) * rng.uniform(0.5, 1)
        brush.fill(brush.limb([(0.17, y), (end, y)], 0.025), style.colours[5] * (0.3 if y < 0.5 else 1), 0)
    pose = brush.finish()
    return [pose] if deform <= 1 else _bend(pose[0], 0.03 * deform)


def _bend(pose: np.ndarray, amplitude: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """Poses of a body that sways: a wave runs along x; amplitude in widths of the sprite."""
    h, w = pose.shape[:2]
    y, x = np.mgrid[:h, :w].astype(np.float32)
    along = x / w
    poses = []
    for phase in np.arange(POSES) * 2 * np.pi / POSES:
        lift = amplitude * w * (1.3 - along) * np.sin(phase - 4 * along)
        squeeze = 1 + 0.6 * amplitude * np.sin(phase)
        map_x = w / 2 + (x - w / 2) * squeeze
        bent = remap(pose, map_x.astype(np.float32), (y + lift).astype(np.float32))
        poses.append((bent, outline(bent[..., 3].astype(np.float32) / 255)))
    return poses


KINDS: dict[str, Callable[[Style, float, float], list[tuple[np.ndarray, np.ndarray]]]] = {
    "person": _person,
    "face": _face,
    "car": _car,
    "dog": _dog,
    "fish": _fish,
    "toy": _toy,
}
