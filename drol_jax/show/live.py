"""`LivePage`: a run to watch in the browser, while it lasts."""

import time
from collections.abc import Callable, Mapping, Sequence
from threading import Lock

from drol_jax.show import colours, hosts, replies
from drol_jax.show.audience import Audience
from drol_jax.show.message import jpeg, message
from drol_jax.show.newest import Newest, ScoreMap, Shown
from drol_jax.show.replies import Reply, Request
from drol_jax.show.server import Server
from drol_jax.system.program import tell
from drol_jax.tracks.table import Row
from drol_jax.video.frame import VideoFrame

PAST_SECONDS = 60.0
"""Of the video's time on the page's timeline."""
WAIT_SECONDS = 2.0
"""How long a page's question stays open where nothing is new."""
END_SECONDS = 2.0
"""How long the end waits for open pages to hear of it."""
FILES = ("page.css", "live.css", "live.js", "scene.js", "timeline.js", "states.js", "paint.js", "icon.svg")


class LivePage:
    """Serves a page with the newest frame, its boxes, and each target's state and confidence; in a `with` block.

    The tracker never waits for a page: only the newest frame is kept, and it is compressed in another thread, once,
    where a page asks for it.
    """

    def __init__(
        self,
        *,
        host: str = hosts.LOOPBACK,
        port: int = 0,
        announce: Callable[[str], object] = tell,
        clock: Callable[[], float] = time.monotonic,
    ):
        """Start to serve.

        Args:
          host: address to serve on; `0.0.0.0` lets other devices of the network in.
          port: 0 takes a free one.
          announce: is told the page's address, in lines of words.
          clock: seconds that grow.

        Raises:
          UserError: host or port cannot be served on.
        """
        self._newest, self._audience, self._clock = Newest(PAST_SECONDS, clock), Audience(), clock
        self._places: dict[str, int] = {}
        self._picture, self._drawing = (0, b""), Lock()
        routes = replies.assets("live.html", *FILES) | {("GET", "newest"): self._answer}
        self._server = Server(routes, host=host, port=port)
        first, *others = self._server.addresses
        wide = " (open to everyone in the network who has the address)" if hosts.is_wide(self._server.host) else ""
        announce(f"live page: {first}{wide}")
        for address in others:
            announce(f"  on this machine: {address}")

    @property
    def address(self) -> str:
        """Where a browser finds the page."""
        return self._server.addresses[0]

    def show(
        self,
        frame: VideoFrame,
        rows: Sequence[Row],
        *,
        scale: float = 1.0,
        score_maps: Mapping[str, ScoreMap] | None = None,
    ) -> None:
        """Show a frame in place of the last one. Takes microseconds.

        Args:
          frame: without boxes in it: the page draws them.
          rows: of the frame.
          scale: pixels of the frame's image for one of the source, in which boxes are.
          score_maps: where each target was looked for, by its name.
        """
        for row in rows:
            self._places.setdefault(row.name, len(self._places))
        self._newest.put(frame, tuple(rows), scale, score_maps)

    def close(self) -> None:
        """End: open pages are told so and keep the last frame. May be called twice."""
        self._newest.end()
        self._audience.wait_empty(self._clock(), END_SECONDS)
        self._server.close()

    def __enter__(self) -> "LivePage":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answer(self, request: Request) -> Reply:
        after = request.query.get("after", "0")
        if not (after.isascii() and after.isdecimal() and len(after) < 16):
            return replies.words("refused: `after` is the number of a frame", 400)
        page = request.query.get("page", "")[:32]
        if page:
            self._audience.asks(page, self._clock())
        news = self._newest.wait(int(after), WAIT_SECONDS)
        picture = b"" if news.shown is None else self._compressed(news.shown)
        scores = request.query.get("scores") == "1"
        if news.ended:
            self._audience.goes(page)
        return Reply(message(news, self._colour, picture, scores), "application/octet-stream")

    def _compressed(self, shown: Shown) -> bytes:
        """The frame's picture; pages that want the same frame share it."""
        with self._drawing:
            if self._picture[0] != shown.serial:
                self._picture = (shown.serial, jpeg(shown.frame.image))
            return self._picture[1]

    def _colour(self, name: str) -> str:
        return colours.css(self._places[name])
