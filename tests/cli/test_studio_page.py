"""The studio in a real browser, on a desk and on a phone: boxes drawn, tracked, put right, written and opened again."""

import os
from collections.abc import Iterator
from typing import Any

import cv2
import pytest
import small_tracker
from chromium import DESK, PHONE, chromium
from contrast import faint
from studio_tabs import ready, served, tab_on, until

from drol_jax.studio.orders import Desk
from drol_jax.studio.places import opened, places_of
from drol_jax.studio.project import Setup
from drol_jax.studio.session import Session

pytest.importorskip("uvicorn", reason="the extra `studio` is not installed")

FRAMES, WIDTH, HEIGHT, MARGIN = 24, 128, 96, 8
TRACKER = small_tracker.tracker(online=False)  # compiles in seconds
SHOTS = os.environ.get("STUDIO_SHOTS")
"""A folder for pictures of the page, to look at."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as launched:
        yield launched


@pytest.fixture
def desk(tmp_path):
    folder = tmp_path / "clip"
    folder.mkdir()
    for number in range(FRAMES):
        image = cv2.cvtColor(small_tracker.picture(number), cv2.COLOR_RGB2BGR)
        cv2.imwrite(str(folder / f"{number:03}.png"), image)
    session = Session(*opened(folder, Setup()), load=lambda setup: TRACKER)
    yield Desk(session, places_of([tmp_path], tmp_path / "out"))
    session.close()


@pytest.fixture
def address(desk) -> Iterator[str]:
    with served(desk) as address:
        yield address


def shot(tab: Any, name: str) -> None:
    if SHOTS:
        tab.screenshot(path=f"{SHOTS}/{name}.png")


def point(tab: Any, x: float, y: float) -> tuple[float, float]:
    """Where a pixel of the image lies in the tab while the whole picture is shown."""
    tab.locator("#stage").scroll_into_view_if_needed()
    stage = tab.locator("#stage").bounding_box()
    zoom = min((stage["width"] - 2 * MARGIN) / WIDTH, (stage["height"] - 2 * MARGIN) / HEIGHT)
    left, top = stage["x"] + (stage["width"] - WIDTH * zoom) / 2, stage["y"] + (stage["height"] - HEIGHT * zoom) / 2
    return left + x * zoom, top + y * zoom


def drag(tab: Any, start: tuple[float, float], end: tuple[float, float], touch: bool) -> None:
    (x0, y0), (x1, y1) = point(tab, *start), point(tab, *end)
    if not touch:
        tab.mouse.move(x0, y0)
        tab.mouse.down()
        tab.mouse.move((x0 + x1) / 2, (y0 + y1) / 2)
        tab.mouse.move(x1, y1)
        tab.mouse.up()
        return
    finger = tab.context.new_cdp_session(tab)
    for kind, x, y in (("touchStart", x0, y0), ("touchMove", (x0 + x1) / 2, (y0 + y1) / 2), ("touchMove", x1, y1)):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def go(tab: Any, frame: int) -> None:
    tab.fill("#frame", str(frame))
    tab.press("#frame", "Enter")
    until(tab, f"document.getElementById('frame').value === '{frame}'")


@pytest.mark.slow
@pytest.mark.parametrize("device", [DESK, pytest.param(PHONE, marks=pytest.mark.deep)], ids=["desk", "phone"])
def test_two_targets_are_drawn_tracked_put_right_compared_written_and_opened_again(browser, desk, address, device):
    touch = device is PHONE
    with tab_on(browser, address, device) as tab:
        ready(tab)
        drag(tab, (40, 30), (64, 50), touch)
        until(tab, "document.querySelectorAll('#targets li').length === 1")
        drag(tab, (90, 10), (115, 25), touch)
        until(tab, "document.querySelectorAll('#targets li').length === 2")
        boxes = [subject.keyframes[0].box for subject in desk.session.project.subjects]
        for box, wanted in zip(boxes, ((40, 30, 24, 20), (90, 10, 25, 15)), strict=True):
            assert max(abs(a - b) for a, b in zip(box, wanted, strict=True)) < 1.5
        tab.click("#forward")
        until(tab, "!document.getElementById('pause').hidden")
        ready(tab)
        shot(tab, f"tracked-{touch}")
        assert [len(subject.track) for subject in desk.session.project.subjects] == [FRAMES, FRAMES]

        before = desk.session.project.subject("target 1").track
        tab.click("summary:has-text('Compare')")
        tab.click("#keep")
        go(tab, 4)  # a network of chance keeps nothing in sight for long
        tab.click("#targets li:first-child .state")
        box = before[4].row.box
        assert box is not None
        middle = box[0] + box[2] / 2, box[1] + box[3] / 2
        drag(tab, middle, (middle[0] + 12, middle[1] + 9), touch)
        until(tab, "document.getElementById('here-told').textContent === 'drawn by hand'")
        keyframe = desk.session.project.subject("target 1").keyframes[4].box
        assert abs(keyframe[0] - box[0] - 12) < 1.5 and abs(keyframe[2] - box[2]) < 0.1
        tab.select_option("#who", "one")
        tab.click("#forward")
        until(tab, "document.getElementById('frame').value !== '4'")
        assert desk.session.wait(60)
        after = desk.session.project.subject("target 1").track
        assert after[3] == before[3] and after[5].row.box != before[5].row.box and len(after) == FRAMES
        ready(tab)
        tab.click("#part")
        until(tab, "document.getElementById('compared').textContent.startsWith('They')")
        shot(tab, f"corrected-{touch}")

        tab.click("summary:has-text('Export')")
        tab.check("#formats input[value=mot]")
        tab.click("#export")
        until(tab, "document.getElementById('written').textContent.includes('clip')")
        written = {path.name for path in desk.places.output.iterdir()}
        assert written == {"clip.csv", "clip.jsonl", "clip.mot.txt", "clip.mot.names.csv"}
        tab.click("#save")
        until(tab, "document.getElementById('status').textContent.startsWith('Saved')")

        tab.click("#targets li:first-child button")
        until(tab, "document.querySelectorAll('#targets li').length === 1")
        tab.click("#open")
        for name in ("out/", "clip.drol.json"):
            tab.click(f"#entries button:has-text('{name}')")
        until(tab, "document.querySelectorAll('#targets li').length === 2")
        again = desk.session.project.subject("target 1")
        assert list(again.keyframes) == [0, 4] and len(again.track) == FRAMES


def test_a_small_picture_stands_in_until_the_right_one_is_there(browser, address):
    with tab_on(browser, address, DESK) as tab:
        ready(tab)
        tab.route("**/picture/20?*", lambda route: route.fulfill(status=422, body="{}"))
        go(tab, 20)
        until(tab, "document.getElementById('coarse').textContent === 'Small picture'")
        tab.unroute("**/picture/20?*")
        until(tab, "document.getElementById('coarse').textContent === ''")


def moved_to(tab: Any, desk: Desk, frame: int, left: float) -> None:
    """The only target's box in a frame comes to begin there within five seconds."""
    for _ in range(100):
        (subject,) = desk.session.project.subjects
        at = subject.keyframes[frame].box[0]
        if abs(at - left) < 0.02:
            return
        tab.wait_for_timeout(50)
    raise AssertionError(f"the box begins at {at}, not at {left}")


