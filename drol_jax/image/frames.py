"""Reading a frame source: decode, check, flatten to few lengths, prefetch."""

import warnings
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

import numpy as np

from drol_jax.errors import UserError
from drol_jax.image.complaints import listened, listening_pool
from drol_jax.image.decoding import decoded
from drol_jax.image.depth import ends_of, scaled
from drol_jax.image.source import FrameSource

CAPACITIES = (2**19, 2**21, 2**23)
"""Lengths, in pixels, that `flatten` pads to: device code compiles once for each that is met. The first holds all of
OTB and VOT, the second full HD, the third 4K; the padding costs a copy of a megabyte or so a frame."""

ALIGNED = 64
"""Bytes that the address of an array is a multiple of which jax takes as it is on a CPU."""


def read(source: FrameSource) -> np.ndarray:
    """Decode an image file or render a frame.

    Args:
      source: path of an image in any format OpenCV reads, or a callable that renders a frame.

    Returns:
      uint8 RGB [H, W, 3], C-contiguous. Grey images become three equal channels; EXIF rotation is ignored, as
      annotations are drawn on the stored pixels. An image of more than 8 bits is scaled by its own range, with a
      warning; a sequence's are scaled by one (`drol_jax.image.depth.frame_sources`).

    Raises:
      UserError: the file is missing, unreadable, no image, or cut short (OpenCV would fill the rest with grey).
    """
    if callable(source):
        return checked(source())
    image = decoded(source)
    if image.dtype == np.uint8:
        return image
    ends = ends_of(image)
    warnings.warn(f"{source}: {image.dtype} image scaled from {ends[0]:g}..{ends[1]:g}, its own range", stacklevel=2)
    return scaled(image, ends)


def checked(image: object) -> np.ndarray:
    """Validate an array that a user passes as a frame.

    Args:
      image: uint8 [H, W, 3] RGB, or grey [H, W] or [H, W, 1].

    Returns:
      uint8 RGB [H, W, 3], C-contiguous; the same array where it already is.

    Raises:
      UserError: another dtype, number of axes or channels, or an empty image.
    """
    array = np.asarray(image)
    came = f"frame is {array.dtype} {list(array.shape)}"
    wanted = "wanted uint8 [H, W, 3] RGB or uint8 [H, W] grey"
    if array.dtype != np.uint8:
        number = array.dtype.kind in "fiub"
        cure = "scale it to 0..255 and convert with .astype(np.uint8)" if number else "pass an array of pixels"
        raise UserError(f"{came}; {wanted}: {cure}")
    grey = array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 1)
    if array.ndim == 3 and array.shape[2] == 4:
        raise UserError(f"{came}; {wanted}: drop alpha with frame[..., :3]")
    if not grey and (array.ndim != 3 or array.shape[2] != 3):
        cure = "move channels last" if array.ndim == 3 and array.shape[0] in (1, 3) else "pass one image at a time"
        raise UserError(f"{came}; {wanted}: {cure}")
    if array.size == 0:
        raise UserError(f"{came}, an empty image; {wanted}: check where it was cut out")
    if grey:
        array = np.repeat(array.reshape(*array.shape[:2], 1), 3, axis=2)
    return np.ascontiguousarray(array)


def capacity(height: int, width: int) -> int:
    """The smallest of CAPACITIES that holds height x width pixels; past the largest, the next power of two."""
    pixels = height * width
    return next((c for c in CAPACITIES if c >= pixels), 1 << (pixels - 1).bit_length())


