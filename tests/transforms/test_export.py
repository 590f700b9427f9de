"""Exports: programs that run without drol_jax answer as the tracker does, on pictures of any size."""

import re
from pathlib import Path

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small_tracker
from flax.traverse_util import flatten_dict

from drol_jax import load
from drol_jax.errors import UserError
from drol_jax.export import onnx, stablehlo
from drol_jax.export.programs import Programs
from drol_jax.nets import SiameseNet

DOCS = Path(__file__).parents[2] / "docs" / "export.md"


def test_both_programs_take_pictures_of_any_size():
    programs = Programs(small_tracker.tracker(online=False), ["cpu", "cuda"])
    for name, program in programs.exported().items():
        shapes = [str(value.shape) for value in program.in_avals]
        assert "(pixels, 3)" in shapes, name
        assert program.platforms == ("cpu", "cuda")
    about = programs.about()
    assert about["output"][:2] == ["box", "score"] and about["draws"] == []
    assert len(about["weights"]) == len(programs.weights)


@pytest.mark.deep
@pytest.mark.parametrize("online", [False, True])
def test_the_loader_of_the_docs_follows_a_target_as_the_tracker_does(online, tmp_path, monkeypatch):
    pytest.importorskip("flatbuffers", reason="needs the extra export")
    tracker = small_tracker.tracker(online=online)
    files = stablehlo.write(tracker, tmp_path / "exported")
    wanted = ["about.json", *["draws.bin"] * online, "init.bin", "step.bin", "weights.npz"]
    assert [file.name for file in files] == wanted
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 20
    loader = {}
    exec(code, loader)
    state = loader["init"](small_tracker.picture(0), small_tracker.BOX)
    ours = tracker.init(small_tracker.picture(0), small_tracker.BOX)
    for t in (1, 2):
        state, output = loader["step"](state, small_tracker.picture(t))
        ours, told = tracker.step(ours, small_tracker.picture(t))
        np.testing.assert_allclose(np.asarray(output["box"]), np.asarray(told.box), atol=1e-3)
        assert float(output["confidence"]) == pytest.approx(float(told.confidence), abs=1e-4)


def test_a_folder_of_something_else_is_not_overwritten_and_force_is_not_advised(tmp_path):
    (tmp_path / "mine").mkdir()
    for force in (False, True):
        with pytest.raises(UserError, match=r"mine holds something else and is not overwritten; name another folder$"):
            stablehlo.write(small_tracker.tracker(online=False), tmp_path / "mine", force=force)


def test_an_earlier_export_is_overwritten_where_that_is_said(tmp_path):
    (tmp_path / "exported").mkdir()
    (tmp_path / "exported" / stablehlo.ABOUT).write_text("{}")
    with pytest.raises(UserError, match=r"exported exists; name another folder, or .* \(--force\)"):
        stablehlo.write(small_tracker.tracker(online=False), tmp_path / "exported")
    with pytest.raises(UserError, match="--platforms abacus"):  # which is looked at after that
        stablehlo.write(small_tracker.tracker(online=False), tmp_path / "exported", ("abacus",), force=True)


@pytest.mark.deep
def test_a_network_answers_in_onnxruntime_as_here(tmp_path):
    for package in ("jax2onnx", "onnxruntime"):
        pytest.importorskip(package, reason="needs the extra onnx")
    assert onnx.write(small_tracker.tracker(online=False), tmp_path / "exported") < 1e-5
    assert sorted(file.name for file in (tmp_path / "exported").iterdir()) == sorted(onnx.FILES)


def test_without_fast_kernels_every_convolution_is_flaxs_own_which_converters_know(monkeypatch):
    tracker = load("drol_nano", online=False, fast_kernels=False)
    own, seen = nn.Conv.__call__, set()

    def spy(layer, x):
        seen.add((*layer.path, "kernel"))
        return own(layer, x)

    monkeypatch.setattr(nn.Conv, "__call__", spy)
    net, sizes = SiameseNet(tracker.config.model), tracker.config.search

    def maps(z, x):
        return net.apply(
            tracker.variables,
            net.apply(tracker.variables, z, method="template"),
            net.apply(tracker.variables, x, method="search"),
            method="match",
        )

    jax.eval_shape(maps, *(jnp.zeros((1, size, size, 3)) for size in (sizes.exemplar_size, sizes.instance_size)))
    kernels = flatten_dict(tracker.variables["params"])
    assert seen == {path for path, leaf in kernels.items() if path[-1] == "kernel" and leaf.ndim == 4}
