"""Boxes drawn on a page come back in pixels of the image, and only those that a track can start from."""

import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from queue import Queue

import cv2
import numpy as np
import pytest
from browsing import Answer, address_in, ask

from drol_jax.errors import UserError
from drol_jax.show.browser import has_screen
from drol_jax.show.pick import pick
from drol_jax.show.picked import LEAST_SIDE, LONGEST_NAME, MOST, boxes_of

IMAGE = np.random.default_rng(0).integers(0, 256, (240, 360, 3), np.uint8)


def body(*targets: tuple[object, object]) -> bytes:
    return json.dumps({"targets": [{"name": name, "box": box} for name, box in targets]}).encode()


class TestBoxes:
    """What a page may send."""

    def test_boxes_and_names_come_back_in_order(self):
        sent = body(("anna", [10, 20.5, 30, 40]), (" bob ", [0, 0, 360, 240]), ("太郎", [1, 2, 3, 4]))
        assert boxes_of(sent, 360, 240) == [
            ("anna", (10, 20.5, 30, 40)),
            ("bob", (0, 0, 360, 240)),
            ("太郎", (1, 2, 3, 4)),
        ]

    def test_what_reaches_over_the_image_is_cut_off(self):
        assert boxes_of(body(("a", [-10, -5, 30, 40])), 360, 240) == [("a", (0, 0, 20, 35))]
        assert boxes_of(body(("a", [350, 200, 100, 1e300 / 10])), 360, 240) == [("a", (350, 200, 10, 40))]

    @pytest.mark.parametrize(
        ("box", "trouble"),
        [
            ([10, 10, 0, 5], "no size"),
            ([10, 10, 5, -5], "no size"),
            ([360, 10, 5, 5], "outside"),
            ([-50, 10, 50, 50], "outside"),
            ([10, 240.1, 5, 5], "outside"),
            ([10, 10, LEAST_SIDE / 2, 50], "under 2 pixels"),
            ([359, 10, 50, 50], "under 2 pixels"),
            ([10, 10, 5], "four numbers"),
            ([10, 10, 5, 5, 5], "four numbers"),
            ([10, 10, 5, "5"], "four numbers"),
            ([10, 10, 5, True], "four numbers"),
            ([10, 10, 5, None], "four numbers"),
            ([10, 10, 5, 10**400], "four numbers"),
            ({"x": 1}, "four numbers"),
            (None, "four numbers"),
        ],
    )
    def test_a_box_that_no_track_can_start_from_is_told_with_its_target(self, box, trouble):
        with pytest.raises(ValueError, match=rf"^anna: .*{trouble}"):
            boxes_of(body(("anna", box)), 360, 240)

    @pytest.mark.parametrize(
        ("name", "trouble"),
        [
            ("", "no name"),
            ("  ", "no name"),
            (None, "no name"),
            (7, "no name"),
            ("bob", "bob is taken"),
            (" bob", "bob is taken"),
            ("x" * (LONGEST_NAME + 1), "at most 60"),
            ("a\nb", "no letter"),
            ("a\x1b[31m", "no letter"),
            ("\ud800", "no letter"),
        ],
    )
    def test_a_name_that_cannot_be_used_is_told(self, name, trouble):
        with pytest.raises(ValueError, match=trouble) as caught:
            boxes_of(body((name, [1, 1, 9, 9])), 360, 240, taken=["bob"])
        str(caught.value).encode()  # fit to be sent

    def test_two_targets_of_one_name_are_told(self):
        with pytest.raises(ValueError, match="anna is taken"):
            boxes_of(body(("anna", [1, 1, 9, 9]), ("anna ", [1, 1, 9, 9])), 360, 240)

    @pytest.mark.parametrize("count", [0, MOST + 1])
    def test_no_target_and_far_too_many_are_told(self, count):
        with pytest.raises(ValueError, match="at least one"):
            boxes_of(body(*((f"t{n}", [1, 1, 9, 9]) for n in range(count))), 360, 240)

    @pytest.mark.parametrize(
        "sent",
        [
            b"",
            b"\xff",
            b"{",
            b"[" * 60000,
            b"[]",
            b"null",
            b"{}",
            b'{"targets": {}}',
            b'{"targets": [1]}',
            b'{"targets": [{"name": "a", "box": [NaN, 1, 2, 3]}]}',
            b'{"targets": [{"name": "a", "box": [1, 1, 2, 1' + b"0" * 5000 + b"]}]}",
        ],
    )
    def test_what_is_no_answer_of_the_page_is_told(self, sent):
        with pytest.raises(ValueError, match="reload the page"):
            boxes_of(sent, 360, 240)

    def test_an_image_of_one_pixel_can_be_picked_from(self):
        assert boxes_of(body(("a", [0, 0, 1, 1])), 1, 1) == [("a", (0, 0, 1, 1))]


@contextmanager
def picking(**options) -> Iterator[tuple[str, Callable[[], list]]]:
    """A page that waits for boxes: its address, and a function that gives the result."""
    lines: Queue[str] = Queue()
    options = {"open_browser": lambda address: None, "timeout": 10} | options
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(pick, IMAGE, announce=lines.put, **options)
        yield address_in(lines.get(timeout=5)), lambda: future.result(timeout=5)