def flatten(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lay the pixels out in a row of one of few lengths, so that frames of any size share a compiled step.

    Args:
      image: uint8 RGB [H, W, 3].

    Returns:
      (pixels uint8 [capacity(H, W), 3], size int32 [2] (height, width)). Pixel (y, x) is at y * width + x; what
      follows the image is whatever was there, and never read.
    """
    pixels, sizes = flatten_all([image])
    return pixels[0], sizes[0]


def flatten_all(images: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Lay out images of one size as `flatten` does, one below the other.

    Args:
      images: T of them, uint8 RGB [H, W, 3].

    Returns:
      (pixels uint8 [T, capacity(H, W), 3], sizes int32 [T, 2]).
    """
    height, width, channels = images[0].shape
    used = height * width
    pixels = _fresh(len(images) * capacity(height, width) * channels).reshape(len(images), -1, channels)
    for row, image in zip(pixels, images, strict=True):
        row[:used] = image.reshape(used, channels)
    return pixels, np.tile(np.array([height, width], np.int32), (len(images), 1))


def in_a_row(images: Sequence[np.ndarray], room: int, length: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Lay out images of one size one behind the other, without anything between them.

    Args:
      images: T of them, uint8 RGB [H, W, 3].
      room: images that there is memory for, as `flatten` lays them out, T or more.
      length: pixels of each in that memory; default capacity(H, W).

    Returns:
      (pixels uint8 [room * length, 3], size int32 [2] of each). Image t begins at pixel t * H * W.
    """
    height, width, channels = images[0].shape
    pixels = _fresh(room * (length or capacity(height, width)) * channels).reshape(-1, channels)
    used = height * width
    for t, image in enumerate(images):
        pixels[t * used : (t + 1) * used] = image.reshape(used, channels)
    return pixels, np.array([height, width], np.int32)


def _fresh(count: int) -> np.ndarray:
    """Memory for uint8 [count], not zeroed, that begins where jax takes an array without copying it.

    Nobody else holds it, and what fills it writes once.
    """
    memory = np.empty(count + ALIGNED, np.uint8)
    begin = -memory.ctypes.data % ALIGNED
    return memory[begin : begin + count]


def prefetch(sources: Iterable[FrameSource], depth: int = 8, workers: int = 2) -> Generator[np.ndarray, None, None]:
    """Read frames in threads, ahead of the consumer and in order.

    Args:
      sources: what `read` takes; taken from one at a time, at most depth ahead.
      depth: how many frames may be waiting or under way at once, >= 1.
      workers: threads, >= 1.

    Yields:
      uint8 RGB [H, W, 3]. Of a damaged JPEG that can be decoded a warning tells.

    Raises:
      UserError: at the frame that cannot be read, after all before it were yielded; or depth, workers < 1.
    """
    if depth < 1 or workers < 1:
        raise UserError(f"prefetch: depth {depth} and workers {workers} must be at least 1; raise them")
    return _prefetch(iter(sources), depth, workers)


def _prefetch(sources: Iterator[FrameSource], depth: int, workers: int) -> Generator[np.ndarray, None, None]:
    waiting: deque[tuple[FrameSource, Future[tuple[np.ndarray, list[str]]]]] = deque()
    threads = min(workers, depth)
    # What a callable does may need the process's open files.
    files, others = listening_pool(threads), ThreadPoolExecutor(threads, thread_name_prefix="drol-frames")

    def ask(source: FrameSource) -> tuple[FrameSource, Future[tuple[np.ndarray, list[str]]]]:
        return source, (others if callable(source) else files).submit(listened, read, source)

    try:
        waiting.extend(ask(source) for source in islice(sources, depth))
        while waiting:
            source, asked = waiting.popleft()
            image, words = asked.result()
            warn_of(source, words)
            yield image
            # Asked for only now: the frame in the consumer's hand counts towards depth.
            waiting.extend(ask(source) for source in islice(sources, 1))
    finally:  # also reached when the consumer closes the generator early
        for pool in (files, others):
            pool.shutdown(wait=True, cancel_futures=True)


def warn_of(source: object, words: Sequence[str]) -> None:
    """Warn of an image by what libjpeg said of it; nothing where it said nothing."""
    if words:
        told = f"{source}: damaged, libjpeg says {words[0]!r}; it is taken as it decodes, copy it again"
        warnings.warn(told, stacklevel=3)