def test_a_box_moved_by_keys_is_kept_whatever_comes_before_it_is_sent(browser, desk, address):
    with tab_on(browser, address, DESK) as tab:
        ready(tab)
        tab.focus("#stage")
        tab.keyboard.press("n")
        until(tab, "document.querySelectorAll('#targets li').length === 1")
        (drawn,) = desk.session.project.subjects
        left = drawn.keyframes[0].box[0]
        tab.keyboard.press("ArrowRight")
        tab.evaluate("document.getElementById('online').click()")  # the answer tells of the targets anew
        moved_to(tab, desk, 0, left + 1)
        tab.keyboard.press("ArrowRight")
        tab.keyboard.press(".")
        moved_to(tab, desk, 0, left + 2)
        until(tab, "document.getElementById('frame').value === '1'")
        tab.keyboard.press(",")
        until(tab, "document.getElementById('frame').value === '0'")
        tab.keyboard.press("ArrowRight")
        tab.keyboard.press("Control+z")
        moved_to(tab, desk, 0, left + 2)
        until(tab, "!document.getElementById('redo').disabled")
        tab.keyboard.press("Control+y")
        moved_to(tab, desk, 0, left + 3)


def test_keys_play_step_draw_and_undo_and_a_second_tab_sees_it(browser, desk, address):
    with tab_on(browser, address, DESK, tour=True) as tab:
        for _ in range(3):
            tab.click("#tour-next")
        ready(tab)
        tab.focus("#stage")
        tab.keyboard.press(".")
        tab.keyboard.press("Shift+>")
        until(tab, "document.getElementById('frame').value === '11'")
        tab.keyboard.press("n")
        until(tab, "document.querySelectorAll('#targets li').length === 1")
        (drawn,) = desk.session.project.subjects
        for _ in range(3):
            tab.keyboard.press("ArrowRight")
        moved_to(tab, desk, 11, drawn.keyframes[11].box[0] + 3)
        other = tab.context.new_page()
        other.goto(address)
        until(other, "document.querySelectorAll('#targets li').length === 1")
        assert not other.evaluate("document.getElementById('tour').open")
        tab.keyboard.press("Control+z")
        tab.keyboard.press("Control+z")
        until(other, "document.querySelectorAll('#targets li').length === 0")
        tab.keyboard.press(" ")
        until(tab, "document.getElementById('play').getAttribute('aria-label') === 'Stop'")
        until(tab, f"document.getElementById('frame').value === '{FRAMES - 1}'")
        tab.reload()
        ready(tab)
        shot(tab, "empty")
        for theme in ("light", "dark"):
            tab.emulate_media(color_scheme=theme)
            assert faint(tab) == []
