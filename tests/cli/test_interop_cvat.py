"""CVAT: targets followed through its own agent against a small server, and tracks added to a task."""

import gc
import logging
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import fake_cvat
import jax
import numpy as np
import pytest
import small_tracker
from browsing import row
from fake_cvat import FakeCvat
from PIL import Image

from drol_jax.api import load
from drol_jax.errors import UserError
from drol_jax.follow.warmup import warm_up
from drol_jax.interop import cvat_cli
from drol_jax.interop.cvat import Function
from drol_jax.interop.cvat_tracks import TaskVideo, tracks_of
from drol_jax.system.program import guarded
from drol_jax.tracking.api import track
from drol_jax.tracks.table import TargetState, Video
from drol_jax.tracks.writer import TableWriter

CLI = shutil.which("cvat-cli", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
needs_cvat = pytest.mark.skipif(CLI is None, reason="cvat-cli is not installed (the extra `cvat`)")
TINY = "siamrpn_alex_tiny"
BOXES = {"one": (40.0, 30.0, 24.0, 20.0), "two": (90.0, 10.0, 25.0, 15.0), "three": (4.0, 60.0, 20.0, 26.0)}


class BadFunctionError(Exception):
    """Stands for cvat-sdk's."""


SDK = SimpleNamespace(
    TrackingFunctionSpec=SimpleNamespace, TrackableShape=SimpleNamespace, BadFunctionError=BadFunctionError
)


def shape(x, y, w, h):
    return SimpleNamespace(type="rectangle", points=[x, y, x + w, y + h])


def asking(boxes, frames):
    """What CVAT's page asks for: one state a box in frame 0, then all of them in every frame. The answers are kept."""
    answers, wanted = [], iter(range(frames))

    def ask(answer):
        if answer is not None:
            answers.append(answer)
        number = next(wanted, None)
        if number is None or (number and not answers):
            return None
        if number == 0:
            shapes = [{"type": "rectangle", "points": shape(*box).points} for box in boxes]
            return {"type": "init_tracking", "frame": 0, "shapes": shapes}
        return {"type": "track", "frame": number, "states": answers[0]["states"]}

    return ask, answers


def agent(server, *parameters, timeout=500):
    """Create the function and answer all of its requests, by CVAT's own program."""
    environment = {**os.environ, "CVAT_ACCESS_TOKEN": "word", "CVAT_NO_VERSION_CHECK": "1"}
    for command in (["create-native", "drol_jax"], ["run-agent", str(fake_cvat.FUNCTION), "--burst"]):
        line = [str(CLI), *server.login, "function", *command, "--function-module", "drol_jax.interop.cvat"]
        line += [word for parameter in parameters for word in ("-p", parameter)]
        ran = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=timeout)
        assert ran.returncode == 0 and server.failed == [], ran.stderr[-3000:]


def boxes_in(answers):
    """(x, y, w, h) of every target in every frame after the first; None where it is not in sight."""
    return [
        [
            None if one is None else (x := one["points"]) and (x[0], x[1], x[2] - x[0], x[3] - x[1])
            for one in answer["shapes"]
        ]
        for answer in answers[1:]
    ]


def check_against_track(frames, boxes, tracker, answers):
    followed = [[one.box for one in step.rows] for step in track(frames, boxes, tracker=tracker)][1:]
    told = boxes_in(answers)
    assert len(told) == len(followed) == len(frames) - 1
    for ours, theirs in zip(followed, told, strict=True):
        assert [box is None for box in ours] == [box is None for box in theirs]
        for box, other in zip(ours, theirs, strict=True):
            if box is not None:
                assert np.abs(np.subtract(box, other)).max() < 0.005
    return followed