def send(address: str, *targets: tuple[object, object]) -> Answer:
    return ask(address, "boxes", method="POST", body=body(*targets))


class TestPick:
    """The page and its server."""

    def test_boxes_that_are_sent_are_the_result(self):
        with picking(names=["bob"]) as (address, result):
            answer = send(address, ("anna", [10, 20, 30, 40]))
            assert (answer.status, answer.json) == (200, {"started": 1, "next": ""})
            assert result() == [("anna", (10, 20, 30, 40))]

    def test_a_refused_answer_is_told_and_the_next_one_counts(self):
        with picking(names=["bob"]) as (address, result):
            refused = send(address, ("bob", [10, 20, 30, 40]))
            assert refused.status == 422
            assert "bob is taken" in refused.json["error"]
            assert ask(address, "boxes", method="POST", body=b"nonsense").status == 422
            assert send(address, ("anna", [10, 20, 30, 40])).status == 200
            assert result() == [("anna", (10, 20, 30, 40))]

    def test_the_page_has_the_picture_and_what_it_must_know(self):
        with picking(names=["bob"]) as (address, result):
            assert b"Start tracking" in ask(address).body
            picture = cv2.imdecode(np.frombuffer(ask(address, "picture.jpg").body, np.uint8), cv2.IMREAD_COLOR)
            assert picture is not None and picture.shape == IMAGE.shape
            setup = ask(address, "setup").json
            assert (setup["width"], setup["height"], setup["taken"], setup["first"]) == (360, 240, ["bob"], 1)
            assert len(set(setup["colours"])) > 5
            send(address, ("anna", [10, 20, 30, 40]))
            result()

    def test_every_file_that_the_page_loads_is_there(self):
        with picking() as (address, result):
            for text in (ask(address).body, ask(address, "pick.js").body):
                for name in re.findall(rb'(?:href|src)="([^"]+)"|from "\./([^"]+)"', text):
                    assert ask(address, (name[0] or name[1]).decode()).status == 200, name
            send(address, ("anna", [10, 20, 30, 40]))
            result()

    def test_the_page_says_where_it_goes_on(self):
        with picking(next_page="http://127.0.0.1:9/abc/") as (address, result):
            assert send(address, ("anna", [10, 20, 30, 40])).json["next"] == "http://127.0.0.1:9/abc/"
            result()

    def test_of_two_tabs_one_starts(self):
        with picking() as (address, result):
            answers: list[Answer] = []

            def start(name: str) -> None:
                with suppress(OSError):  # the page may have gone already
                    answers.append(send(address, (name, [1, 1, 9, 9])))

            tabs = [threading.Thread(target=start, args=(name,)) for name in ("anna", "bob")]
            for tab in tabs:
                tab.start()
            found = result()
            for tab in tabs:
                tab.join(5)
            assert len([answer for answer in answers if answer.status == 200]) == 1
            assert len(found) == 1

    def test_the_browser_is_opened_on_the_address_that_is_told(self):
        opened: Queue[str] = Queue()
        with picking(open_browser=opened.put) as (address, result):
            assert opened.get(timeout=5) == address
            send(address, ("anna", [10, 20, 30, 40]))
            result()

    def test_where_others_are_let_in_that_is_told_and_no_browser_opened(self):
        opened: Queue[str] = Queue()
        lines: list[str] = []
        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(
                pick, IMAGE, host="0.0.0.0", announce=lines.append, open_browser=opened.put, timeout=0.3
            )
            with pytest.raises(UserError):
                future.result(timeout=5)
        assert "open to everyone in the network" in lines[0]
        assert any("127.0.0.1" in line for line in lines)
        assert opened.empty()

    def test_no_boxes_in_time_is_told_with_the_cure(self):
        with pytest.raises(UserError, match=r"no boxes came within 0\.05 s.*--box"):
            pick(IMAGE, announce=lambda line: None, open_browser=lambda address: None, timeout=0.05)

    def test_what_is_no_image_is_told(self):
        with pytest.raises(UserError, match="uint8"):
            pick(IMAGE / 255, announce=lambda line: None)

    def test_ctrl_c_in_the_terminal_ends_it_and_jax_is_never_started(self):
        code = (
            "import sys, numpy as np\n"
            "from drol_jax.show import live, pick, progress, window\n"
            "print('jax' in sys.modules)\n"
            "try:\n"
            "    pick.pick(np.zeros((9, 9, 3), np.uint8), announce=lambda line: print(line, flush=True))\n"
            "except KeyboardInterrupt:\n"
            "    print('ended')\n"
        )
        program = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert program.stdout is not None
        assert program.stdout.readline() == "False\n"
        address_in(program.stdout.readline())
        program.send_signal(signal.SIGINT)
        assert program.communicate(timeout=10)[0] == "ended\n"
        assert program.returncode == 0


def test_a_browser_is_opened_only_where_there_is_a_screen():
    assert not has_screen("linux", {})
    assert not has_screen("linux", {"DISPLAY": ""})
    assert has_screen("linux", {"DISPLAY": ":0"})
    assert has_screen("linux", {"WAYLAND_DISPLAY": "wayland-0"})
    assert has_screen("darwin", {})
