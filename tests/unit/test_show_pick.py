"""Boxes drawn on a page: what comes back, what is told to the page, and that the server outlives every mistake."""

import http.client
import json
import threading
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest

from drol_jax.errors import UserError
from drol_jax.show.pick import pick
from drol_jax.show.picked import MOST, boxes_of

IMAGE = np.full((60, 100, 3), (200, 30, 90), np.uint8)


class Page:
    """A browser's part, by hand."""

    def __init__(self, address: str):
        self._at = urlsplit(address)

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(str(self._at.hostname), self._at.port, timeout=5)
        headers = {"Content-Type": "application/json", "Origin": f"http://{self._at.netloc}"} if body else {}
        connection.request(method, self._at.path + path, body, headers)
        answer = connection.getresponse()
        got = answer.status, answer.read()
        connection.close()
        return got

    def start(self, *targets: tuple[object, object]) -> tuple[int, dict[str, object]]:
        body = json.dumps({"targets": [{"name": name, "box": box} for name, box in targets]}).encode()
        status, told = self.ask("POST", "boxes", body)
        return status, json.loads(told)


@contextmanager
def picking(**options):
    """A page that waits for boxes, and what `pick` will return."""
    opened, result = Future[str](), Future()

    def wait() -> None:
        try:
            result.set_result(pick(IMAGE, announce=lambda line: None, open_browser=opened.set_result, **options))
        except BaseException as error:
            result.set_exception(error)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    page = Page(opened.result(5))
    yield page, result
    with suppress(OSError):  # the page is gone where it was answered
        page.start(("last", [1, 1, 9, 9]))
    thread.join(5)


class TestAnswer:
    def test_boxes_come_back_as_they_were_drawn(self):
        with picking() as (page, result):
            status, told = page.start(("anna", [1.5, 2.25, 30, 20]), ("Ünal 2", [50, 10, 50, 50]))
            assert status == 200 and told == {"started": 2, "next": ""}
            assert result.result(5) == [("anna", (1.5, 2.25, 30.0, 20.0)), ("Ünal 2", (50.0, 10.0, 50.0, 50.0))]

    def test_the_page_is_told_where_it_goes_on(self):
        with picking(next_page="http://127.0.0.1:1/x/") as (page, _):
            assert page.start(("anna", [1, 2, 30, 20]))[1]["next"] == "http://127.0.0.1:1/x/"

    def test_the_page_gets_the_image_and_its_size(self):
        with picking(names=["bert"]) as (page, _):
            setup = json.loads(page.ask("GET", "setup")[1])
            assert (setup["width"], setup["height"], setup["taken"], setup["first"]) == (100, 60, ["bert"], 1)
            shown = cv2.imdecode(np.frombuffer(page.ask("GET", "picture.jpg")[1], np.uint8), cv2.IMREAD_COLOR)
            assert np.abs(shown[..., ::-1].astype(int) - IMAGE).max() <= 6

    def test_every_file_that_the_page_names_is_served(self):
        with picking() as (page, _):
            text = page.ask("GET", "")[1].decode()
            for name in ("page.css", "pick.css", "pick.js", "icon.svg"):
                assert f'"{name}"' in text and page.ask("GET", name)[0] == 200

    def test_mistakes_are_told_and_the_right_boxes_still_come(self):
        with picking(names=["bert"]) as (page, result):
            for target in (
                ("bert", [1, 2, 30, 20]),
                ("anna", [500, 2, 30, 20]),
                ("anna", "wide"),
                (None, [1, 2, 3, 4]),
            ):
                status, told = page.start(target)
                assert status == 422 and told["error"]
            assert page.ask("POST", "boxes", b"\xff{")[0] == 422
            assert not result.done()
            page.start(("anna", [1, 2, 30, 20]))
            assert result.result(5) == [("anna", (1.0, 2.0, 30.0, 20.0))]

    def test_only_the_first_of_two_tabs_is_heard(self):
        with picking() as (page, result):
            answers = list[tuple[int, dict[str, object]]]()

            def press(name: str) -> None:
                with suppress(OSError):  # the server may have ended before the second one asks
                    answers.append(page.start((name, [1, 2, 30, 20])))

            tabs = [threading.Thread(target=press, args=[f"t{number}"]) for number in range(2)]
            for tab in tabs:
                tab.start()
            for tab in tabs:
                tab.join(5)
            assert len(result.result(5)) == 1
            assert [status for status, _ in answers].count(200) == 1
            assert all("another tab" in str(told["error"]) for status, told in answers if status != 200)