@needs_cvat
@pytest.mark.deep
@pytest.mark.parametrize(("count", "online"), [(6, False), (300, True)])
def test_through_the_agent_the_boxes_are_those_of_track(count, online):
    frames = [small_tracker.picture(t) for t in range(count)]
    ask, answers = asking(BOXES.values(), len(frames))
    with FakeCvat(frames, ask) as server:
        agent(server, f"config=str:{TINY}", f"online=bool:{online}", "largest=str:128x96")
        assert server.created["kind"] == "tracker" and server.created["supported_shape_types"] == ["rectangle"]
    check_against_track(frames, BOXES, load(TINY, online=online), answers)


@pytest.fixture(scope="module")
def tracker():
    return small_tracker.tracker(online=False)


@pytest.fixture
def function(tracker):
    return Function(lambda: tracker, SDK, states=3)


def test_an_image_is_rgb_of_eight_bits_whatever_the_file_holds(function):
    grey = Image.fromarray(np.full((96, 128), 7, np.uint8))
    assert function.preprocess_image(None, grey).shape == (96, 128, 3)
    with pytest.raises(BadFunctionError, match="more than 8 bits"):
        function.preprocess_image(None, Image.fromarray(np.full((96, 128), 700, np.uint16)))


def test_states_that_nobody_uses_any_more_take_no_memory(function):
    image = small_tracker.picture(0)

    def held():
        gc.collect()
        return sum(array.nbytes for array in jax.live_arrays())

    tickets = [function.init_tracking_state(None, image, shape(*BOXES["one"])) for _ in range(5)]
    before = held()
    tickets += [function.init_tracking_state(None, image, shape(*BOXES["one"])) for _ in range(20)]
    assert held() == before
    assert function.track(None, small_tracker.picture(1), tickets[-3]) is not None
    with pytest.raises(BadFunctionError, match=r"forgotten, as 3 others .*draw its box anew"):
        function.track(None, image, tickets[0])


def test_the_one_used_longest_ago_is_forgotten_first(function):
    image = small_tracker.picture(0)
    kept, idle, other = (function.init_tracking_state(None, image, shape(*box)) for box in BOXES.values())
    function.track(None, small_tracker.picture(1), kept)
    function.init_tracking_state(None, image, shape(*BOXES["one"]))
    for ticket in (kept, other):
        function.track(None, small_tracker.picture(2), ticket)
    with pytest.raises(BadFunctionError):
        function.track(None, small_tracker.picture(2), idle)


def test_a_box_outside_the_image_is_refused_in_words_that_cvat_shows(function):
    with pytest.raises(BadFunctionError, match="outside"):
        function.init_tracking_state(None, small_tracker.picture(0), shape(500, 10, 20, 20))


def test_after_the_warm_up_nothing_is_compiled_at_the_first_clicks(tracker):
    warm_up(tracker, 96, 128)
    function = Function(lambda: tracker, SDK)
    said, handler = [], logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())
    compiling = logging.getLogger("jax._src.interpreters.pxla")
    compiling.addHandler(handler)
    with jax.log_compiles():
        ticket = function.init_tracking_state(None, small_tracker.picture(0), shape(*BOXES["one"]))
        for t in range(1, 14):
            function.track(None, small_tracker.picture(t), ticket)
    compiling.removeHandler(handler)
    assert [words for words in said if "Compiling" in words] == []


VIDEO = Video(name="match.mp4", width=128, height=96, rate=None, frames=20)


def rows():
    seen = [replace(row("one", (1.234, 2, 30, 40)), frame=frame) for frame in (4, 5, 8)]
    lost = [replace(row("one", None, TargetState.LOST), frame=frame) for frame in (6, 7)]
    hidden = replace(row("two", (5, 6, 7, 8), TargetState.OCCLUDED), frame=19)
    return sorted([*seen, *lost, hidden], key=lambda one: one.frame)


