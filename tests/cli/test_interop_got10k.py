"""Our tracker in got10k's experiments: with the toolkit where it is installed, and with what it says of itself."""

import importlib
import sys
from types import ModuleType

import numpy as np
import pytest
import small_tracker
from small_tracker import BOX

from drol_jax.errors import UserError
from drol_jax.image.crops import Frame
from drol_jax.image.frames import flatten

TRACKER = small_tracker.tracker(online=False)
FRAMES = 4


class Base:
    """What `got10k.trackers.Tracker` does for a subclass."""

    def __init__(self, name, is_deterministic=False):
        self.name, self.is_deterministic = name, is_deterministic


class PilImage:
    """What is used of PIL's images."""

    def __init__(self, pixels):
        self.pixels = pixels

    def convert(self, mode):
        assert mode == "RGB"
        return np.repeat(self.pixels[..., None], 3, 2) if self.pixels.ndim == 2 else self.pixels


def module_with(monkeypatch, fake):
    monkeypatch.setitem(sys.modules, "got10k.trackers", fake)
    monkeypatch.delitem(sys.modules, "drol_jax.interop.got10k", raising=False)
    return importlib.import_module("drol_jax.interop.got10k")


@pytest.fixture
def wrapper(monkeypatch):
    fake = ModuleType("got10k.trackers")
    setattr(fake, "Tracker", Base)  # noqa: B010
    yield module_with(monkeypatch, fake).Got10kTracker
    sys.modules.pop("drol_jax.interop.got10k", None)  # it subclasses the fake


def own_boxes():
    def frame(t):
        return Frame(*flatten(small_tracker.picture(t)))

    state, boxes = TRACKER.init(frame(0), BOX), []
    for t in range(1, FRAMES):
        state, output = TRACKER.step(state, frame(t))
        boxes.append(np.asarray(output.box, np.float64))
    return np.array(boxes)


def test_without_the_toolkit_it_says_what_to_install(monkeypatch):
    with pytest.raises(UserError, match=r"got10k.trackers cannot be imported .* pip install 'drol_jax\[got10k\]'"):
        module_with(monkeypatch, None)


@pytest.mark.parametrize("origin", [0, 1])
@pytest.mark.parametrize("kind", [np.asarray, PilImage])
def test_boxes_go_in_and_come_out_in_the_files_origin(wrapper, origin, kind):
    tracked = wrapper("small", TRACKER, origin=origin)
    assert (tracked.name, tracked.is_deterministic) == ("small", True)
    assert tracked.init(kind(small_tracker.picture(0)), np.add(BOX, (origin, origin, 0, 0))) is None
    boxes = [tracked.update(kind(small_tracker.picture(t))) for t in range(1, FRAMES)]
    assert {(box.shape, str(box.dtype)) for box in boxes} == {((4,), "float64")}
    np.testing.assert_array_equal(boxes, np.add(own_boxes(), (origin, origin, 0, 0)))


def test_a_track_is_started_anew_by_init(wrapper):
    tracked = wrapper("small", TRACKER)
    runs = []
    for _ in range(2):
        tracked.init(small_tracker.picture(0), BOX)
        runs.append([tracked.update(small_tracker.picture(t)) for t in range(1, FRAMES)])
    np.testing.assert_array_equal(*runs)


def test_misuse_is_told(wrapper, tmp_path):
    tracked = wrapper("small", TRACKER)
    with pytest.raises(UserError, match="small: update before init"):
        tracked.update(small_tracker.picture(0))
    with pytest.raises(UserError, match="image missing"):
        tracked.init(tmp_path / "0001.jpg", BOX)
    with pytest.raises(UserError, match="wholly outside"):
        tracked.init(small_tracker.picture(0), (500, 500, 10, 10))


def test_the_toolkit_itself_runs_it(tmp_path, monkeypatch):
    pytest.importorskip("got10k.experiments", reason="needs pip install 'drol_jax[got10k]'")
    import cv2
    from got10k.experiments import ExperimentGOT10k  # pyright: ignore[reportMissingImports]

    from drol_jax.interop.got10k import Got10kTracker

    folder = tmp_path / "data" / "val" / "one"
    folder.mkdir(parents=True)
    (folder.parent / "list.txt").write_text("one\n")
    (folder / "groundtruth.txt").write_text("40,30,24,20\n" * FRAMES)
    for t in range(FRAMES):
        cv2.imwrite(str(folder / f"{t + 1:08d}.jpg"), np.repeat(small_tracker.picture(t)[..., :1], 3, 2))
    monkeypatch.chdir(tmp_path)
    experiment = ExperimentGOT10k(str(tmp_path / "data"), subset="val")
    experiment.run(Got10kTracker("small", TRACKER))
    boxes = np.loadtxt(tmp_path / "results" / "GOT-10k" / "small" / "one" / "one_001.txt", delimiter=",")
    assert boxes.shape == (FRAMES, 4)
    np.testing.assert_array_equal(boxes[0], BOX)
    assert np.isfinite(boxes).all()
