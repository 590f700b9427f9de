"""Small films for tests, each frame another picture."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

FRAMES = 24
UNIT = Fraction(1, 600)
STEADY = tuple(20 * n for n in range(FRAMES))
"""Times of 30 frames a second, in units."""
UNSTEADY = tuple(int(t) for t in np.cumsum([0, *np.random.default_rng(0).integers(7, 70, FRAMES - 1)]))


def picture(number: int, width: int = 64, height: int = 48) -> np.ndarray:
    """Smooth colours that move, uint8 RGB [height, width, 3]."""
    y, x = np.mgrid[:height, :width]
    planes = (
        128 + 90 * np.sin((x + 5 * number) / 9),
        40 + 4 * number + y,
        128 + 90 * np.cos((x - y + 3 * number) / 11),
    )
    return np.stack(planes, -1).clip(0, 255).astype(np.uint8)


def write(
    path: Path,
    images: Sequence[np.ndarray] | None = None,
    *,
    stamps: Sequence[int] = STEADY,
    unit: Fraction = UNIT,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    rotation: int = 0,
    full: bool = False,
    matrix: int = 0,
    index_first: bool = False,
) -> Path:
    """Encode a film of groups of 8 frames, with B-frames where the codec has them."""
    images = [picture(n) for n in range(FRAMES)] if images is None else images
    options = {"movflags": "+faststart"} if index_first else {}
    with av.open(str(path), "w", options=options) as film:
        stream = film.add_stream(codec, rate=30, options={"bf": "2", "crf": "10"} if codec == "libx264" else {})
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = pixels
        stream.codec_context.gop_size, stream.codec_context.time_base = 8, unit
        if rotation:
            stream.set_display_rotation(rotation)
        if matrix:
            stream.codec_context.colorspace = matrix
        if full:
            stream.codec_context.color_range = 2
        for image, stamp in zip(images, stamps, strict=False):
            rgb = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame = rgb.reformat(format=pixels, dst_colorspace=matrix or 5, dst_color_range=2 if full else 1)
            frame.pts, frame.time_base = stamp, unit
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return path


def trim(source: Path, target: Path, seconds: float) -> Path:
    """Cut off a start without encoding again: an edit list hides what is needed to decode and not shown."""
    with av.open(str(source)) as film, av.open(str(target), "w") as shorter:
        stream = film.streams.video[0]
        copy = shorter.add_stream_from_template(stream)
        assert stream.time_base is not None
        offset = int(seconds / stream.time_base)
        film.seek(offset, stream=stream)
        for packet in film.demux(stream):
            if packet.dts is not None and packet.pts is not None:
                packet.pts, packet.dts, packet.stream = packet.pts - offset, packet.dts - offset, copy
                shorter.mux(packet)
    return target


def without_stamps(source: Path, target: Path) -> Path:
    """The bare stream of a film, which tells no times."""
    with av.open(str(source)) as film, av.open(str(target), "w") as bare:
        copy = bare.add_stream_from_template(film.streams.video[0])
        for packet in film.demux(video=0):
            if packet.dts is not None:
                packet.stream = copy
                bare.mux(packet)
    return target


def sound(path: Path) -> Path:
    """A file that holds sound alone."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream("aac", rate=44100)
        assert isinstance(stream, av.AudioStream)
        for number in range(4):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 44100, 1024 * number
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def shortened(source: Path, target: Path, part: float) -> Path:
    """The first part of a file's bytes."""
    data = source.read_bytes()
    target.write_bytes(data[: int(len(data) * part)])
    return target
