"""The live page gets the newest frame and all that happened before it, and the tracker never waits for it."""

import base64
import json
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import cv2
import numpy as np
import pytest
from browsing import address_in, ask, row

from drol_jax.show.audience import Audience
from drol_jax.show.colours import css
from drol_jax.show.live import LivePage
from drol_jax.show.message import LONGEST_SIDE, jpeg
from drol_jax.show.newest import LONGEST_PAST, Newest, ScoreMap
from drol_jax.show.rate import Rate
from drol_jax.tracks.table import TargetState
from drol_jax.video.frame import VideoFrame

BOX = (10.0, 20.0, 30.0, 40.0)


def frame(number: int, *, grey: int = 0, seconds: float | None = None) -> VideoFrame:
    return VideoFrame(number, number / 25 if seconds is None else seconds, np.full((48, 64, 3), grey, np.uint8))


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def page(told) -> Iterator[LivePage]:
    with LivePage(announce=told.append) as made:
        yield made


def news(page: LivePage, after: int = 0, more: str = "") -> tuple[dict[str, Any], bytes]:
    answer = ask(page.address, f"newest?after={after}{more}")
    assert answer.status == 200
    length = int.from_bytes(answer.body[:4], "little")
    return json.loads(answer.body[4 : 4 + length]), answer.body[4 + length :]


def test_its_address_is_told_and_leads_to_the_page(page, told):
    assert address_in(told[0]) == page.address
    assert b"Tracking live" in ask(page.address).body


def test_every_file_that_the_page_loads_is_there(page):
    loaded = {"live.js", "live.css"}
    while loaded:
        name = loaded.pop()
        answer = ask(page.address, name)
        assert answer.status == 200, name
        loaded |= {found.decode() for found in re.findall(rb'from "\./([^"]+)"', answer.body)}


def test_a_page_gets_the_newest_frame_with_its_picture_and_targets(page):
    page.show(frame(0), [row("anna", BOX)])
    page.show(frame(7, grey=200), [row("anna", BOX), row("bob", None, TargetState.LOST, confidence=0.1)], scale=0.5)
    described, picture = news(page)
    newest = described["newest"]
    assert (newest["number"], newest["time"], newest["size"]) == (7, 0.28, [64, 48])
    anna, bob = newest["targets"]
    assert (anna["name"], anna["state"], anna["confidence"], anna["box"]) == ("anna", "tracked", 0.87, [5, 10, 15, 20])
    assert (bob["name"], bob["state"], bob["box"]) == ("bob", "lost", None)
    assert anna["colour"] == css(0) and bob["colour"] == css(1)
    decoded = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None and decoded.shape == (48, 64, 3) and abs(int(decoded.mean()) - 200) < 3


def test_a_page_that_is_opened_late_or_again_gets_the_past_too(page):
    for number in range(5):
        page.show(frame(number), [row("anna", BOX, confidence=number / 10)])
    for _ in range(2):
        described, _ = news(page)
        assert [moment[1][0][1] for moment in described["past"]] == [0, 0.1, 0.2, 0.3, 0.4]
    described, _ = news(page, after=3)
    assert [moment[0] for moment in described["past"]] == [0.12, 0.16]


def test_the_past_is_only_the_last_minute_of_the_video(page):
    for second in range(100):
        page.show(frame(second, seconds=float(second)), [row("anna", BOX)])
    times = [moment[0] for moment in news(page)[0]["past"]]
    assert times == list(range(39, 100))


def test_a_page_that_has_all_waits_for_the_next_frame(page):
    page.show(frame(0), [])
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(news, page, 1)
        time.sleep(0.1)
        assert not waiting.done()
        page.show(frame(1), [])
        assert waiting.result(timeout=5)[0]["newest"]["number"] == 1


def test_colours_stay_when_targets_come_and_go(page):
    page.show(frame(0), [row("anna", BOX)])
    page.show(frame(1), [row("bob", BOX)])
    page.show(frame(2), [row("carl", BOX), row("anna", BOX)])
    targets = news(page)[0]["newest"]["targets"]
    assert [target["colour"] for target in targets] == [css(2), css(0)]


def test_score_maps_are_sent_where_they_are_asked_for(page):
    values = np.array([[0, 0.5, 1], [-1, 2, np.nan]])
    page.show(frame(0), [row("anna", BOX)], scale=0.5, score_maps={"anna": ScoreMap(values, (8, 8, 16, 16))})
    without = news(page)[0]["newest"]
    assert (without["maps"], without["scores"]) == (1, [])
    (sent,) = news(page, more="&scores=1")[0]["newest"]["scores"]
    assert (sent["rows"], sent["columns"], sent["box"]) == (2, 3, [4, 4, 8, 8])
    assert list(base64.b64decode(sent["steps"])) == [0, 128, 255, 0, 255, 0]


