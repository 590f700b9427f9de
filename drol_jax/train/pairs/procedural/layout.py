"""What a pair shows, before anything is painted: who, where, how lit."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from drol_jax.boxes import exact_box_from_target
from drol_jax.tracker.candidates import padded_side
from drol_jax.train.pairs.procedural import scenery, things
from drol_jax.train.pairs.procedural.dice import Dice
from drol_jax.train.pairs.procedural.painting import Patch, patch
from drol_jax.train.pairs.procedural.poses import Attitude, Pose, attitude, changed, extent, posed
from drol_jax.train.pairs.procedural.scenery import Place, Window
from drol_jax.train.pairs.procedural.sensor import Camera, cameras
from drol_jax.train.pairs.procedural.settings import ProceduralSettings
from drol_jax.train.pairs.procedural.things import Thing, camouflaged, lookalike, thing

OTHERS = 4
WINDOW = 1.18
"""Side of the square that an object fits into, in exemplar sizes."""
DRAWS = 2 * scenery.DRAWS + 6000
"""Random values that `layout` takes at most."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Actor:
    """An object in a picture."""

    thing: Thing
    pose: Pose
    patch: Patch
    middle: jax.Array  # float32 [2] (x, y) pixels, of its box
    size: jax.Array  # float32 [2] (w, h) pixels, of its box
    shown: jax.Array  # bool ()
    target: jax.Array  # float32 (), 1 where it is the target


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class View:
    """One of a pair's pictures."""

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
    """Lay out a pair for pictures of `exemplar` and `instance` pixels a side."""
    here, elsewhere = scenery.place(dice), scenery.place(dice)
    there = _pick(dice.chance(settings.new_place), elsewhere, here)
    target = camouflaged(
        thing(dice, settings.stretch), here.tones, dice.chance(settings.camouflage) * dice.uniform(0.4, 0.85)
    )
    first = attitude(dice, turned=0.3, turn=0.2, aspect=1.1, bend=settings.bend)
    unit = padded_side(_size(target, first), 0.5)
    scale = exemplar / unit  # pixels a unit of the object in the template
    template_cam, search_cam = cameras(dice, settings)
    middle = jnp.full((2,), (exemplar - 1) / 2)
    own = _actor(target, first, middle, scale, jnp.bool_(True), 1.0, (exemplar, exemplar))
    beside = _companion(dice, settings, target, own, exemplar, scale)
    window = Window(centre=dice.uniform(-200.0, 200.0, (2,)), zoom=jnp.ones(()))
    template = View(
        place=here,
        window=window,
        actors=_stack([beside, own]),
        camera=_cut(dice, settings.cut_off, template_cam, own, exemplar),
    )
    search, found, positive = _search(dice, settings, target, first, scale, instance, exemplar)
    grown = jnp.where(dice.chance(0.5), search.size_change, dice.factor(1.1))
    still = dice.chance(0.6)
    moved = jnp.where(still, dice.about(9.0, (2,)), dice.uniform(-150.0, 150.0, (2,)))
    camera = _cut(dice, settings.cut_off, search_cam, found, instance)
    view = View(
        place=there,
        window=Window(centre=window.centre + moved * instance / 287, zoom=1 / grown),
        actors=search.actors,
        camera=camera,
    )
    return Layout(template=template, search=view, box=_box(found, camera.border), positive=positive)


@dataclass(frozen=True, kw_only=True)
class _Cast:
    actors: Actor
    size_change: jax.Array


def _search(
    dice: Dice,
    settings: ProceduralSettings,
    target: Thing,
    first: Attitude,
    scale: jax.Array,
    instance: int,
    exemplar: int,
) -> tuple[_Cast, Actor, jax.Array]:
    """Who acts in the search region; the target as it is there; whether it is there."""
    pixel = instance / 287
    change = attitude(
        dice, turned=settings.turned, turn=settings.turn / 57.3, aspect=settings.aspect, bend=0.5 * settings.bend
    )
    second = changed(first, change)
    drifting = dice.about(settings.drift, target.waves.phase.shape)
    waves = things.replace(target.waves, phase=target.waves.phase + drifting)
    now = things.replace(target, waves=waves)

    positive = ~dice.chance(settings.negatives)
    stranger = thing(dice, settings.stretch)
    impostor = _pick(dice.chance(0.6), lookalike(dice, target, stranger), stranger)
    shown = positive | dice.chance(0.75)
    principal = _pick(positive, now, impostor)
    spread = settings.shift * pixel * jnp.where(dice.chance(settings.near), 1 / 3, 1.0)
    centre = (instance - 1) / 2 + spread * dice.uniform(-1.0, 1.0, (2,))
    size_change = dice.factor(settings.scale)
    size = _fitting(principal, second, scale * size_change, exemplar)
    own = _actor(principal, second, centre, size, shown, jnp.where(positive, 1.0, 0.0), (exemplar, instance))

    count = jnp.clip(jnp.floor(settings.distractors * dice.uniform(0.0, 2.0) + dice.uniform()), 0, OTHERS)
    others = []
    for k in range(OTHERS):
        fresh = thing(dice, settings.stretch)
        alike = dice.chance(settings.lookalikes)
        one = _pick(alike, lookalike(dice, target, fresh), fresh)
        pose = attitude(dice, turned=0.2, turn=0.15, aspect=1.15, bend=settings.bend)
        posture = _pick(alike, changed(second, pose), pose)
        at = _aside(dice, own, instance)
        large = _fitting(one, posture, scale * size_change * dice.factor(1.5), exemplar)
        others.append(_actor(one, posture, at, large, count > k, 0.0, (exemplar, instance)))
    fresh = thing(dice, settings.stretch)
    cover = _pick(dice.chance(0.3), lookalike(dice, target, fresh), fresh)
    posture = attitude(dice, turned=0.3, turn=0.1, aspect=1.5, bend=settings.bend)
    angle = dice.uniform(0.0, 6.2832)
    way = jnp.stack([jnp.cos(angle), jnp.sin(angle)])
    large = _fitting(cover, posture, scale * size_change * dice.uniform(0.5, 1.2), exemplar)
    reach = (own.size + large * _size(cover, posture)) / 2
    at = own.middle + way * reach * dice.uniform(0.55, 1.0)
    front = _actor(cover, posture, at, large, dice.chance(settings.occluded), 0.0, (exemplar, instance))
    return _Cast(actors=_stack([*others, own, front]), size_change=size_change), own, positive


