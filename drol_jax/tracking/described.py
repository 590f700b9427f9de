"""A source as the tables name it."""

from pathlib import Path

from drol_jax.system.names import in_utf8
from drol_jax.tracks.table import Video
from drol_jax.video.frame import VideoInfo
from drol_jax.video.images import folder_images
from drol_jax.video.open import Spec


def video_of(info: VideoInfo, source: Spec) -> Video:
    """The video that tables are of, in pixels of the source.

    Args:
      info: of the source, opened.
      source: what was opened: the names of a file, and of a folder's images, come from it.
    """
    path = Path(source) if isinstance(source, str | Path) else None
    images = tuple(in_utf8(file.name) for file in folder_images(path)) if path is not None and path.is_dir() else ()
    return Video(
        name=in_utf8(path.name if path is not None and path.is_file() else info.name),
        width=round(info.width / info.scale),
        height=round(info.height / info.scale),
        rate=info.rate,
        frames=info.total,
        images=images,
    )