def test_numbers_that_json_lacks_are_gaps(page):
    page.show(frame(0), [row("anna", (float("nan"), 1, 2, 3), confidence=float("nan"))])
    (target,) = news(page)[0]["newest"]["targets"]
    assert target["box"] is None and target["confidence"] is None


@pytest.mark.parametrize("after", ["x", "-1", "1.5", "9" * 40, "%F0%9F%98%80", "²"])
def test_a_question_that_is_malformed_is_refused(page, after):
    assert ask(page.address, f"newest?after={quote(after, safe='%')}").status == 400
    page.show(frame(0), [])
    assert news(page)[0]["newest"]["number"] == 0


def test_showing_takes_no_time_however_many_pages_ask_for_large_frames(page):
    large = np.random.default_rng(0).integers(0, 256, (1080, 1920, 3), np.uint8)
    stop, taken = threading.Event(), []

    def watch() -> None:
        after = 0
        while not stop.is_set():
            described, _ = news(page, after)
            after = described["newest"]["serial"] if described["newest"] else after

    page.show(VideoFrame(0, 0.0, large), [])
    watchers = [threading.Thread(target=watch) for _ in range(2)]
    for watcher in watchers:
        watcher.start()
    for number in range(1, 40):
        began = time.perf_counter()
        page.show(VideoFrame(number, number / 25, large), [row("anna", BOX)])
        taken.append(time.perf_counter() - began)
        time.sleep(0.005)
    stop.set()
    page.show(frame(100), [])
    for watcher in watchers:
        watcher.join(5)
    assert np.median(taken) < 0.002  # compressing one takes ten times as long


def test_of_all_images_only_the_newest_is_kept():
    newest = Newest(60)
    for number in range(1000):
        newest.put(frame(number), ())
    found = newest.wait(0, 0)
    assert found.shown is not None and found.shown.frame.number == 999
    assert all(moment.frame.image.size == 0 for moment in found.past)


def test_large_frames_are_sent_smaller_and_small_ones_as_they_are():
    for size, wanted in (((1080, 1920), (720, 1280)), ((4000, 10), (LONGEST_SIDE, 3)), ((48, 64), (48, 64))):
        sent = cv2.imdecode(np.frombuffer(jpeg(np.zeros((*size, 3), np.uint8)), np.uint8), cv2.IMREAD_COLOR)
        assert sent is not None and sent.shape[:2] == wanted


class TestEnd:
    """How a page hears of the end."""

    def test_a_page_that_waits_is_told_at_once(self):
        page = LivePage(announce=lambda line: None)
        page.show(frame(0), [])
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(news, page, 1)
            time.sleep(0.1)
            page.close()
            assert waiting.result(timeout=5)[0]["ended"] is True
        page.close()

    def test_a_page_that_is_busy_drawing_is_told_when_it_asks_next(self):
        page = LivePage(announce=lambda line: None)
        page.show(frame(0), [])
        news(page, more="&page=a")
        with ThreadPoolExecutor(1) as pool:
            closing = pool.submit(page.close)
            time.sleep(0.2)
            assert not closing.done()
            assert news(page, after=1, more="&page=a")[0]["ended"] is True
            closing.result(timeout=2)

    def test_without_a_page_the_end_is_quick_and_leaves_no_thread(self):
        page = LivePage(announce=lambda line: None)
        began = time.perf_counter()
        page.close()
        assert time.perf_counter() - began < 0.5
        assert not [thread for thread in threading.enumerate() if thread.name == "drol-page"]

    def test_a_page_that_was_closed_is_waited_for_no_longer_than_it_is_missed(self):
        audience = Audience()
        audience.asks("gone", 0.0)
        assert audience.wait_empty(100.0, 5.0)
        audience.asks("here", 100.0)
        assert not audience.wait_empty(100.5, 0.01)
        audience.goes("here")
        assert audience.wait_empty(100.5, 0.0)

    def test_invented_pages_do_not_fill_the_memory(self):
        audience = Audience()
        for number in range(1000):
            audience.asks(str(number), float(number))
        assert len(audience._asked) <= 64


def test_the_past_of_a_very_fast_camera_has_a_limit():
    newest = Newest(1e9)
    for number in range(LONGEST_PAST + 10):
        newest.put(frame(number), ())
    assert len(newest.wait(0, 0).past) == LONGEST_PAST


def test_the_rate_is_of_late_and_falls_while_nothing_comes():
    now = [0.0]
    rate = Rate(lambda: now[0])
    assert rate.now() == 0
    for step in [10.0] * 5 + [0.1] * 60:
        now[0] += step
        rate.tick()
    assert rate.now() == pytest.approx(10)
    now[0] += 5.9
    assert rate.now() == pytest.approx(5)
    assert rate.now(ended=True) == pytest.approx(10)