def _companion(
    dice: Dice, settings: ProceduralSettings, target: Thing, own: Actor, exemplar: int, scale: jax.Array
) -> Actor:
    """What stands beside, and partly behind, the target in the template."""
    fresh = thing(dice, settings.stretch)
    one = _pick(dice.chance(0.5), lookalike(dice, target, fresh), fresh)
    posture = attitude(dice, turned=0.2, turn=0.2, aspect=1.15, bend=settings.bend)
    size = _fitting(one, posture, scale * dice.factor(1.4), exemplar)
    angle = dice.uniform(0.0, 6.2832)
    way = jnp.stack([jnp.cos(angle), jnp.sin(angle)])
    reach = (own.size + size * _size(one, posture)) / 2
    at = own.middle + way * reach * dice.uniform(0.8, 1.3)
    return _actor(one, posture, at, size, dice.chance(settings.companions), 0.0, (exemplar, exemplar))


def _aside(dice: Dice, own: Actor, side: int) -> jax.Array:
    """A place in the picture, mostly not behind the target: the farthest of two draws from it, float32 [2]."""
    draws = dice.uniform(0.05, 0.95, (2, 2)) * side
    away = jnp.max(jnp.abs(draws - own.middle) / own.size, axis=-1)
    return draws[jnp.argmax(away)]


def _cut(dice: Dice, share: float, camera: Camera, own: Actor, side: int) -> Camera:
    """The camera with the picture's border through the region, at most a quarter of the target behind it."""
    which = dice.one_of(1, 1, 1, 1, shape=(2,))
    twice = dice.chance(0.3)
    inward = dice.uniform(-0.25, 1.0, (2,))
    low, high = own.middle - (own.size - 1) / 2, own.middle + (own.size - 1) / 2
    room = jnp.concatenate([low, side - 1 - high])  # between the target and the region's edges: left, top, ...
    gap = jnp.where(inward < 0, inward * jnp.min(own.size), inward * jnp.maximum(room[which], 0))
    edge = jnp.where(which < 2, jnp.floor(low[which % 2] - gap), jnp.ceil(high[which % 2] + gap))
    crossing = dice.chance(share) & jnp.stack([jnp.bool_(True), twice])
    border = camera.border
    for k in range(2):
        border = jnp.where((jnp.arange(4) == which[k]) & crossing[k], edge[k], border)
    return things.replace(camera, border=border)


def _box(own: Actor, border: jax.Array) -> jax.Array:
    """The target's box inside the picture's border, float32 [4] (x, y, w, h)."""
    box = exact_box_from_target(own.middle, own.size)
    low, high = jnp.maximum(box[:2], border[:2]), jnp.minimum(box[:2] + box[2:], border[2:] + 1)
    return jnp.concatenate([low, high - low])


def _actor(
    one: Thing, seen: Attitude, middle: jax.Array, size: jax.Array, shown: jax.Array, target, sizes: tuple[int, int]
) -> Actor:
    """`sizes`: of the exemplar and of the picture, pixels."""
    exemplar, side = sizes
    pose, box = posed(one, seen, middle, size)
    at = patch(pose, middle, min(round(WINDOW * exemplar), side), side)
    target = jnp.asarray(target, jnp.float32)
    return Actor(thing=one, pose=pose, patch=at, middle=middle, size=box, shown=shown, target=target)


def _size(one: Thing, seen: Attitude) -> jax.Array:
    low, high = extent(one, seen)
    return high - low


def _fitting(one: Thing, seen: Attitude, size: jax.Array, exemplar: int) -> jax.Array:
    """At most so large that the object fits its window."""
    return jnp.minimum(size, 0.97 * WINDOW * exemplar / jnp.max(_size(one, seen)))


def _pick(condition: jax.Array, yes, no):
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), yes, no)


def _stack(parts: list[Actor]) -> Actor:
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *parts)
