"""`pick`: start boxes drawn on a page in the browser."""

from collections.abc import Callable, Iterable
from threading import Event, Lock

import numpy as np

from drol_jax.errors import UserError
from drol_jax.image import frames
from drol_jax.show import colours, hosts, replies
from drol_jax.show.browser import open_page
from drol_jax.show.picked import LEAST_SIDE, LONGEST_NAME, Box, boxes_of
from drol_jax.show.replies import Reply, Request
from drol_jax.show.server import Server
from drol_jax.system.opencv import cv2
from drol_jax.system.program import tell

QUALITY = 92
"""Of the picture on the page, in per cent."""
FILES = ("page.css", "pick.css", "pick.js", "boxes.js", "view.js", "gestures.js", "paint.js", "targets.js", "icon.svg")


def pick(
    image: np.ndarray,
    *,
    host: str = hosts.LOOPBACK,
    port: int = 0,
    names: Iterable[str] = (),
    announce: Callable[[str], object] = tell,
    open_browser: Callable[[str], object] = open_page,
    next_page: str = "",
    timeout: float | None = None,
) -> list[tuple[str, Box]]:
    """Boxes that the user draws on a page with the image.

    Serves the page until boxes come. Ctrl-C ends it.

    Args:
      image: uint8 RGB [H, W, 3].
      host: address to serve on; `0.0.0.0` lets other devices of the network in.
      port: 0 takes a free one.
      names: that other targets have already.
      announce: is told the page's address, in lines of words.
      open_browser: is given the address, once, to open it. Not called where other devices are let in.
      next_page: address to go on to after the start, such as that of a live page; empty without one.
      timeout: seconds to wait for boxes; None waits for good.

    Returns:
      (name, (x, y, w, h)) of each target in the order in which they were drawn: at least one. Pixels of the image,
      0-based, continuous, within the image, sides of 2 pixels or more. Names are all different, also from `names`.

    Raises:
      UserError: the image is none, host or port cannot be served on, or no boxes came in time.
    """
    picture = _Picking(frames.checked(image), tuple(names), next_page)
    with Server(picture.routes(), host=host, port=port) as server:
        for line in told(server):
            announce(line)
        if not hosts.is_wide(server.host):
            open_browser(server.addresses[0])
        if not picture.answered.wait(timeout):
            raise UserError(f"no boxes came within {timeout:g} s; draw them and press Start tracking, or give --box")
    return picture.boxes


def told(server: Server) -> list[str]:
    """The lines that tell the user where a page for drawing boxes is."""
    first, *others = server.addresses
    lines = [f"draw the boxes on this page: {first}"]
    if hosts.is_wide(server.host):
        lines[0] += " (open to everyone in the network who has the address)"
    return lines + [f"  on this machine: {address}" for address in others]


class _Picking:
    """One page's question and, once it came, its answer."""

    def __init__(self, image: np.ndarray, names: tuple[str, ...], next_page: str):
        self.answered, self.boxes = Event(), list[tuple[str, Box]]()
        self._height, self._width = image.shape[:2]
        self._names, self._next, self._lock = names, next_page, Lock()
        encoded = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        self._jpeg = encoded[1].tobytes()

    def routes(self) -> dict[tuple[str, str], replies.Route]:
        return replies.assets("pick.html", *FILES) | {
            ("GET", "picture.jpg"): lambda request: Reply(self._jpeg, "image/jpeg"),
            ("GET", "setup"): self._setup,
            ("POST", "boxes"): self._answer,
        }

    def _setup(self, request: Request) -> Reply:
        return replies.told(
            {
                "width": self._width,
                "height": self._height,
                "taken": self._names,
                "colours": [colours.css(number) for number in range(len(colours.COLOURS))],
                "first": len(self._names),
                "least": LEAST_SIDE,
                "longest": LONGEST_NAME,
            }
        )

    def _answer(self, request: Request) -> Reply:
        with self._lock:
            if self.answered.is_set():
                return replies.told({"error": "tracking has started already, from another tab"}, 409)
            try:
                self.boxes = boxes_of(request.body, self._width, self._height, self._names)
            except ValueError as error:
                return replies.told({"error": str(error)}, 422)
            self.answered.set()
        return replies.told({"started": len(self.boxes), "next": self._next})