class TestWaiting:
    def test_no_boxes_in_time_are_told(self):
        with pytest.raises(UserError, match=r"no boxes came within 0\.05 s; .*--box"):
            pick(IMAGE, announce=lambda line: None, open_browser=lambda address: None, timeout=0.05)

    def test_ctrl_c_ends_it_and_frees_the_port(self):
        addresses = []

        def interrupted(address: str) -> None:
            addresses.append(urlsplit(address))
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            pick(IMAGE, announce=lambda line: None, open_browser=interrupted)
        with pytest.raises(ConnectionRefusedError):
            Page(addresses[0].geturl()).ask("GET", "setup")

    def test_the_address_is_told_in_the_terminal(self):
        lines, opened = list[str](), list[str]()
        with pytest.raises(UserError):
            pick(IMAGE, announce=lines.append, open_browser=opened.append, timeout=0.01)
        assert lines == [f"draw the boxes on this page: {opened[0]}"]

    def test_other_devices_are_let_in_only_where_asked_and_no_browser_opens(self):
        lines, opened = list[str](), list[str]()
        with pytest.raises(UserError, match="no boxes"):
            pick(IMAGE, host="0.0.0.0", announce=lines.append, open_browser=opened.append, timeout=0.01)
        assert "open to everyone in the network" in lines[0] and opened == []
        assert any("http://127.0.0.1:" in line for line in lines)

    def test_what_is_no_image_is_told_before_a_page_is_served(self):
        with pytest.raises(UserError, match="float64"):
            pick(IMAGE / 255, announce=lambda line: None, open_browser=lambda address: None)


def sent(name: object = "a", box: object = (1, 2, 30, 20)) -> bytes:
    return json.dumps({"targets": [{"name": name, "box": box}]}).encode()


class TestChecking:
    def test_a_box_over_the_edge_is_cut_to_the_image(self):
        assert boxes_of(sent(box=[-10, -5, 30, 20]), 100, 60) == [("a", (0.0, 0.0, 20.0, 15.0))]
        assert boxes_of(sent(box=[90, 50, 1e299, 1e299]), 100, 60) == [("a", (90.0, 50.0, 10.0, 10.0))]

    @pytest.mark.parametrize(
        ("box", "words"),
        [
            ([1, 2, 3], "not four numbers"),
            ([1, 2, 3, True], "not four numbers"),
            ([1, 2, 3, "4"], "not four numbers"),
            ([1, 2, 3, 10**400], "not four numbers"),
            ([1, 2, 3, 1e308], "not four numbers"),
            ({"x": 1}, "not four numbers"),
            ([1, 2, 0, 4], "no size"),
            ([9, 9, -3, 4], "no size"),
            ([100, 2, 30, 20], "outside"),
            ([-40, 2, 30, 20], "outside"),
            ([1, 2, 30, 1.5], "under 2 pixels"),
            ([99, 2, 30, 20], "under 2 pixels"),
        ],
    )
    def test_a_box_that_cannot_be_followed_is_told(self, box, words):
        with pytest.raises(ValueError, match=rf"a: .*{words}"):
            boxes_of(sent(box=box), 100, 60)

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("", "no name"),
            ("  ", "no name"),
            (7, "no name"),
            ("x" * 61, "61 letters"),
            ("a\nb", "no letter"),
            ("b", "taken"),
        ],
    )
    def test_a_name_that_cannot_be_used_is_told(self, name, words):
        with pytest.raises(ValueError, match=words):
            boxes_of(sent(name=name), 100, 60, taken=["b"])

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"[]",
            b"{",
            b"{}",
            b'{"targets": 3}',
            b'{"targets": [3]}',
            b"[" * 60000,
            b'{"targets": [{"box": NaN}]}',
            b"\xff",
        ],
    )
    def test_what_the_page_never_sends_is_told(self, body):
        with pytest.raises(ValueError, match="reload the page"):
            boxes_of(body, 100, 60)

    def test_no_box_and_too_many_are_told(self):
        with pytest.raises(ValueError, match="at least one"):
            boxes_of(b'{"targets": []}', 100, 60)
        many = [{"name": f"t{n}", "box": [1, 2, 30, 20]} for n in range(MOST + 1)]
        with pytest.raises(ValueError, match=f"at most {MOST}"):
            boxes_of(json.dumps({"targets": many}).encode(), 100, 60)

    def test_names_that_differ_in_spaces_alone_are_one(self):
        two = [{"name": name, "box": [1, 2, 30, 20]} for name in ("a", " a ")]
        with pytest.raises(ValueError, match="a is taken"):
            boxes_of(json.dumps({"targets": two}).encode(), 100, 60)

    def test_an_image_of_one_pixel_may_be_drawn_whole(self):
        assert boxes_of(sent(box=[0, 0, 1, 1]), 1, 1) == [("a", (0.0, 0.0, 1.0, 1.0))]
