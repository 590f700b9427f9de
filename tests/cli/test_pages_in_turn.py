"""The page for boxes and the live page in one browser: every corner can be drawn on, and one follows the other."""

import os
import re
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from drol_jax.show.live import LivePage
from drol_jax.show.pick import pick
from drol_jax.tracks.table import Row, TargetState
from drol_jax.video.frame import VideoFrame

playwright = pytest.importorskip("playwright.sync_api", reason="a browser is driven by playwright, which is not here")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")

WIDTH, HEIGHT = 600, 470
IMAGE = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
"""Of the shape of the room for it, so that its corners lie in the corners."""
MARGIN = 8  # CSS pixels about the picture when it fits


def drawn(tab: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A box dragged between two pixels of the image."""
    stage = tab.locator("#stage").bounding_box()
    zoom = min((stage["width"] - 2 * MARGIN) / WIDTH, (stage["height"] - 2 * MARGIN) / HEIGHT)
    left = stage["x"] + (stage["width"] - WIDTH * zoom) / 2
    top = stage["y"] + (stage["height"] - HEIGHT * zoom) / 2
    tab.mouse.move(left + start[0] * zoom, top + start[1] * zoom)
    tab.mouse.down()
    tab.mouse.move(left + end[0] * zoom, top + end[1] * zoom, steps=3)
    tab.mouse.up()


def test_boxes_in_the_corners_and_then_the_live_page_on_the_same_port():
    opened = Future[str]()
    with playwright.sync_playwright() as driver, ThreadPoolExecutor(1) as pool:
        # Root has no sandbox.
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"] if os.getuid() == 0 else [])
        tab = browser.new_page(viewport={"width": 1280, "height": 800})
        waiting = pool.submit(pick, IMAGE, announce=lambda line: None, open_browser=opened.set_result, timeout=60)
        address = opened.result(5)
        tab.goto(address)
        tab.locator("#none").wait_for()
        playwright.expect(tab.locator("#stage")).to_have_attribute("width", re.compile(r"\d+"))  # once it is drawn
        corners = [((2, 2), (60, 60)), ((540, 2), (598, 60)), ((2, 410), (60, 468)), ((540, 410), (598, 468))]
        for start, end in corners:
            drawn(tab, start, end)
        tab.locator("#start").click()
        boxes = [box for _, box in waiting.result(10)]
        assert np.allclose(boxes, [(*start, 58, 58) for start, _ in corners], atol=1)

        port = int(address.split(":")[2].split("/")[0])
        with LivePage(port=port, announce=lambda line: None) as live:
            row = Row(frame=0, time=0, name="anna", box=boxes[0], confidence=0.9, state=TargetState.TRACKED)
            live.show(VideoFrame(0, 0.0, IMAGE), [row])
            tab.goto(live.address)
            tab.wait_for_selector("#targets li")
            assert tab.locator("#targets .name").all_inner_texts() == ["anna"]
            assert "frames/s" not in tab.locator("#word").inner_text()  # it is read out at every change
        # Not by a function in the page: its policy allows no code from elsewhere.
        playwright.expect(tab.locator("#status")).to_have_text("Tracking has ended")
        browser.close()
