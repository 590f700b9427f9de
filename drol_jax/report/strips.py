"""One sequence and several trackers as a file of images: a strip, or a film that moves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.image import frames
from drol_jax.metrics.regions import Regions
from drol_jax.report.drawing import fitted, outlined, overlaps_of
from drol_jax.report.style import GROUNDTRUTH, style
from drol_jax.results.groundtruth import own_regions
from drol_jax.results.oxuva import read_of
from drol_jax.system import atomic
from drol_jax.system.opencv import cv2
from drol_jax.video.writers.open import open_film

STRIPS, FILMS = (".png", ".jpg", ".jpeg"), (".webp", ".gif", ".mp4", ".webm")
"""Ends of names: of one image, and of one that moves."""
VIDEOS = (".mp4", ".webm")
"""Those of the films that video writers make: H.264, which browsers play, and VP9."""
GAP, LETTERS, INK = 4, 0.4, (255, 255, 255)
"""Pixels between images, size of letters, their colour."""
BAND = 18
"""Rows above an image for its words."""
QUALITY = 85
"""Of JPEG and WebP, in per cent."""


@dataclass(frozen=True, eq=False)
class Track:
    """One tracker's regions on the sequence."""

    name: str
    regions: Regions
    overlaps: np.ndarray
    """[T] in [0, 1], NaN where there is none."""


def tracks_of(sequence: datasets.Sequence, files: Mapping[str, Path]) -> list[Track]:
    """Trackers' regions from their result files, in the given order.

    Args:
      files: by tracker.

    Raises:
      UserError: a file cannot be read, or is not of this sequence.
    """
    groundtruth, found = own_regions(sequence), []
    for name, path in files.items():
        regions = fitted(read_of(sequence, path, regions=True).regions, groundtruth)
        if regions is None:
            raise UserError(f"{path} has too few frames for {sequence.name}; track it again")
        found.append(Track(name, regions, overlaps_of(regions, groundtruth)))
    return found


def write_strip(sequence: datasets.Sequence, tracks: list[Track], path: Path, *, images: int, width: int) -> None:
    """Write images at equal distances beside each other, a row for each tracker; white is the groundtruth.

    Args:
      path: its end, one of `STRIPS`, says the format.
      images: in a row.
      width: of an image, in pixels.

    Raises:
      UserError: an image of the sequence cannot be read, or the file not written.
    """
    groundtruth, shown = own_regions(sequence), spread_out(len(sequence), images)
    columns = [np.vstack(_tiles(sequence, groundtruth, tracks, number, width)) for number in shown]
    quality = [] if path.suffix == ".png" else [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    _write(path, cv2.imencode(path.suffix, _bgr(_spaced(columns)), quality)[1])


def write_film(
    sequence: datasets.Sequence, tracks: list[Track], path: Path, *, every: int, speed: float, width: int
) -> None:
    """Write a film with the trackers beside each other; white is the groundtruth.

    Args:
      path: its end, one of `FILMS`, says the format.
      every: of how many frames one is shown.
      speed: frames of the sequence a second.
      width: of an image, in pixels.

    Raises:
      UserError: an image of the sequence cannot be read, PyAV is missing for an MP4, or the file not written.
    """
    groundtruth, shown = own_regions(sequence), range(0, len(sequence), every)
    moving = (_spaced(_tiles(sequence, groundtruth, tracks, number, width)) for number in shown)
    if path.suffix in VIDEOS:
        _write_video(moving, path, speed / every)
        return
    animation = cv2.Animation()
    animation.frames = [_bgr(image) for image in moving]
    animation.durations = [round(1000 * every / speed)] * len(animation.frames)
    done, data = cv2.imencodeanimation(path.suffix, animation, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
    if not done:
        raise UserError(f"this OpenCV cannot write {path.suffix}; choose another of {', '.join(FILMS)}")
    _write(path, data)


def spread_out(frames: int, images: int) -> list[int]:
    """Numbers of so many frames at equal distances, the first and the last among them."""
    return np.unique(np.linspace(0, frames - 1, images).round().astype(int)).tolist()


def caption(track: Track, number: int) -> tuple[str, str]:
    """The words above an image: the tracker on the left; on the right the frame, counted from 0, and its overlap."""
    overlap = track.overlaps[number]
    return track.name, f"{number}" if np.isnan(overlap) else f"{number}   IoU {overlap:.2f}"


def _tiles(
    sequence: datasets.Sequence, groundtruth: Regions, tracks: list[Track], number: int, width: int
) -> list[np.ndarray]:
    """One frame for each tracker, with its words above; frames count from 0, as on the page and in files."""
    image = frames.read(sequence.frames[number])
    tiles = []
    for place, track in enumerate(tracks):
        colour = style(place).rgb
        drawn = outlined(image, number, [(track.regions, colour), (groundtruth, GROUNDTRUTH)], sequence.origin, width)
        band = np.full((BAND, width, 3), colour, np.uint8)
        left, right = caption(track, number)
        start = width - 4 - _length(right)
        _letter(band, _fitting(left, start - 8), 4)
        _letter(band, right, start)
        tiles.append(np.vstack([band, drawn]))
    return tiles


def _fitting(words: str, room: int) -> str:
    """The words, cut to the room there is."""
    if _length(words) <= room:
        return words
    while words and _length(words + "..") > room:
        words = words[:-1]
    return words + ".."


def _length(words: str) -> int:
    return cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, LETTERS, 1)[0][0]


def _letter(band: np.ndarray, words: str, left: int) -> None:
    cv2.putText(band, words, (left, BAND - 5), cv2.FONT_HERSHEY_SIMPLEX, LETTERS, INK, 1, cv2.LINE_AA)


def _spaced(columns: list[np.ndarray]) -> np.ndarray:
    gap = np.full((columns[0].shape[0], GAP, 3), 255, np.uint8)
    return np.hstack([part for column in columns for part in (column, gap)][:-1])


def _bgr(image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(image[..., ::-1])


def _write(path: Path, data: np.ndarray) -> None:
    atomic.write_bytes(path, data.tobytes(), "choose another --output")


def _write_video(moving: Iterator[np.ndarray], path: Path, rate: float) -> None:
    with atomic.file(path, "choose another --output", suffix=path.suffix) as temporary:
        film = None
        try:
            for number, image in enumerate(moving):
                if film is None:
                    steps = Fraction(rate).limit_denominator(1001)
                    film = open_film(temporary, image.shape[1], image.shape[0], steps)
                film.add(image, number / rate)
            if film is not None:
                film.close()
        except BaseException:
            if film is not None:
                film.abandon()
            raise
