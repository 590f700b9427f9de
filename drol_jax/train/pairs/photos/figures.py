"""Objects for a scene: cut-outs, smooth pieces of photographs, and look-alikes of either."""

from dataclasses import replace

import numpy as np

from drol_jax.system.opencv import cv2
from drol_jax.train.pairs.photos.album import Album, Figure

BLOB = 128
"""Rows and columns of pieces of photographs."""
_CORNERS = 72


def any_figure(rng: np.random.Generator, album: Album, blobs: float) -> Figure:
    """Any object; a piece of a photograph with this probability, or where there are no cut-outs."""
    if not album.cutouts or rng.random() < blobs:
        return blob(rng, album)
    figure = album.cutouts[int(rng.integers(len(album.cutouts)))]
    figure = mirrored(figure) if rng.random() < 0.5 else figure
    return coloured(figure, rng) if rng.random() < 0.5 else figure


def blob(rng: np.random.Generator, album: Album) -> Figure:
    """A piece of any photograph with a smooth outline."""
    angle = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    waves = np.arange(2, 6)
    heights = rng.normal(0, 0.22 / waves)
    radius = 1 + np.sum(heights * np.cos(waves * angle[:, None] + rng.uniform(0, 2 * np.pi, 4)), axis=1)
    corners = np.stack([np.cos(angle), np.sin(angle)], axis=1) * np.maximum(radius, 0.25)[:, None]
    corners = (corners / np.abs(corners).max() * 0.48 + 0.5) * BLOB
    solid = np.zeros((BLOB, BLOB), np.uint8)
    cv2.fillPoly(solid, [np.rint(corners * 16).astype(np.int32)], 255, lineType=cv2.LINE_AA, shift=4)
    figure = Figure.of(texture(rng, album, BLOB, BLOB), solid.astype(np.float32) / 255)
    assert figure is not None  # a quarter of its box at least
    return figure


def texture(rng: np.random.Generator, album: Album, rows: int, columns: int) -> np.ndarray:
    """Any piece of any photograph at this size, float32 [rows, columns, 3]."""
    photo = album.photos[int(rng.integers(len(album.photos)))][0]
    height, width = photo.shape[:2]
    side = max(int(rng.uniform(0.25, 0.9) * min(height, width)), 8)
    top, left = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
    piece = photo[top : top + side, left : left + side]
    interpolation = cv2.INTER_AREA if side > max(rows, columns) else cv2.INTER_LINEAR
    return cv2.resize(piece, (columns, rows), interpolation=interpolation).astype(np.float32)


def lookalike(rng: np.random.Generator, figure: Figure, album: Album) -> Figure:
    """An object with the outline in other colours or another texture."""
    if rng.random() < 0.5:
        return coloured(mirrored(figure), rng)
    opacity = figure.opacity
    colours = texture(rng, album, *opacity.shape)
    return replace(figure, pixels=np.concatenate([colours * opacity[..., None], opacity[..., None]], axis=-1))


def mirrored(figure: Figure) -> Figure:
    """The object left to right."""
    width = figure.pixels.shape[1]
    outline = figure.outline * np.array([-1, 1], np.float32) + np.array([width - 1, 0], np.float32)
    return Figure(np.ascontiguousarray(figure.pixels[:, ::-1]), outline)


def coloured(figure: Figure, rng: np.random.Generator) -> Figure:
    """The object with its colours mixed anew and more or less bright."""
    mix = np.eye(3) * rng.uniform(0.4, 1.0) + rng.dirichlet(np.ones(3), 3) * rng.uniform(0.2, 0.6)
    mix *= rng.uniform(0.7, 1.1) / mix.sum(axis=1, keepdims=True)
    limit = 255 * figure.opacity[..., None]
    colours = np.minimum(figure.pixels[..., :3] @ mix.T.astype(np.float32), limit)
    return replace(figure, pixels=np.concatenate([colours, figure.opacity[..., None]], axis=-1))
