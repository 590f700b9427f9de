"""Progress on a terminal and in a log, and the window of `--show`."""

import io
import re
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from browsing import row
from rich.console import Console

from drol_jax.errors import UserError
from drol_jax.show.progress import Progress, states
from drol_jax.show.window import Window
from drol_jax.system import terminal
from drol_jax.tracks.table import TargetState
from drol_jax.video.frame import VideoFrame

IMAGE = np.zeros((4, 6, 3), np.uint8)


def frame(number: int) -> VideoFrame:
    return VideoFrame(number, number / 25, IMAGE)


class TestProgress:
    def test_a_log_gets_a_line_every_five_seconds(self):
        out, now = io.StringIO(), [0.0]
        with Progress(100, terminal.console(out), clock=lambda: now[0]) as progress:
            for number in range(30):
                now[0] += 0.5
                assert progress(frame(number), [row("anna", (1, 1, 2, 2)), row("bob", None, TargetState.LOST)])
        lines = out.getvalue().splitlines()
        assert lines == [f"frame {done} of 100, 2.0 frames/s; anna tracked, bob lost" for done in (10, 20, 30)]

    def test_a_source_of_unknown_length_has_no_total(self):
        out, now = io.StringIO(), [0.0]
        with Progress(None, terminal.console(out), clock=lambda: now[0]) as progress:
            now[0] = 6.0
            progress(frame(0), [])
        assert out.getvalue() == "frame 1, 0.0 frames/s; no target yet\n"

    @pytest.mark.parametrize("width", [60, 80, 200])
    def test_a_terminal_keeps_its_numbers_however_long_the_names_are(self, width):
        out = io.StringIO()
        console = Console(file=out, force_terminal=True, width=width, highlight=False, markup=False, emoji=False)
        rows = [row(f"[red]a long name {number}", None, TargetState.LOST) for number in range(15)]
        with Progress(90, console) as progress:
            for number in range(45):
                progress(frame(number), rows)
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue())
        last = [line for line in re.split(r"[\r\n]+", text) if line.strip()][-2:]
        assert "45/90" in last[0] and "frames/s" in last[0]
        assert last[1].startswith("[red]a long name 0 lost")
        assert all(len(line) <= width for line in last)

    def test_of_many_targets_a_few_are_told_by_name(self):
        rows = [row(f"t{number}", (1, 1, 2, 2)) for number in range(15)]
        assert states(rows) == "t0 tracked, t1 tracked, t2 tracked, +12 more"
        assert states(rows[:3]) == "t0 tracked, t1 tracked, t2 tracked"


class Toolkit(SimpleNamespace):
    """Windows as OpenCV has them, without a screen."""

    WINDOW_NORMAL, WND_PROP_VISIBLE = cv2.WINDOW_NORMAL, cv2.WND_PROP_VISIBLE

    def __init__(self, key: int = -1) -> None:
        self.key, self.visible, self.shown = key, False, list[np.ndarray]()

    def namedWindow(self, title: str, flags: int) -> None:
        self.visible = True

    def imshow(self, title: str, image: np.ndarray) -> None:
        assert self.visible
        self.shown.append(image)

    def waitKey(self, milliseconds: int) -> int:
        return self.key

    def getWindowProperty(self, title: str, which: int) -> float:
        return float(self.visible)

    def destroyWindow(self, title: str) -> None:
        if not self.visible:
            raise cv2.error("no such window")
        self.visible = False


def window(toolkit: Any) -> Window:
    return Window(
        "film", lambda image, rows: image + np.array([1, 2, 3], np.uint8), toolkit=toolkit, screen=lambda: True
    )


class TestWindow:
    def test_annotated_frames_are_shown_in_opencvs_order_of_colours(self):
        toolkit = Toolkit()
        assert window(toolkit)(frame(0), []) is True
        assert toolkit.shown[0][0, 0].tolist() == [3, 2, 1]

    @pytest.mark.parametrize("key", [ord("q"), 27, ord("q") | 0x100000])
    def test_q_and_esc_end_it(self, key):
        assert window(Toolkit(key))(frame(0), []) is False

    def test_a_window_that_the_user_closed_ends_it_and_is_not_opened_again(self):
        toolkit = Toolkit()
        shown = window(toolkit)
        toolkit.visible = False
        assert shown(frame(0), []) is False
        shown.close()
        assert toolkit.shown == []

    def test_an_opencv_without_windows_is_told_with_the_cure(self):
        def refuse(*_: object) -> None:
            raise cv2.error("The function is not implemented.")

        headless = Toolkit()
        headless.namedWindow = refuse  # pyright: ignore[reportAttributeAccessIssue]
        with pytest.raises(UserError, match=r"pip install opencv-python .*--live"):
            window(headless)

    def test_without_a_screen_opencv_is_not_even_asked(self):
        toolkit = Toolkit()
        with pytest.raises(UserError, match=r"no screen.*--live"):
            Window("film", lambda image, rows: image, toolkit=toolkit, screen=lambda: False)
        assert not toolkit.visible
