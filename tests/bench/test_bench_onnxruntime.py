"""Our network beside onnxruntime's of the same weights; where there is no onnxruntime it is played by a stand-in."""

import json
import os
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from drol_jax.bench.children import Worker
from drol_jax.bench.peers import onnx_network

pytest_plugins = ["bench_runs"]
RUNTIME = '''
"""Kernels of ones; maps that are the region's mean."""
import numpy as np
__version__ = "0.fake"

class SessionOptions:
    pass

class InferenceSession:
    def __init__(self, file, sess_options, providers):
        assert sess_options.intra_op_num_threads == 1 and providers == ["CPUExecutionProvider"]
        self.file = file
    def run(self, names, given):
        if self.file == "a.onnx":
            assert set(given) == {"image"} and given["image"].shape == (1, 4, 4, 3)
            return [np.ones((1, 2)), np.ones((1, 3))]
        assert set(given) == {"template_0", "template_1", "image"} and given["image"].shape == (1, 8, 8, 3)
        return [np.full((1, 2), given["image"].mean())]
'''


def test_the_other_side_runs_the_template_once_and_a_region_a_frame(tmp_path):
    (tmp_path / "onnxruntime.py").write_text(RUNTIME)
    images = tmp_path / "images.npz"
    np.savez(images, template=np.zeros((1, 4, 4, 3), np.float32), regions=np.full((2, 8, 8, 3), 3, np.float32))
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    with Worker([sys.executable, str(onnx_network.WORKER)], environment) as theirs:
        told = theirs.ask("load", template="a.onnx", match="b.onnx", images=str(images), threads=1)
        assert told == {"onnxruntime": "0.fake", "maps": [[3.0, 6.0]], "whole": False}
        run = theirs.ask("run", frames=4, video="not read", box=[0, 0, 1, 1])
    assert run["init_s"] >= 0 and run["track_s"] > 0 and run["refits"] is None


def test_without_the_extra_one_line_names_it(bench, plain_config):
    if all(map(find_spec, onnx_network.NEEDED)):
        pytest.skip("the extra `onnx` is installed")
    code, _, err = bench("--config", plain_config, "--against", "onnxruntime", "--quick")
    assert code == 2 and "drol_jax[onnx]" in err and "Traceback" not in err


@pytest.mark.slow
def test_both_compute_the_same_maps_in_turns(bench, plain_config, tmp_path):
    for module in onnx_network.NEEDED:
        pytest.importorskip(module, reason="the extra `onnx` is not installed")
    how = ("--frames", "4", "--repeat", "2", "--threads", "1", "--json", tmp_path / "a.json")
    code, out, _ = bench("--config", plain_config, "--against", "onnxruntime", *how)
    assert code == 0 and "the network alone" in out
    (row,) = json.loads((tmp_path / "a.json").read_text())["against"]
    (found,) = row["variants"].values()
    assert [len(found[side]) for side in ("ours", "theirs")] == [2, 2]
    assert all(run["track_s"] > 0 for run in (*found["ours"], *found["theirs"]))
