"""Both pages in a real browser: boxes drawn by mouse, touch and keys, and a run watched to its end."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import Queue
from typing import Any

import numpy as np
import pytest
from browsing import address_in, row

from drol_jax.show.live import LivePage
from drol_jax.show.newest import ScoreMap
from drol_jax.show.pick import pick
from drol_jax.tracks.table import TargetState
from drol_jax.video.frame import VideoFrame

playwright = pytest.importorskip("playwright.sync_api", reason="a browser is driven by playwright, which is not here")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")

WIDTH, HEIGHT = 360, 240
IMAGE = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
MARGIN = 8  # CSS pixels about the picture when it fits


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        # Root has no sandbox.
        launched = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"] if os.getuid() == 0 else [])
        yield launched
        launched.close()


@contextmanager
def opened(browser: Any, address: str, **device: Any) -> Iterator[Any]:
    """A tab on an address, which may not complain of anything."""
    context = browser.new_context(**({"viewport": {"width": 1280, "height": 800}} | device))
    tab, troubles = context.new_page(), list[str]()
    tab.on("pageerror", lambda error: troubles.append(str(error)))
    tab.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    tab.goto(address)
    yield tab
    assert [trouble for trouble in troubles if "422" not in trouble] == []
    context.close()


@contextmanager
def picking(**options: Any) -> Iterator[tuple[str, Callable[[], list]]]:
    lines: Queue[str] = Queue()
    with ThreadPoolExecutor(1) as pool:
        quiet: dict[str, Any] = {"announce": lines.put, "open_browser": lambda address: None, "timeout": 20}
        future = pool.submit(pick, IMAGE, **quiet, **options)
        yield address_in(lines.get(timeout=5)), lambda: future.result(timeout=10)


def until(tab: Any, condition: str) -> None:
    """Wait for JavaScript to be true. The page's own policy keeps the driver from doing so inside the page."""
    for _ in range(500):
        if tab.evaluate(condition):
            return
        tab.wait_for_timeout(20)
    raise AssertionError(condition)


def point(tab: Any, x: float, y: float) -> tuple[float, float]:
    """Where a pixel of the image lies in the tab while the whole picture is shown."""
    until(tab, "document.getElementById('stage').width > 300")
    stage = tab.locator("#stage").bounding_box()
    zoom = min((stage["width"] - 2 * MARGIN) / WIDTH, (stage["height"] - 2 * MARGIN) / HEIGHT)
    left, top = stage["x"] + (stage["width"] - WIDTH * zoom) / 2, stage["y"] + (stage["height"] - HEIGHT * zoom) / 2
    return left + x * zoom, top + y * zoom


