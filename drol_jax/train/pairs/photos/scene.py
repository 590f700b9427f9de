"""One pair: a target over a photograph, and the same target a little later among other things."""

from dataclasses import replace

import numpy as np

from drol_jax.image.boxes import exact_box_from_target
from drol_jax.train.pairs.disk_cut import context_side
from drol_jax.train.pairs.photos.album import Album, Figure
from drol_jax.train.pairs.photos.backdrop import Window, cut_off
from drol_jax.train.pairs.photos.camera import Camera, light
from drol_jax.train.pairs.photos.figures import any_figure, lookalike
from drol_jax.train.pairs.photos.poses import Pose, Waves, corners, drawn, matrix, moved, upright_stretch
from drol_jax.train.pairs.photos.settings import PhotosSettings

MOST_DISTRACTORS = 4


def compose(
    rng: np.random.Generator, album: Album, settings: PhotosSettings, exemplar: int, instance: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, bool]:
    """A pair.

    Returns:
      (template uint8 [E, E, 3], search uint8 [S, S, 3], box float32 [4] (x, y, w, h) of the target in `search`, pixels,
      centre = corner + (size - 1) / 2; whether it is there).
    """
    camera = Camera.any(rng, settings)
    figure = any_figure(rng, album, settings.blobs)
    pose = _pose(rng, figure, settings)
    middle = np.full(2, (exemplar - 1) / 2)
    least, most = corners(figure, matrix(figure, pose, 1.0, middle))
    scale = exemplar / context_side(most - least + 1)
    side = scale * float(np.sqrt(np.prod(most - least + 1)))

    here = Window.any(rng, album, instance)
    scene = here.shown(exemplar)
    if rng.random() < settings.companions:
        scene = _with_other(rng, scene, any_figure(rng, album, settings.blobs), middle, side)
    scene = drawn(figure, matrix(figure, pose, scale, middle), exemplar).over(scene)
    if rng.random() < settings.cut_off:
        scene = cut_off(rng, scene, middle)
    template = camera.taken(rng, scene, settings, lit=False)

    positive = bool(rng.random() >= settings.negatives)
    there = Window.any(rng, album, instance) if rng.random() < settings.new_place else here.moved(rng, instance)
    centre = (instance - 1) / 2 + _shift(rng, settings)
    scene = there.shown(instance)
    for _ in range(min(rng.poisson(settings.distractors), MOST_DISTRACTORS)):
        alike = rng.random() < settings.lookalikes
        other = lookalike(rng, figure, album) if alike else any_figure(rng, album, settings.blobs)
        scene = _with_other(rng, scene, other, centre, side, pose if alike else None)
    later = _later(rng, pose, settings)
    grown = scale * np.exp(rng.uniform(-1, 1) * np.log(settings.scale))
    box = np.zeros(4, np.float32)
    if positive:
        scene, box = _with_target(rng, scene, figure, later, grown, centre, settings)
    elif (instead := rng.random()) < 0.7:
        other = lookalike(rng, figure, album) if instead < 0.35 else any_figure(rng, album, settings.blobs)
        scene, _ = _with_target(rng, scene, other, later, grown, centre, settings)
    if rng.random() < settings.occluded:
        scene = _behind(rng, scene, any_figure(rng, album, settings.blobs), centre, side)
    if rng.random() < settings.cut_off:
        scene = cut_off(rng, scene, centre)
    return template, camera.taken(rng, scene, settings, lit=True), box, positive


def _pose(rng: np.random.Generator, figure: Figure, settings: PhotosSettings) -> Pose:
    """A stand: as it is or stretched, upright or at any angle."""
    widest = np.log(settings.stretch)
    # Tall ones are more common than wide ones: people.
    wanted = np.exp(np.clip(rng.normal(-0.25, 0.6), -widest, widest))
    own = 1.0 if rng.random() < 0.4 else upright_stretch(figure, float(wanted))
    angle = rng.uniform(-np.pi, np.pi) if rng.random() < settings.turned else np.deg2rad(rng.normal(0, 8))
    return Pose(angle=float(angle), stretch=float(np.clip(own, 0.4, 2.5)))


def _later(rng: np.random.Generator, pose: Pose, settings: PhotosSettings) -> Pose:
    turn = np.deg2rad(rng.normal(0, settings.turn))
    aspect = np.exp(0.5 * rng.uniform(-1, 1) * np.log(settings.aspect))
    lean = rng.uniform(-1, 1, 2) * settings.perspective / 2
    return pose.changed(float(turn), float(aspect), (float(lean[0]), float(lean[1])))


def _shift(rng: np.random.Generator, settings: PhotosSettings) -> np.ndarray:
    reach = settings.shift * (1 / 3 if rng.random() < settings.near else 1)
    return rng.uniform(-1, 1, 2) * reach


def _with_target(
    rng: np.random.Generator,
    scene: np.ndarray,
    figure: Figure,
    pose: Pose,
    scale: float,
    centre: np.ndarray,
    settings: PhotosSettings,
) -> tuple[np.ndarray, np.ndarray]:
    """The scene with the target in its light, a little bent; and its box."""
    at = matrix(figure, pose, scale, centre)
    least, most = corners(figure, at)
    reach = float((most - least).max())
    heights, phases = rng.uniform(-1, 1, 2) * settings.bend * reach, rng.uniform(0, 2 * np.pi, (2, 2))
    waves = Waves(heights=heights, phases=phases, middle=centre, length=reach)
    layer = waves.bent(drawn(figure, at, scene.shape[0], 1 + np.abs(heights).max()))
    points = waves.moved(moved(figure.outline, at))
    least, most = points.min(axis=0), points.max(axis=0)
    box = exact_box_from_target((least + most) / 2, most - least + 1).astype(np.float32)
    gain, _ = light(rng, settings)
    lit = replace(layer, pixels=layer.pixels * np.append(gain, 1).astype(np.float32))
    return lit.over(scene), box


def _with_other(
    rng: np.random.Generator,
    scene: np.ndarray,
    figure: Figure,
    target: np.ndarray,
    side: float,
    pose: Pose | None = None,
) -> np.ndarray:
    """The scene with an object beside the target."""
    angle, distance = rng.uniform(0, 2 * np.pi), side * rng.uniform(0.9, 2.2)
    place = target + distance * np.array([np.cos(angle), np.sin(angle)])
    stand = pose or Pose(angle=float(np.deg2rad(rng.normal(0, 15))), stretch=float(np.exp(rng.normal(0, 0.25))))
    size = np.sqrt(np.prod(np.ptp(figure.outline, axis=0) + 1))
    return drawn(figure, matrix(figure, stand, side * rng.uniform(0.6, 1.3) / size, place), len(scene)).over(scene)


def _behind(rng: np.random.Generator, scene: np.ndarray, figure: Figure, target: np.ndarray, side: float) -> np.ndarray:
    """The scene with an object before a part of the target."""
    angle, distance = rng.uniform(0, 2 * np.pi), side * rng.uniform(0.35, 0.7)
    place = target + distance * np.array([np.cos(angle), np.sin(angle)])
    stand = Pose(angle=float(rng.uniform(-np.pi, np.pi)), stretch=float(np.exp(rng.normal(0, 0.4))))
    size = np.sqrt(np.prod(np.ptp(figure.outline, axis=0) + 1))
    return drawn(figure, matrix(figure, stand, side * rng.uniform(0.4, 0.9) / size, place), len(scene)).over(scene)
