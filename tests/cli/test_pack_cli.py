"""Packing result files for evaluation servers, as a user types it."""

import zipfile

import numpy as np
import pytest
from trees import JPEG, MINIATURES

from drol_jax import datasets
from drol_jax.eval.cli import main
from drol_jax.metrics.regions import Regions
from drol_jax.results.formats import Run, write_run


def unfold(dataset: str, root, where: str) -> datasets.Sequence:
    """One sequence of a benchmark, opened as another that takes what lies on the disk."""
    mini = next(m for m in MINIATURES if m.dataset == dataset)
    mini.unfold(root, pixels=JPEG)
    return datasets.load(where, root, [mini.sequence])[0].open()


def pack(folder, dataset: str, *arguments: str) -> int:
    where = ["--data-root", str(folder / "data"), "--results", str(folder / "T"), "--output", str(folder / "a.zip")]
    return main(["pack", "--dataset", dataset, *where, *arguments])


@pytest.fixture
def vot(tmp_path):
    sequence = unfold("VOT2018", tmp_path / "data", "VOT")
    run = Run(Regions.from_boxes(sequence.boxes), times=np.full(len(sequence), 0.5))
    write_run(tmp_path / "T", sequence.name, run, "vot")
    return tmp_path, sequence


def test_results_are_packed_under_the_servers_names(vot, capsys):
    folder, sequence = vot
    assert pack(folder, "VOT") == 0
    with zipfile.ZipFile(folder / "a.zip") as archive:
        below = f"baseline/{sequence.name}/{sequence.name}_001"
        assert archive.namelist() == [f"{below}.txt", f"{below}_time.value", "manifest.yml"]
        assert archive.read(f"{below}_time.value").decode() == "0.50000000\n" * len(sequence)
        assert "tracker: T" in archive.read("manifest.yml").decode()
    assert f"1 sequences of VOT, {len(sequence)} frames" in capsys.readouterr().out


def test_what_the_server_would_reject_is_named_and_not_packed(vot, capsys):
    folder, sequence = vot
    path = folder / "T" / "baseline" / sequence.name / f"{sequence.name}_001.txt"
    path.write_text("1\n")
    assert pack(folder, "VOT") == 2
    assert f"{sequence.name}: 1 boxes for {len(sequence)} frames" in capsys.readouterr().err
    assert not (folder / "a.zip").exists()


def test_a_missing_sequence_is_named(tmp_path, capsys):
    sequence = unfold("GOT-10k-test", tmp_path / "data", "GOT-10k-test")
    write_run(tmp_path / "T", sequence.name, Run(Regions.from_boxes(np.ones((4, 4)))), "pytracking")
    assert pack(tmp_path, "GOT-10k-test") == 2
    told = capsys.readouterr().err
    assert "179 of 180 sequences of GOT-10k have no result: GOT-10k_Test_000001, " in told


def test_one_tracker_is_packed_at_a_time(vot, capsys):
    folder, sequence = vot
    for name in ("A", "B"):
        write_run(folder / "T" / name, sequence.name, Run(Regions.from_boxes(sequence.boxes)), "vot")
    (folder / "T" / "baseline" / sequence.name / f"{sequence.name}_001.txt").unlink()
    assert pack(folder, "VOT") == 2
    assert "holds the trackers A, B; name one's folder" in capsys.readouterr().err


def test_a_benchmark_that_takes_no_submissions_is_told_before_data_is_asked_for(tmp_path, capsys):
    assert pack(tmp_path, "OTB100") == 2
    assert "OTB100 takes no submissions that are known here; choose one of" in capsys.readouterr().err
