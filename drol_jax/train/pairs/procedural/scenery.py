"""Backgrounds: regions with hard edges and soft, 1/f colour noise, gratings, small shapes.

A place has coordinates of its own, pixels at zoom 1, and repeats itself after SPAN of them; images show windows of
it. Smooth noise is a random grid enlarged by a matrix on either side. Letters: G cells of a grid along a side.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from drol_jax.train.pairs.procedural.dice import Dice, colours
from drol_jax.train.pairs.procedural.stages import stage
from drol_jax.train.pairs.procedural.waves import Waves, joined, noise, pattern, render

SPAN = 448
GRIDS = (6, 24, 90)
_CHANNELS = (5, 4, 1)
WAVES = 28
TONES = 8
DRAWS = 340 + sum(n * g * g for n, g in zip(_CHANNELS, GRIDS, strict=True))
"""Random values that `place` takes at most."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Place:
    """What a background looks like, everywhere."""

    coarse: jax.Array  # float32 [5, G, G] two regions, red, green, blue
    middle: jax.Array  # float32 [4, G, G] two regions, brightness, displacement of small shapes
    fine: jax.Array  # float32 [1, G, G] brightness
    waves: Waves  # [2, WAVES] grating; grain
    tones: jax.Array  # float32 [TONES, 3] RGB 0..1
    slope: jax.Array  # float32 [2, 2] of the two regions' edges (x, y)
    ragged: jax.Array  # float32 [2] how much the middle grid shapes their edges
    level: jax.Array  # float32 [2] where the edges are
    sharpness: jax.Array  # float32 [3] of the two regions and the grating
    grated: jax.Array  # float32 [3] strength of the grating: everywhere, in the first region, in the second
    tinge: jax.Array  # float32 () colour noise
    relief: jax.Array  # float32 [3] strength of brightness in the middle grid, the fine grid, the grain
    cell: jax.Array  # float32 () pixels, of the lattice of small shapes
    tilt: jax.Array  # float32 () radians, of it
    stray: jax.Array  # float32 () how far the noise displaces it, cells
    filled: jax.Array  # float32 () share of its cells with a shape in them
    square: jax.Array  # bool () shapes are boxes, not discs
    seed: jax.Array  # uint32 () of its shapes


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Window:
    """What an image shows of a place."""

    centre: jax.Array  # float32 [2] (x, y) in the middle of the image
    zoom: jax.Array  # float32 () pixels of the place per pixel of the image


def place(dice: Dice) -> Place:
    """Any place."""
    grids = [dice.uniform(-1.73, 1.73, (n, g, g)) for n, g in zip(_CHANNELS, GRIDS, strict=True)]
    angle = dice.uniform(0.0, 6.2832, (2,))
    # Edges of things made by people are straight and mostly level or upright.
    angle = jnp.where(dice.chance(0.5, (2,)), jnp.round(angle / 1.5708) * 1.5708 + dice.about(0.05, (2,)), angle)
    straight = dice.chance(0.4, (2,))
    steep = jnp.where(straight, dice.uniform(0.02, 0.15, (2,)), dice.chance(0.5, (2,)) * dice.uniform(0, 0.02, (2,)))
    busy = dice.uniform() ** 2
    grated = dice.one_of(0.65, 0.07, 0.15, 0.13)
    return Place(
        coarse=grids[0],
        middle=grids[1],
        fine=grids[2],
        waves=joined(pattern(dice, WAVES, 0.008, 0.12), noise(dice, WAVES, 0.04, 0.35)),
        tones=colours(dice, TONES),
        slope=steep[:, None] * jnp.stack([jnp.cos(angle), jnp.sin(angle)], axis=-1),
        ragged=dice.uniform(0.0, 1.2, (2,)) * dice.chance(0.7, (2,)) * jnp.where(straight, 0.2, 1.0),
        level=dice.about(0.6, (2,)),
        sharpness=0.4 * 40 ** dice.uniform(shape=(3,)),
        grated=(jnp.arange(1, 4) == grated) * dice.uniform(0.1, 0.9),
        tinge=0.1 * dice.uniform() ** 2,
        relief=jnp.stack([busy * dice.uniform(0.0, 0.35), busy * dice.uniform(0.0, 0.3), 0.12 * dice.uniform() ** 1.5]),
        cell=9 * 16 ** dice.uniform(),
        tilt=dice.about(0.5) * dice.chance(0.4),
        stray=dice.uniform(0.0, 0.5) * dice.chance(0.6),
        filled=dice.chance(0.6) * dice.uniform(0.1, 1.0),
        square=dice.chance(0.5),
        seed=(dice.uniform() * 2**24).astype(jnp.uint32),
    )


