"""The whole frame around onnxruntime is ours in NumPy, but for rounding: both sides compute the same."""

import json
import os
import sys

import jax
import numpy as np
import pytest

from drol_jax.bench.children import Worker
from drol_jax.bench.parts.network import frame_facts
from drol_jax.bench.peers import onnx_network
from drol_jax.bench.peers.onnx_frame import Facts, Target
from drol_jax.bench.subject import Subject

FRAMES = 8


def test_it_follows_where_ours_does(tmp_path):
    subject = Subject("nanotrack_v1", None, None, str(tmp_path))
    tracker, film = subject.tracker("off"), subject.film
    network = tracker.model.network
    first, *later = film.frames(FRAMES)
    target = Target(Facts(**frame_facts(tracker)), first, film.box.tolist())
    template = network.template(target.template(first))
    match = jax.jit(lambda region: network.match(template, network.search(region)))

    def maps(region):
        found = match(region)
        return np.asarray(found.cls), np.asarray(found.loc)

    theirs = [target.follow(image, maps) for image in later]
    state = tracker.init(first, film.box)
    ours = []
    for image in later:
        state, output = tracker.step(state, image)
        ours.append(np.asarray(output.box))
    assert np.abs(np.array(theirs) - np.array(ours)).max() < 0.05


def test_only_point_networks_as_published_have_one(tmp_path):
    assert frame_facts(Subject("nanotrack_v3", None, None, str(tmp_path)).tracker("off"))["stride"] == 16
    assert frame_facts(Subject("siamrpn_alex_tiny", None, None, str(tmp_path)).tracker("off")) is None


RUNTIME = '''
"""Kernels of ones; a target at the middle, as large as it was."""
import numpy as np
__version__ = "0.fake"

class SessionOptions:
    pass

class InferenceSession:
    def __init__(self, file, sess_options, providers):
        self.file = file
    def run(self, names, given):
        if self.file == "a.onnx":
            return [np.ones((1, 2), np.float32)]
        cls, loc = np.zeros((1, 3, 3, 2), np.float32), np.full((1, 3, 3, 4), 16, np.float32)
        cls[0, 1, 1, 1] = 9
        return [cls, loc]
'''


@pytest.mark.parametrize("whole", [True, False], ids=["with facts", "without"])
def test_the_worker_tells_boxes_of_whole_frames(tmp_path, whole):
    (tmp_path / "onnxruntime.py").write_text(RUNTIME)
    images, video = tmp_path / "images.npz", tmp_path / "video.npy"
    np.savez(images, template=np.zeros((1, 4, 4, 3), np.float32), regions=np.zeros((2, 8, 8, 3), np.float32))
    np.save(video, np.zeros((4, 60, 80, 3), np.uint8))
    facts = {"exemplar": 64, "instance": 128, "stride": 8, "context": 0.5}
    facts |= {"penalty_k": 0.1, "window_influence": 0.4, "size_lr": 0.3}
    with Worker([sys.executable, str(onnx_network.WORKER)], {**os.environ, "PYTHONPATH": str(tmp_path)}) as theirs:
        given = {"template": "a.onnx", "match": "b.onnx", "images": str(images), "threads": 1}
        told = theirs.ask("load", **given, facts=facts if whole else None)
        assert told["whole"] == whole
        run = theirs.ask("run", frames=4, video=str(video), box=[30, 20, 16, 16], whole=whole)
    assert json.dumps(run["boxes"]) == "[]" if not whole else np.allclose(run["boxes"], [[29.5, 19.5, 16, 16]] * 3)
