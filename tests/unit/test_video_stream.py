"""Cameras and streams: the newest frame, what was dropped, and a source that goes away."""

import threading
import time

import numpy as np
import pytest

from drol_jax.errors import UserError
from drol_jax.video.ahead import ahead
from drol_jax.video.capture import stream_host, stream_place
from drol_jax.video.options import ReadOptions
from drol_jax.video.source import Source
from drol_jax.video.stream import Live, Patience

QUICK = Patience(stall=0.3, tries=3, pause=0.001, longest_pause=0.002)


class FakeCapture:
    """Gives images 0, 1, ... of a range, then nothing; `may` is waited for before each but the first."""

    def __init__(self, values=(), opens=True, may=None):
        self.values, self.opens, self.may = list(values), opens, may
        self.released = False

    def isOpened(self):
        return self.opens

    def read(self):
        if self.may is not None and not self.may():
            return False, None
        if not self.values:
            return False, None
        return True, np.full((6, 8, 3), self.values.pop(0), np.uint8)

    def get(self, propId):
        return 30.0

    def release(self):
        self.released = True


def live(*captures, patience=QUICK, **options):
    waiting = list(captures)

    def opener():
        return waiting.pop(0) if waiting else FakeCapture(opens=False)

    ticks = iter(np.arange(100.0, 200.0, 0.5))
    reader = Live("camera 0", "camera 0", opener, patience, clock=lambda: float(next(ticks)))
    return Source(reader, ReadOptions(**options))


def paced(count):
    """A gate that opens once for each release, for as many frames."""
    gate = threading.Semaphore(1)
    return gate, lambda: gate.acquire(timeout=2)


def test_frames_have_the_time_of_their_coming_and_count_from_zero():
    gate, may = paced(3)
    found = []
    for frame in live(FakeCapture([1, 2, 3], may=may)):
        found.append((frame.number, frame.time, int(frame.image[0, 0, 0])))
        gate.release()
    assert found == [(0, 0.0, 1), (1, 0.5, 2), (2, 1.0, 3)]


def test_the_newest_frame_is_given_and_those_it_replaces_are_counted():
    reads, more, all_read, stop = [], threading.Event(), threading.Event(), threading.Event()

    def may():
        reads.append(1)
        if len(reads) == 2:
            more.wait(5)
        if len(reads) == 50:
            all_read.set()
            stop.wait(5)
        return True

    source = live(FakeCapture(range(100), may=may))
    given = iter(source)
    assert next(given).number == 0
    more.set()
    assert all_read.wait(5)
    newest = next(given)
    assert newest.number == 48 and int(newest.image[0, 0, 0]) == 48
    assert source.notes == ("47 frames came too late and were dropped",)
    stop.set()
    source.close()


def test_a_stream_that_is_lost_is_opened_again_and_told():
    source = live(FakeCapture([1]), FakeCapture(opens=False), FakeCapture([2]))
    assert [int(f.image[0, 0, 0]) for f in source][-1] == 2
    assert source.cut
    assert "opened again 1 times" in source.notes
    assert source.notes[-1] == "ended: lost, and not back after 3 tries to open it again"


def test_a_capture_that_hangs_ends_the_source_after_the_stall():
    hang = threading.Event()
    calls = iter([True])
    source = live(FakeCapture([1, 2], may=lambda: next(calls, False) or hang.wait(5)))
    begun = time.monotonic()
    assert [f.number for f in source] == [0]
    assert time.monotonic() - begun < 2
    assert source.cut and "no frame came for" in source.notes[-1]
    hang.set()
    source.close()


def test_an_error_of_the_driver_is_told_as_the_end():
    calls = iter([True])

    def may():
        if next(calls, False):
            return True
        raise OSError("bus error")

    source = live(FakeCapture([1, 2], may=may))
    assert [f.number for f in source] == [0]
    assert source.notes[-1] == "ended: OSError: bus error"


def test_one_that_never_opens_is_an_error_at_once():
    with pytest.raises(UserError, match="camera 0: cannot be opened; see that it is plugged in"):
        live(FakeCapture(opens=False))


def test_closing_lets_the_device_go_and_ends_the_frames():
    gate, may = paced(9)
    capture = FakeCapture(range(100), may=may)
    source = live(capture)
    given = iter(source)
    next(given)
    gate.release()
    source.close()
    assert list(given) == []
    deadline = time.monotonic() + 5
    while not capture.released and time.monotonic() < deadline:
        time.sleep(0.01)
    assert capture.released


def test_an_end_stops_it_without_a_word():
    gate, may = paced(9)
    source = live(FakeCapture(range(100), may=may), end=2)
    found = []
    for frame in source:
        found.append(frame.number)
        gate.release()
    assert found == [0, 1]
    assert not source.cut and source.info.live and source.info.frames is None
    gate.release()
    source.close()


def test_a_live_source_is_not_read_ahead():
    source = live(FakeCapture([1]))
    assert ahead(source) is source
    source.close()


def test_the_name_of_a_stream_tells_no_password():
    address = "rtsp://me:secret@cam.example:554/live?token=x"
    assert (stream_host(address), stream_place(address)) == ("cam.example", "rtsp://cam.example:554")