def show(of: Place, window: Window, side: int) -> jax.Array:
    """float32 [3, side, side] RGB about 0..1."""
    line = (jnp.arange(side) - (side - 1) / 2) * window.zoom + window.centre[:, None]  # [2, side]
    coarse, middle, fine = (_enlarged(grid, line) for grid in (of.coarse, of.middle, of.fine))
    grating, grain = render(of.waves, jnp.eye(2), line[0], line[1])
    seen = window.zoom > 0
    covers, relief = stage(seen, _covers, of, line, coarse, middle, fine, grating, grain)
    return stage(seen, _colour, of, covers, relief, coarse)


def _covers(
    of: Place,
    line: jax.Array,
    coarse: jax.Array,
    middle: jax.Array,
    fine: jax.Array,
    grating: jax.Array,
    grain: jax.Array,
) -> tuple[list[jax.Array], jax.Array]:
    """How much of each tone there is over what is below it, 0..1, and the brightness; each [side, side]."""
    x, y = line[0][None, :], line[1][:, None]

    def region(k: int) -> jax.Array:
        field = coarse[k] + of.ragged[k] * middle[k] + of.slope[k, 0] * x + of.slope[k, 1] * y
        return jnp.clip(0.5 + of.sharpness[k] * (field - of.level[k]), 0, 1)

    first, second = region(0), region(1)
    bars = jnp.clip(0.5 + of.sharpness[2] * grating, 0, 1)
    bars = bars * (of.grated[0] + of.grated[1] * first + of.grated[2] * second)
    shape, which = _shapes(of, x, y, middle[3])
    relief = 1 + of.relief[0] * middle[2] + of.relief[1] * fine[0] * (0.4 + first) + of.relief[2] * grain
    return [first, second, bars, shape, which], relief


def _colour(of: Place, covers: list[jax.Array], relief: jax.Array, coarse: jax.Array) -> jax.Array:
    first, second, bars, shape, which = covers
    tones = of.tones[:, :, None, None]
    colour = tones[0] + first * (tones[1] - tones[0])
    colour = colour + second * (tones[2] - colour)
    colour = colour + bars * (tones[3] - colour)
    own = tones[4] + which * (tones[5] - tones[4])
    colour = colour + shape * (own - colour)
    return jnp.maximum(colour * (relief + of.tinge * coarse[2:]), 0)


def scrambled(x: jax.Array) -> jax.Array:
    """uint32 hash of uint32, elementwise: cheap noise for every pixel."""
    x = (x ^ (x >> 16)) * jnp.uint32(0x7FEB352D)
    x = (x ^ (x >> 15)) * jnp.uint32(0x846CA68B)
    return x ^ (x >> 16)


def _enlarged(grid: jax.Array, line: jax.Array) -> jax.Array:
    """[C, G, G] -> [C, side, side], cubic splines, at (x, y) given by `line` [2, side]."""
    cells = grid.shape[-1]

    def taps(at: jax.Array) -> jax.Array:
        away = jnp.mod(at[:, None] * (cells / SPAN) - jnp.arange(cells) + cells / 2, cells) - cells / 2
        d = jnp.abs(away)
        near, far = (0.5 * d - 1) * d * d + 2 / 3, jnp.maximum(2 - d, 0) ** 3 / 6
        return 1.44 * jnp.where(d < 1, near, far)  # a spline levels random values: back to standard deviation 1

    return jnp.einsum("yh,chw,xw->cyx", taps(line[1]), grid, taps(line[0]))


def _shapes(of: Place, x: jax.Array, y: jax.Array, field: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Cover of small shapes, one in each cell of a lattice, and which of their colours; both [side, side] 0..1."""
    cosine, sine = jnp.cos(of.tilt) / of.cell, jnp.sin(of.tilt) / of.cell
    u = x * cosine + y * sine + of.stray * field
    v = y * cosine - x * sine + of.stray * field
    column, row = jnp.floor(u), jnp.floor(v)
    # Whole cells count modulo 2^32; int32 first, because negative floats have no unsigned value.
    number = column.astype(jnp.int32).astype(jnp.uint32) * jnp.uint32(0x9E3779B1) + row.astype(jnp.int32).astype(
        jnp.uint32
    )
    bits = scrambled(number ^ of.seed)

    def byte(k: int) -> jax.Array:
        return ((bits >> (8 * k)) & 255).astype(jnp.float32) * (1 / 255)

    wide, high = 0.12 + 0.33 * byte(1), 0.12 + 0.33 * byte(2)
    du, dv = (u - column - 0.5) / wide, (v - row - 0.5) / high
    square, disc = jnp.maximum(du * du, dv * dv), du * du + dv * dv
    away = jnp.where(of.square, square, disc)
    cover = jnp.clip((1 - away) * (of.cell * 0.2), 0, 1)
    return jnp.where(byte(0) < of.filled, cover, 0), byte(3)