def drag(tab: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    tab.mouse.move(*point(tab, *start))
    tab.mouse.down()
    tab.mouse.move(*point(tab, *end), steps=4)
    tab.mouse.up()


def swipe(tab: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A drag by a finger that leaves in full swing, after which Chromium would swallow the next tap."""
    fingers = tab.context.new_cdp_session(tab)
    (x, y), (to_x, to_y) = point(tab, *start), point(tab, *end)

    def touch(kind: str, *points: dict[str, float]) -> None:
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    touch("touchStart", {"x": x, "y": y})
    for part in (0.3, 0.6, 1.0):
        touch("touchMove", {"x": x + part * (to_x - x), "y": y + part * (to_y - y)})
    touch("touchEnd")


def near(found: tuple[float, ...], wanted: tuple[float, ...], pixels: float = 0.6) -> bool:
    return all(abs(a - b) <= pixels for a, b in zip(found, wanted, strict=True))


def test_boxes_drawn_with_the_mouse_are_the_boxes_in_the_image(browser):
    with picking() as (address, result), opened(browser, address) as tab:
        assert tab.locator("#start").is_disabled()
        drag(tab, (200, 150), (220, 200))
        drag(tab, (80, 100), (40, 60))  # from any corner
        tab.locator("#targets input").nth(1).fill("anna")
        tab.locator("#start").click()
        tab.wait_for_selector("#done:not([hidden])")
        (first, box), (second, other) = result()
        assert (first, second) == ("target 1", "anna")
        assert near(box, (200, 150, 20, 50)) and near(other, (40, 60, 40, 40))


def test_a_box_is_moved_resized_and_deleted_with_the_mouse(browser):
    with picking() as (address, result), opened(browser, address) as tab:
        drag(tab, (100, 100), (180, 160))
        drag(tab, (140, 130), (160, 140))  # by its inside
        drag(tab, (200, 170), (220, 190))  # by a corner
        drag(tab, (20, 20), (60, 60))
        tab.get_by_label("Delete target 2").click()
        tab.locator("#start").click()
        ((_, box),) = result()
        assert near(box, (120, 110, 100, 80))


def test_boxes_are_drawn_by_touch_on_a_phone(browser):
    phone = {"viewport": {"width": 375, "height": 812}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
    with picking() as (address, result), opened(browser, address, **phone) as tab:
        swipe(tab, (190, 130), (240, 210))
        swipe(tab, (30, 40), (90, 100))
        assert tab.evaluate("document.documentElement.scrollWidth") == 375
        tab.locator("#start").tap()
        boxes = [box for _, box in result()]
        assert near(boxes[0], (190, 130, 50, 80), 1.2) and near(boxes[1], (30, 40, 60, 60), 1.2)


def test_two_fingers_zoom_and_draw_nothing(browser):
    with picking() as (address, result), opened(browser, address, has_touch=True) as tab:
        fingers = tab.context.new_cdp_session(tab)
        x, y = point(tab, 180, 120)

        def touch(kind: str, apart: float | None) -> None:
            at = [] if apart is None else [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
            fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

        fingers.send(
            "Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x - 40, "y": y, "id": 0}]}
        )
        touch("touchStart", 40)
        for apart in (60, 80):
            touch("touchMove", apart)
        touch("touchEnd", None)
        assert tab.locator("#targets li").count() == 0
        # Twice as near: the same way on the screen is half as far in the image.
        zoom = (point(tab, 1, 0)[0] - point(tab, 0, 0)[0]) * 2
        tab.mouse.move(x, y)
        tab.mouse.down()
        tab.mouse.move(x + 40 * zoom, y + 30 * zoom, steps=3)
        tab.mouse.up()
        tab.locator("#start").click()
        ((_, box),) = result()
        assert near(box, (180, 120, 40, 30), 1.0)


def test_keys_alone_make_a_box(browser):
    with picking() as (address, result), opened(browser, address) as tab:
        point(tab, 0, 0)  # once the page listens
        tab.locator("#stage").focus()
        tab.keyboard.press("n")
        tab.keyboard.press("n")
        tab.keyboard.press("Delete")
        until(tab, "document.querySelectorAll('#targets .size').length === 1")  # drawn with the next picture
        before = tab.locator("#targets .size").inner_text()
        for key in ("ArrowRight", "ArrowRight", "Control+ArrowDown", "Shift+ArrowRight", "Shift+ArrowUp"):
            tab.keyboard.press(key)
        until(tab, f"document.querySelector('#targets .size').textContent !== '{before}'")
        tab.locator("#start").focus()
        tab.keyboard.press("Enter")
        ((_, (x, y, w, h)),) = result()
        side = (w - 1 + h + 1) / 2
        assert w == pytest.approx(side + 1, abs=0.02) and h == pytest.approx(side - 1, abs=0.02)
        assert near((x, y), ((WIDTH - side) / 2 + 2, (HEIGHT - side) / 2 + 10))


def test_names_must_differ_also_from_those_given_elsewhere(browser):
    with picking(names=["bob"]) as (address, result), opened(browser, address) as tab:
        drag(tab, (100, 100), (150, 150))
        name = tab.locator("#targets input")
        for wrong in ("bob", "  "):
            name.fill(wrong)
            until(tab, "document.getElementById('start').disabled")
            assert tab.locator("#trouble").inner_text() != ""
        name.fill("<b>anna</b>")
        tab.locator("#start").click()
        assert result()[0][0] == "<b>anna</b>"


def test_a_run_is_watched_in_two_tabs_and_reloaded_until_it_ends(browser):
    lines: list[str] = []
    page = LivePage(announce=lines.append)
    stop = threading.Event()

    def track() -> None:
        number = 0
        while not stop.wait(0.03):
            rows = [row("anna", (10, 20, 30, 40)), row("bob", None, TargetState.LOST, confidence=0.1)]
            scores = {"anna": ScoreMap(np.eye(9), (0, 0, 60, 60))}
            page.show(VideoFrame(number, number / 25, IMAGE), rows, score_maps=scores)
            number += 1

    tracking = threading.Thread(target=track)
    tracking.start()
    try:
        with opened(browser, address_in(lines[0])) as one, opened(browser, address_in(lines[0])) as other:
            for tab in (one, other):
                tab.wait_for_selector("#targets li")
                assert tab.locator("#targets li .state").all_inner_texts() == ["tracked", "lost"]
                assert tab.locator("#targets li .number").all_inner_texts() == ["87%", "10%"]
            one.reload()
            one.wait_for_selector("#targets li")
            plain = one.locator("#stage").screenshot()
            one.locator("#scores").check()
            one.wait_for_timeout(300)
            assert one.locator("#stage").screenshot() != plain
            assert "frames/s" in one.locator("#status").inner_text()
            stop.set()
            tracking.join()
            page.close()
            for tab in (one, other):
                until(tab, "document.getElementById('status').textContent === 'Tracking has ended'")
    finally:
        stop.set()
        page.close()
