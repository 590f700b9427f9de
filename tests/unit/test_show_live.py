"""The live page: the newest frame for every page that asks, and a tracker that never waits for one."""

import http.client
import json
import threading
import time
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest

from drol_jax.show import colours
from drol_jax.show.live import LivePage
from drol_jax.show.newest import Newest, ScoreMap
from drol_jax.tracks.table import Row, TargetState
from drol_jax.video.frame import VideoFrame


def frame(number: int, width: int = 64, height: int = 48, grey: int = 120) -> VideoFrame:
    return VideoFrame(number, number / 10, np.full((height, width, 3), grey, np.uint8))


def row(
    number: int, name: str = "anna", confidence: float = 0.9, state=TargetState.TRACKED, box=(4.0, 6.0, 20.0, 10.0)
) -> Row:
    return Row(frame=number, time=number / 10, name=name, box=box, confidence=confidence, state=state)


@pytest.fixture
def page():
    now = [0.0]
    with LivePage(announce=lambda line: None, clock=lambda: now[0]) as running:
        yield running
        now[0] = 60.0  # all pages went away long ago, so that the end waits for none


def ask(page: LivePage, query: str = "after=0") -> tuple[dict, np.ndarray | None]:
    """The description and the picture (RGB) of what a page lacks."""
    status, body = fetch(page, f"newest?{query}")
    assert status == 200
    end = 4 + int.from_bytes(body[:4], "little")
    picture = None
    if body[end:]:
        picture = cv2.imdecode(np.frombuffer(body[end:], np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    return json.loads(body[4:end]), picture


def fetch(page: LivePage, path: str) -> tuple[int, bytes]:
    at = urlsplit(page.address)
    connection = http.client.HTTPConnection(str(at.hostname), at.port, timeout=10)
    connection.request("GET", at.path + path)
    answer = connection.getresponse()
    got = answer.status, answer.read()
    connection.close()
    return got


class TestShown:
    def test_a_page_gets_the_newest_frame_with_its_boxes(self, page):
        page.show(frame(0), [row(0)])
        page.show(frame(1, grey=200), [row(1, confidence=0.5, state=TargetState.UNCERTAIN)])
        told, picture = ask(page)
        assert told["newest"]["number"] == 1 and told["newest"]["size"] == [64, 48]
        target = told["newest"]["targets"][0]
        assert (target["name"], target["state"], target["confidence"]) == ("anna", "uncertain", 0.5)
        assert target["box"] == [4.0, 6.0, 20.0, 10.0]
        assert picture is not None and np.abs(picture.astype(int) - 200).max() <= 3

    def test_boxes_are_in_pixels_of_the_picture_where_frames_were_made_smaller(self, page):
        page.show(frame(0), [row(0)], scale=0.5)
        assert ask(page)[0]["newest"]["targets"][0]["box"] == [2.0, 3.0, 10.0, 5.0]

    def test_a_lost_target_has_no_box_and_a_confidence_that_is_no_number_is_unknown(self, page):
        page.show(frame(0), [row(0, state=TargetState.LOST, box=None, confidence=float("nan"))])
        target = ask(page)[0]["newest"]["targets"][0]
        assert (target["box"], target["confidence"], target["state"]) == (None, None, "lost")

    def test_a_target_keeps_its_colour_when_others_come_and_go(self, page):
        page.show(frame(0), [row(0, "anna"), row(0, "bert")])
        page.show(frame(1), [row(1, "carl"), row(1, "bert")])
        shown = {target["name"]: target["colour"] for target in ask(page)[0]["newest"]["targets"]}
        assert shown == {"carl": colours.css(2), "bert": colours.css(1)}

    def test_large_frames_are_sent_smaller_with_boxes_where_they_were(self, page):
        page.show(frame(0, 3840, 2160), [row(0)])
        told, picture = ask(page)
        assert picture is not None and picture.shape == (720, 1280, 3)
        assert told["newest"]["size"] == [3840, 2160]

    def test_score_maps_come_only_to_those_who_ask(self, page):
        scores = {"anna": ScoreMap(np.array([[0.0, 0.5], [1.0, np.nan]]), (10.0, 20.0, 30.0, 40.0))}
        page.show(frame(0), [row(0)], scale=0.5, score_maps=scores)
        told, _ = ask(page)
        assert told["newest"]["maps"] == 1 and told["newest"]["scores"] == []
        told, _ = ask(page, "after=0&scores=1")
        assert told["newest"]["scores"] == [
            {"rows": 2, "columns": 2, "steps": "AID/AA==", "box": [5.0, 10.0, 15.0, 20.0]}
        ]


class TestPages:
    def test_a_reload_and_a_second_tab_get_the_past_too(self, page):
        for number in range(5):
            page.show(frame(number), [row(number, confidence=number / 10)])
        first, second = ask(page, "after=0&page=a"), ask(page, "after=0&page=b")
        assert first[0]["past"] == second[0]["past"]
        assert first[0]["past"][4] == [0.4, [["anna", 0.4, "tracked"]]] and len(first[0]["past"]) == 5

    def test_a_page_gets_only_what_it_lacks(self, page):
        for number in range(5):
            page.show(frame(number), [row(number)])
        told, _ = ask(page, "after=3")
        assert [moment[0] for moment in told["past"]] == [0.3, 0.4]

    def test_a_page_waits_for_the_next_frame(self, page):
        page.show(frame(0), [row(0)])
        timer = threading.Timer(0.1, lambda: page.show(frame(1), [row(1)]))
        timer.start()
        assert ask(page, "after=1")[0]["newest"]["number"] == 1

    @pytest.mark.parametrize("after", ["-1", "x", "1" * 40, "\u00b2".encode().hex(), ""])
    def test_a_question_that_is_none_is_refused(self, page, after):
        page.show(frame(0), [])
        status, words = fetch(page, f"newest?after={after}")
        # An empty value is left out of a query, and asks for everything.
        assert (status, words.startswith(b"refused")) == ((200, False) if after == "" else (400, True))

    def test_every_file_that_the_page_names_is_served(self, page):
        text = fetch(page, "")[1].decode()
        for name in ("page.css", "live.css", "live.js", "icon.svg"):
            assert f'"{name}"' in text and fetch(page, name)[0] == 200
        for name in ("scene.js", "timeline.js", "states.js", "paint.js"):
            assert fetch(page, name)[0] == 200


class TestTracker:
    def test_it_does_not_wait_for_pages_and_nothing_is_compressed_for_nobody(self, page):
        large = frame(0, 3840, 2160)
        begun = time.perf_counter()
        for _ in range(200):
            page.show(large, [row(0)])
        assert (time.perf_counter() - begun) / 200 < 0.002  # one picture takes ten times as long

    def test_only_the_last_image_is_kept(self):
        newest = Newest(60)
        for number in range(10):
            newest.put(frame(number), (row(number),))
        assert [shown.frame.image.size for shown in newest.wait(0, 0).past] == [0] * 10

    def test_the_past_goes_back_some_seconds_only(self):
        newest = Newest(0.55)
        for number in range(20):
            newest.put(frame(number), ())
        assert [shown.frame.number for shown in newest.wait(0, 0).past] == [14, 15, 16, 17, 18, 19]

    def test_the_rate_is_of_the_tracker_and_falls_while_it_waits(self):
        now = iter([0.0, 0.1, 0.2, 0.2, 2.0])
        newest = Newest(60, clock=lambda: next(now))
        for number in range(3):
            newest.put(frame(number), ())
        assert newest.wait(0, 0).rate == pytest.approx(10)
        assert newest.wait(0, 0).rate == pytest.approx(1)


class TestEnd:
    def test_open_pages_hear_of_it_and_keep_the_last_frame(self):
        page, heard = LivePage(announce=lambda line: None), list[dict]()
        page.show(frame(0), [row(0)])
        asking = threading.Thread(target=lambda: heard.append(ask(page, "after=1&page=a")[0]))
        asking.start()
        time.sleep(0.1)
        page.close()
        asking.join(5)
        assert heard[0]["ended"] and heard[0]["newest"] is None

    def test_it_takes_no_time_where_no_page_is_open_and_may_come_twice(self):
        page = LivePage(announce=lambda line: None)
        begun = time.perf_counter()
        page.close()
        page.close()
        assert time.perf_counter() - begun < 1
        with pytest.raises(ConnectionRefusedError):
            fetch(page, "")

    def test_the_address_is_told(self):
        lines = list[str]()
        with LivePage(announce=lines.append) as page:
            assert lines == [f"live page: {page.address}"]
