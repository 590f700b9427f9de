"""What a pair shows, before anything is painted: who, where, how lit."""

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp

from drol_jax.image.boxes import exact_box_from_target
from drol_jax.tracker.candidates import padded_side
from drol_jax.train.pairs.procedural import scenery, things
from drol_jax.train.pairs.procedural.casting import Actor, Studio, aside, beside, pick, seen
from drol_jax.train.pairs.procedural.dice import Dice
from drol_jax.train.pairs.procedural.poses import attitude, changed, extent
from drol_jax.train.pairs.procedural.scenery import Place, Window
from drol_jax.train.pairs.procedural.sensor import Camera, cameras
from drol_jax.train.pairs.procedural.settings import ProceduralSettings
from drol_jax.train.pairs.procedural.things import Thing, camouflaged, lookalike, thing

OTHERS = 4
DRAWS = 2 * scenery.DRAWS + 8 * things.DRAWS + 1700
"""Random values that `layout` takes at most."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class View:
    """One of a pair's images."""

    place: Place
    window: Window
    actors: Actor  # stacked, from the back to the front
    camera: Camera


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Layout:
    """A pair."""

    template: View
    search: View
    box: jax.Array  # float32 [4] (x, y, w, h) of the target in the search region, pixels
    positive: jax.Array  # bool ()


def layout(dice: Dice, settings: ProceduralSettings, exemplar: int, instance: int) -> Layout:
    """Lay out a pair for images of `exemplar` and `instance` pixels a side."""
    places = dice.several(2, scenery.DRAWS, scenery.place)
    here, elsewhere = (jax.tree.map(lambda leaf, k=k: leaf[k], places) for k in range(2))
    strangers = dice.several(OTHERS + 4, things.DRAWS, lambda d: thing(d, settings.stretch))
    target, impostor, neighbour, cover = (jax.tree.map(lambda leaf, k=k: leaf[k], strangers) for k in range(4))
    others = jax.tree.map(lambda leaf: leaf[4:], strangers)
    cameras_ = cameras(dice, settings)

    target = camouflaged(target, here.tones, dice.chance(settings.camouflage) * dice.uniform(0.4, 0.85))
    first = attitude(dice, turned=0.3, turn=0.2, aspect=1.1, bend=settings.bend)
    low, high = extent(target, first)
    scale = exemplar / padded_side(high - low, 0.5)  # pixels a unit of the object, in the template
    studio = Studio(dice=dice, settings=settings, exemplar=exemplar, side=exemplar, scale=scale)
    own = seen(studio, target, first, jnp.full((2,), (exemplar - 1) / 2), jnp.ones(()), jnp.bool_(True))
    own = replace(own, target=jnp.ones(()))
    near = pick(dice.chance(0.5), lookalike(dice, target, neighbour), neighbour)
    near = beside(studio, near, own, (0.8, 1.3), dice.chance(settings.companions))
    window = Window(centre=dice.uniform(-200.0, 200.0, (2,)), zoom=jnp.ones(()))
    camera = _cut(dice, settings.cut_off, cameras_[0], own, exemplar)
    template = View(place=here, window=window, actors=_stack([near, own]), camera=camera)

    # The target in the search region, or who is there in its place.
    change = attitude(
        dice, turned=settings.turned, turn=settings.turn / 57.3, aspect=settings.aspect, bend=0.5 * settings.bend
    )
    second = changed(first, change)
    positive = ~dice.chance(settings.negatives)
    impostor = pick(dice.chance(0.6), lookalike(dice, target, impostor), impostor)
    principal = pick(positive, _drifted(dice, target, settings.drift), impostor)
    pixel = instance / 287
    spread = settings.shift * pixel * jnp.where(dice.chance(settings.near), 1 / 3, 1.0)
    at = (instance - 1) / 2 + spread * dice.uniform(-1.0, 1.0, (2,))
    growth = dice.factor(settings.scale)
    studio = replace(studio, side=instance, scale=scale * growth)
    found = seen(studio, principal, second, at, jnp.ones(()), positive | dice.chance(0.75))
    found = replace(found, target=positive.astype(jnp.float32))

    count = jnp.clip(jnp.floor(settings.distractors * dice.uniform(0.0, 2.0) + dice.uniform()), 0, OTHERS)
    crowd = dice.several(OTHERS, 200, lambda d: d.uniform(shape=(200,)))

    def actor(one: Thing, values: jax.Array, number: jax.Array) -> Actor:
        d = Dice(values)
        alike = d.chance(settings.lookalikes)
        posture = attitude(d, turned=0.2, turn=0.15, aspect=1.15, bend=settings.bend)
        posture = pick(alike, changed(second, posture), posture)
        one = pick(alike, lookalike(d, target, one), one)
        return seen(studio, one, posture, aside(d, found, instance), d.factor(1.5), count > number)

    behind = jax.vmap(actor)(others, crowd, jnp.arange(OTHERS))
    cover = pick(dice.chance(0.3), lookalike(dice, target, cover), cover)
    front = beside(studio, cover, found, (0.55, 1.0), dice.chance(settings.occluded))
    actors = jax.tree.map(lambda a, b: jnp.concatenate([a, b]), behind, _stack([found, front]))

    there = pick(dice.chance(settings.new_place), elsewhere, here)
    grown = jnp.where(dice.chance(0.5), growth, dice.factor(1.1))
    moved = jnp.where(dice.chance(0.6), dice.about(9.0, (2,)), dice.uniform(-150.0, 150.0, (2,)))
    window = Window(centre=window.centre + pixel * moved, zoom=1 / grown)
    camera = _cut(dice, settings.cut_off, cameras_[1], found, instance)
    search = View(place=there, window=window, actors=actors, camera=camera)
    return Layout(template=template, search=search, box=_box(found, camera.border), positive=positive)


def _drifted(dice: Dice, of: Thing, spread: float) -> Thing:
    """The same with its texture moved within itself."""
    phase = of.waves.phase + dice.about(spread, (2, things.WAVES))
    return replace(of, waves=replace(of.waves, phase=phase))


def _cut(dice: Dice, share: float, camera: Camera, own: Actor, side: int) -> Camera:
    """The camera with the image's border through the region, at most a quarter of the target behind it."""
    which = dice.one_of(1, 1, 1, 1, shape=(2,))
    inward = dice.uniform(-0.25, 1.0, (2,))
    low, high = own.middle - (own.size - 1) / 2, own.middle + (own.size - 1) / 2
    room = jnp.concatenate([low, side - 1 - high])  # between the target and the region's sides: left, top, ...
    gap = jnp.where(inward < 0, inward * jnp.min(own.size), inward * jnp.maximum(room[which], 0))
    edge = jnp.where(which < 2, jnp.floor(low[which % 2] - gap), jnp.ceil(high[which % 2] + gap))
    crossing = dice.chance(share) & (jnp.stack([0.0, dice.uniform()]) < 0.3)
    border = camera.border
    for k in range(2):
        border = jnp.where((jnp.arange(4) == which[k]) & crossing[k], edge[k], border)
    return replace(camera, border=border)


def _box(own: Actor, border: jax.Array) -> jax.Array:
    """The target's box inside the image's border, float32 [4] (x, y, w, h)."""
    box = exact_box_from_target(own.middle, own.size)
    low, high = jnp.maximum(box[:2], border[:2]), jnp.minimum(box[:2] + box[2:], border[2:] + 1)
    return jnp.concatenate([low, high - low])


def _stack(parts: list[Actor]) -> Actor:
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *parts)
