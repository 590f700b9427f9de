"""Exports: programs that run without drol_jax answer as the tracker does, to the bit, on pictures of any size."""

import re
from pathlib import Path

import numpy as np
import pytest
import small_tracker
from quick_compilation import quick_compilation as quick_compilation  # a fixture

from drol_jax.errors import UserError

pytest.importorskip("flatbuffers", reason="needs the extra export")

from drol_jax.export import stablehlo

DOCS = Path(__file__).parents[2] / "docs" / "export.md"


@pytest.mark.parametrize("online", [False, True])
def test_the_loader_of_the_docs_follows_a_target_as_the_tracker_does(online, tmp_path, monkeypatch):
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
        np.testing.assert_array_equal(np.asarray(output["box"]), np.asarray(told.box))
        assert float(output["confidence"]) == float(told.confidence)


def test_a_folder_that_is_there_is_not_overwritten(tmp_path):
    (tmp_path / "mine").mkdir()
    for force in (False, True):
        with pytest.raises(UserError, match="exists; name another folder"):
            stablehlo.write(small_tracker.tracker(online=False), tmp_path / "mine", force=force)
