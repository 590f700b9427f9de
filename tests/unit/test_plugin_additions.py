"""What a plug-in adds beside a tracker's parts: datasets and measures in every command, from a file or a package."""

import sys
from pathlib import Path

import numpy as np
import pytest

import drol_jax
from drol_jax.errors import UserError
from drol_jax.eval.cli import main
from drol_jax.results.settings import environment
from drol_jax.settings.plugins import load_plugin

CODE = """
import numpy as np, drol_jax

def load(root):
    boxes = np.tile([8.0, 6, 12, 10], (4, 1))
    return [drol_jax.datasets.Sequence(name, (lambda: np.full((40, 60, 3), 90, np.uint8),) * 4, boxes, ("FM",))
            for name in ("walk", "run")]

def far(boxes, truth):
    return np.linalg.norm(boxes[:, :2] - truth[:, :2], axis=1).max()

PLUGIN = drol_jax.Plugin(name="mine", datasets={"Mine": load}, metrics={"far": far})
"""


@pytest.fixture
def plugin(tmp_path):
    (tmp_path / "mine.py").write_text(CODE)
    return tmp_path / "mine.py"


@pytest.fixture
def results(tmp_path):
    for name in ("walk", "run"):
        path = tmp_path / "results" / "T" / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("8,6,12,10\n" * 3 + "11,10,12,10\n")
    return tmp_path / "results"


def score(plugin, results, capsys, *more):
    code = main(["score", "--plugin", str(plugin), "--dataset", "Mine", "--results", str(results), *more])
    told = capsys.readouterr()
    return code, told.out + told.err


def test_a_plug_in_s_dataset_is_scored_with_a_plug_in_s_measure(plugin, results, capsys):
    code, told = score(plugin, results, capsys, "--no-dialects")
    assert code == 0
    assert "Over all 2 sequences." in told
    heads, values = (
        next(line.split() for line in told.splitlines() if line.startswith(word)) for word in ("tracker", "T ")
    )
    assert values[heads.index("far")] == "5"  # 3 right and 4 down in the last frame
    code, told = score(plugin, results, capsys, "--no-dialects", "--sequences", "runn")
    assert code == 2
    assert "the nearest is 'run'" in told


def test_a_measure_that_fails_is_named(plugin, results, capsys):
    plugin.write_text(CODE.replace("boxes[:, :2]", "boxes[:, :7]"))
    code, told = score(plugin, results, capsys, "--no-dialects")
    assert code == 1
    assert "the plug-in's metric far fails on walk" in told


def test_a_plug_in_s_dataset_is_drawn(plugin, results, tmp_path, capsys):
    where = ["--plugin", str(plugin), "--dataset", "Mine", "--results", str(results), "--sequence", "walk"]
    assert main(["film", *where, "--output", str(tmp_path / "walk.png")]) == 0
    assert (tmp_path / "walk.png").stat().st_size > 0


def test_an_installed_package_offers_a_plug_in_by_name(plugin, results, tmp_path, capsys, monkeypatch):
    site = tmp_path / "site"
    (site / "mine_pack-1.0.dist-info").mkdir(parents=True)
    (site / "mine_pack-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: mine-pack\nVersion: 1.0\n")
    (site / "mine_pack-1.0.dist-info" / "entry_points.txt").write_text("[drol_jax.plugins]\nours = mine_pack:PLUGIN\n")
    plugin.rename(site / "mine_pack.py")
    monkeypatch.syspath_prepend(str(site))
    assert score("ours", results, capsys, "--no-dialects")[0] == 0
    assert load_plugin("ours").plugin.name == "mine"
    assert len(load_plugin("ours").digest) == 64
    with pytest.raises(UserError, match="the nearest is 'ours'"):
        load_plugin("our")


def test_a_plug_in_s_source_is_part_of_the_code_that_a_manifest_records(plugin):
    first = environment(load_plugin(plugin).digest)["code"]
    plugin.write_text(CODE + "# another\n")
    assert len({first, environment(load_plugin(plugin).digest)["code"], environment()["code"]}) == 3


def test_a_plug_in_s_own_modules_are_part_of_its_digest(plugin, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "mine_helper", raising=False)
    helper = tmp_path / "mine_helper.py"
    helper.write_text("def nothing():\n    pass\n")
    plugin.write_text(CODE + "from mine_helper import nothing\n")
    first = load_plugin(plugin).digest
    helper.write_text("def nothing():\n    return 1\n")
    assert load_plugin(plugin).digest != first


def test_all_files_of_an_installed_package_are_part_of_its_plug_in_s_digest(tmp_path, monkeypatch):
    package = tmp_path / "mine_whole"
    package.mkdir()
    (tmp_path / "mine_whole-1.0.dist-info").mkdir()
    (tmp_path / "mine_whole-1.0.dist-info" / "METADATA").write_text("Name: mine-whole\nVersion: 1.0\n")
    points = "[drol_jax.plugins]\nwhole = mine_whole.parts:PLUGIN\n"
    (tmp_path / "mine_whole-1.0.dist-info" / "entry_points.txt").write_text(points)
    (package / "__init__.py").write_text("")
    (package / "parts.py").write_text("import drol_jax\nPLUGIN = drol_jax.Plugin(name='whole')\n")
    (package / "core.py").write_text("a = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    first = load_plugin("whole").digest
    (package / "core.py").write_text("a = 2\n")
    assert load_plugin("whole").digest != first


def test_evaluate_records_the_code_of_a_tracker_s_plug_in(plugin, tmp_path):
    plugin.write_text("import drol_jax\nPLUGIN = drol_jax.Plugin(name='mine', fuse=lambda a, b, w: a)\n")
    settings = drol_jax.load("siamrpn_alex_tiny", plugin=plugin, cache=False)
    assert settings.config.parts is not None

    class Still:
        def run(self, sequence, seed, on_frame=None, until=None):
            from fakes_eval import Track

            frames = len(sequence)
            flags, ones = np.zeros(frames, np.int8), np.ones(frames, np.float32)
            return Track(np.tile(sequence.boxes[:1], (frames, 1)), ones, ones, flags, flags, ones, 0.1, 0.0)

    (entry,) = drol_jax.datasets.load("Synth", only=["dusk_car"])
    drol_jax.evaluate(settings, [entry.open()], output=tmp_path / "out", dialects=False, runner=lambda _: Still())
    (manifest,) = Path(tmp_path / "out").rglob("manifest.json")
    assert f'"code": "{environment(settings.config.parts.digest)["code"]}"' in manifest.read_text()
