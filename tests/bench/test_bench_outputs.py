"""What was measured is not lost: not by a file that fails, nor by a reader that has gone."""

import json
import os
import shutil
import subprocess
import sys

from drol_jax.bench import measuring, outputs
from drol_jax.bench.plan import Case
from drol_jax.bench.table import label

pytest_plugins = ["bench_runs"]

ROW = {"config": "stand_in", "asked_device": None, "precision": None, "parts": {"loop": {"error": "not measured"}}}


def test_a_file_that_fails_keeps_neither_the_other_nor_the_table_back(bench, monkeypatch, tmp_path):
    record, plot = tmp_path / "gone/b.json", tmp_path / "b.svg"
    record.parent.mkdir()

    def run(plan, tell):
        shutil.rmtree(record.parent)
        return [ROW]

    monkeypatch.setattr(measuring, "run", run)
    code, out, err = bench("--only", "loop", "--json", record, "--plot", plot)
    assert code == 2
    assert err == f"error: {record} cannot be written (No such file or directory); name a file that you may write\n"
    assert "FAILED stand_in (loop): not measured" in out
    assert plot.read_text().startswith("<?xml")


def test_files_are_written_though_nobody_reads_the_table(tmp_path):
    code = (
        "import sys; from drol_jax.bench import cli, measuring\n"
        f"measuring.run = lambda plan, tell: [{ROW}]\n"
        "sys.exit(cli.main())"
    )
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-c", code, "--only", "loop", "--json", str(tmp_path / "b.json")]
    subprocess.run(command, stdout=writer, stderr=subprocess.DEVNULL, check=False)
    os.close(writer)
    assert json.loads((tmp_path / "b.json").read_text())["rows"] == [ROW]


def test_trying_leaves_no_trace(tmp_path):
    (tmp_path / "old.json").write_text("kept")
    outputs.check(tmp_path / "old.json", tmp_path / "new.svg")
    assert [path.name for path in tmp_path.iterdir()] == ["old.json"]
    assert (tmp_path / "old.json").read_text() == "kept"


def test_a_plug_in_stands_beside_the_configuration(tmp_path):
    case = Case(config="small", weights=None, device=None, precision=None, plugin=str(tmp_path / "my_part.py"))
    assert case.label == "small my_part"
    assert label({**ROW, "plugin": case.plug, "platform": "cpu"}) == "stand_in my_part cpu"
