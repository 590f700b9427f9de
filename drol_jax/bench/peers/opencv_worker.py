"""Runs OpenCV's own trackers, for `against`: JSON lines in, JSON lines out.

Run by path under whichever interpreter has the OpenCV to be measured; needs nothing of this library.
"""

import time
from typing import Any

import cv2
import numpy as np
from lines import pinned, serve  # pyright: ignore[reportMissingImports]


class Peer:
    """The trackers of this OpenCV."""

    def __init__(self) -> None:
        self.video: list[np.ndarray] = []
        self.pair: list[str] = []

    def load(self, pair: list[str], threads: int | None) -> dict[str, Any]:
        """Take the backbone and head of TrackerNano, or none; tells the version and which trackers there are."""
        if threads is not None:
            self.threads(threads)
        self.pair = pair
        there = [name for name in ("nano", "kcf", "csrt") if self.makes(name)]
        return {"opencv": cv2.__version__, "trackers": there}

    def threads(self, count: int) -> dict[str, Any]:
        """Use so many cores and threads from here on."""
        pinned(count)
        cv2.setNumThreads(count)
        return {}

    def makes(self, name: str) -> Any:
        """What makes a tracker; None where this OpenCV has none of that name."""
        if name == "nano":
            make, parameters = (getattr(cv2, f"TrackerNano_{part}", None) for part in ("create", "Params"))
            if not self.pair or make is None or parameters is None:
                return None
            given = parameters()
            given.backbone, given.neckhead = self.pair
            return lambda: make(given)
        return getattr(cv2, f"Tracker{name.upper()}_create", None)

    def run(self, video: str, box: list[float], frames: int, tracker: str) -> dict[str, Any]:
        """Track once: seconds of init and of all later frames together, boxes, and in how many it was lost."""
        if not self.video:
            self.video = [np.ascontiguousarray(picture[..., ::-1]) for picture in np.load(video)]
        following = self.makes(tracker)()
        first = [round(number) for number in box]
        boxes, last = [], first
        began = time.perf_counter()
        following.init(self.video[0], first)
        started = time.perf_counter()
        for picture in self.video[1:frames]:
            found, where = following.update(picture)
            last = [float(number) for number in where] if found else last
            boxes.append(last)
        ended = time.perf_counter()
        return {"init_s": started - began, "track_s": ended - started, "boxes": boxes, "refits": None}


if __name__ == "__main__":
    serve(Peer())
