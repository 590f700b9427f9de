"""`open_source`: anything that gives frames, by what the user wrote."""

import glob
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from drol_jax.errors import UserError
from drol_jax.image.source import FrameSource
from drol_jax.video.arrays import Arrays
from drol_jax.video.capture import camera_opener, stream_host, stream_opener, stream_place
from drol_jax.video.extra import installed, pyav
from drol_jax.video.images import Images, folder_images, natural
from drol_jax.video.opencv import CvFile
from drol_jax.video.options import Installed, ReadOptions
from drol_jax.video.packets import Listing
from drol_jax.video.pyav import AvFile
from drol_jax.video.reader import Reader
from drol_jax.video.source import Source
from drol_jax.video.stream import Live, Patience

ADDRESS = re.compile(r"(rtsp|rtsps|rtmp|http|https|udp|rtp|srt|tcp)://.+", re.IGNORECASE)
"""Of a stream."""
FILE = re.compile(r"https?://[^?#]+\.(mp4|m4v|mov|mkv|webm|avi)([?#].*)?", re.IGNORECASE)
"""Of a film, most of whose frames would be dropped if it were read as it comes."""
KINDS = "a video file, a folder or pattern of images, a camera's number, or an address such as rtsp://host/path"

Spec = str | Path | int | Iterable[object]
"""What `open_source` takes."""


def open_source(
    spec: Spec,
    options: ReadOptions | None = None,
    *,
    have_pyav: Installed = installed,
    patience: Patience | None = None,
    listing: Listing | None = None,
) -> Source:
    """Open a source of frames and decode its first.

    Args:
      spec: path of a video file; folder or pattern ("frames/*.png") of images, taken in natural order (img2 before
        img10) and timed by `options.rate`, 25 a second unless told; number of a camera (0 or "0"); address of a stream
        (rtsp, http, udp, ...); or an iterable of uint8 RGB [H, W, 3] or grey [H, W] arrays, or of pairs
        (seconds, array).
      options: which frames, how large, decoded by what.
      have_pyav: whether PyAV can be used.
      patience: how long a camera or stream is waited for.
      listing: of the video file by `listing_of`: reading begins in its middle without listing packets again.

    Raises:
      UserError: there is no such thing, it holds no frame, or the first cannot be decoded.
    """
    options = options or ReadOptions()
    return Source(_reader(spec, options, have_pyav, patience or Patience(), listing), options)


def open_frames(sources: Sequence[FrameSource], name: str, options: ReadOptions | None = None) -> Source:
    """Open a sequence's frames, such as those of Synth, and render or decode its first.

    Args:
      sources: at least one, all files or all rendered; only those that are wanted are asked.
      name: that messages call it by.
      options: as in `open_source`.

    Raises:
      UserError: the first frame cannot be had.
    """
    options = options or ReadOptions()
    return Source(Images(sources, name, name, options.rate), options)


def listing_of(path: Path, *, have_pyav: Installed = installed) -> Listing | None:
    """All packets of a video file; None where it is none, seeking in it is not exact, or PyAV is not installed.

    Raises:
      UserError: PyAV cannot open it.
    """
    if not path.is_file() or not have_pyav():
        return None
    file = AvFile(path, ReadOptions().rate)
    try:
        return file.listing()
    finally:
        file.close()


def _reader(
    spec: Spec, options: ReadOptions, have_pyav: Installed, patience: Patience, listing: Listing | None
) -> Reader:
    if isinstance(spec, bool) or spec is None:
        raise UserError(f"{spec!r} is no source of frames; give {KINDS}")
    if isinstance(spec, int) or (isinstance(spec, str) and spec.isdecimal() and not Path(spec).exists()):
        if int(spec) < 0:
            raise UserError(f"camera {spec}: cameras are numbered from 0; give 0 for the first")
        return Live(f"camera {int(spec)}", f"camera {int(spec)}", camera_opener(int(spec)), patience)
    if isinstance(spec, str) and ADDRESS.fullmatch(spec):
        if FILE.fullmatch(spec):
            raise UserError(f"{stream_place(spec)}: a film on a web server is no stream; download it, give its path")
        return Live(stream_host(spec), stream_place(spec), stream_opener(spec, patience.stall), patience)
    if isinstance(spec, str | Path):
        return _path_reader(Path(spec), options, have_pyav, listing)
    if isinstance(spec, Iterable):
        return Arrays(spec, options.rate)
    raise UserError(f"{type(spec).__name__} is no source of frames; give {KINDS}")


def _path_reader(path: Path, options: ReadOptions, have_pyav: Installed, listing: Listing | None) -> Reader:
    if path.is_dir():
        return Images(folder_images(path), str(path), path.resolve().name, options.rate)
    if not path.exists() and glob.has_magic(str(path)):
        found = natural(file for file in map(Path, glob.glob(str(path), recursive=True)) if file.is_file())
        if not found:
            raise UserError(f"{path}: no file has a name of this pattern; check it")
        return Images(found, str(path), path.resolve().parent.name, options.rate)
    if not path.exists():
        raise UserError(f"{path}: there is no such file or folder; give {KINDS}")
    if options.reader == "pyav":
        pyav()
    use_pyav = options.reader == "pyav" or (options.reader == "auto" and have_pyav())
    return AvFile(path, options.rate, listing) if use_pyav else CvFile(path, options.rate)