def test_a_lost_target_ends_with_a_shape_outside_and_one_at_the_end_does_not():
    task = TaskVideo(size=20, start=0, step=1, width=128, height=96)
    one, two = tracks_of(VIDEO, rows(), task, {"one": 11, "two": 12})
    assert (one["frame"], one["label_id"], one["source"]) == (4, 11, "auto")
    assert [(s["frame"], s["outside"]) for s in one["shapes"]] == [
        (4, False),
        (5, False),
        (6, True),
        (8, False),
        (9, True),
    ]
    assert one["shapes"][0]["points"] == [1.23, 2, 31.23, 42]
    assert [(s["frame"], s["outside"], s["occluded"]) for s in two["shapes"]] == [(19, False, True)]


def test_a_task_of_a_part_of_the_video_takes_the_frames_that_it_has():
    task = TaskVideo(size=3, start=2, step=2, width=128, height=96)  # frames 2, 4, 6 of the video
    (one,) = tracks_of(VIDEO, rows(), task, {"one": 11, "two": 12})
    assert [(s["frame"], s["outside"]) for s in one["shapes"]] == [(1, False), (2, True)]
    with pytest.raises(UserError, match="no target is seen in the task's frames"):
        tracks_of(VIDEO, rows(), replace(task, start=9, size=1), {"one": 11, "two": 12})
    with pytest.raises(UserError, match="128 x 96 pixels, the task's frames have 64 x 48"):
        tracks_of(VIDEO, rows(), replace(task, width=64, height=48), {})


@pytest.fixture
def table(tmp_path):
    with TableWriter(tmp_path, "match", ("jsonl",), VIDEO) as writer:
        for one in rows():
            writer.write([one])
    return tmp_path / "match.jsonl"


@needs_cvat
def test_push_adds_whole_tracks_to_a_task(table, capsys, monkeypatch):
    monkeypatch.setenv("CVAT_ACCESS_TOKEN", "word")
    frames = [small_tracker.picture(0)] * 20

    def push(*more, server):
        return guarded(lambda: cvat_cli.main(["push", str(table), "--task", str(fake_cvat.TASK), *server.login, *more]))

    with FakeCvat(frames, labels=("one", "person")) as server:
        assert push(server=server) == 2
        assert "the task has no label 'two', it has 'one', 'person'" in capsys.readouterr().err
        assert push("--label", "person", server=server) == 0
        assert "2 tracks added, 4 boxes" in capsys.readouterr().err
        assert push("--label", "person", "--task", "99", server=server) == 2
        assert "CVAT answers 404" in capsys.readouterr().err
    (sent,) = server.annotations
    assert [(track["label_id"], len(track["shapes"])) for track in sent["tracks"]] == [(12, 5), (12, 1)]
    assert push(server=server) == 2
    assert "CVAT cannot be reached" in capsys.readouterr().err


@needs_cvat
@pytest.mark.parametrize(
    ("more", "lacking"),
    [((), "there is neither CVAT_ACCESS_TOKEN nor a profile"), (("--user", "ann"), "PASS is not set")],
)
def test_a_login_that_nobody_can_type_is_told_in_a_line_with_the_cure(table, tmp_path, more, lacking):
    kept = {name: value for name, value in os.environ.items() if name not in ("CVAT_ACCESS_TOKEN", "PASS")}
    environment = kept | {"XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path), "LOGNAME": "somebody"}
    command = [sys.executable, "-m", "drol_jax", "cvat", "push", str(table), "--task", "1", *more]
    command += ["--server-host", "http://127.0.0.1:9"]
    quiet = {"stdin": subprocess.DEVNULL, "start_new_session": True}  # a session of its own has no terminal
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, **quiet)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: no login for CVAT: {lacking}, and no password was typed on a terminal; set CVAT_ACCESS_TOKEN, give "
        "--profile, or --user with PASS in the environment\n"
    )


def test_without_cvat_sdk_it_says_what_to_install(table, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "cvat_sdk.core.auth", None)
    assert guarded(lambda: cvat_cli.main(["push", str(table), "--task", "1"])) == 2
    assert "pip install 'drol_jax[cvat]'" in capsys.readouterr().err
