"""Who watches a run: the progress on the terminal, a window, a page, and standard output."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drol_jax.follow.sight import Looked
from drol_jax.show.drawing import Annotator
from drol_jax.show.newest import ScoreMap
from drol_jax.show.progress import Progress
from drol_jax.show.window import Window
from drol_jax.tracking.run import Show
from drol_jax.tracks.formats import jsonl
from drol_jax.tracks.table import Row
from drol_jax.video.frame import VideoFrame, VideoInfo

if TYPE_CHECKING:
    from drol_jax.show.live import LivePage


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Who shall watch."""

    quiet: bool
    window: bool
    lines: bool
    """Rows go to standard output as JSON lines."""


@contextmanager
def watching(
    watch: Watch, info: VideoInfo, page: "LivePage | None", looked: Callable[[], Mapping[str, Looked]]
) -> Iterator[list[Show]]:
    """What is called with every frame, open in the `with` block.

    Args:
      page: that shall show every frame.
      looked: where targets were looked for in the last frame, pixels of the source.

    Raises:
      UserError: a window cannot be opened.
    """
    with ExitStack() as stack:
        shows: list[Show] = []
        if not watch.quiet and not watch.lines:
            shows.append(stack.enter_context(Progress(info.frames)))
        if watch.window:
            annotator = Annotator()
            window = Window(info.name, lambda image, rows: annotator(image, rows, scale=info.scale))
            stack.callback(window.close)
            shows.append(window)
        if page is not None:
            shows.append(lambda frame, rows: _shown(page, frame, rows, info.scale, looked()))
        if watch.lines:
            shows.append(_printed)
        yield shows


def _shown(
    page: "LivePage", frame: VideoFrame, rows: Sequence[Row], scale: float, looked: Mapping[str, Looked]
) -> bool:
    maps = {name: ScoreMap(values=one.score_map, box=one.box) for name, one in looked.items()}
    page.show(frame, rows, scale=scale, score_maps=maps)
    return True


def _printed(frame: VideoFrame, rows: Sequence[Row]) -> bool:
    sys.stdout.write(jsonl.FORMAT.lines(rows, {}))
    sys.stdout.flush()
    return True
