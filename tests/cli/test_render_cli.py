"""`python -m drol_jax.eval render`: Synth as folders of images."""

import numpy as np
import pytest

from drol_jax.datasets.synth import load_synth
from drol_jax.eval import render_cli
from drol_jax.eval.cli import main
from drol_jax.image.frames import read
from drol_jax.train.pairs.disk_sequences import SequencesSettings, sequences

EVERY = 60


def few(seed):
    return load_synth(seed)[:4]


def render(folder):
    return render_cli.main(["--first", "7", "--every", str(EVERY), "--output", str(folder)], few)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rendered") / "synth"
    assert render(folder) == 0
    return folder


def test_every_sequence_has_its_frames_and_boxes(rendered):
    for entry in few(7):
        sequence, folder = entry.open(), rendered / f"{entry.name}_7"
        images = sorted(folder.glob("*.jpg"))
        groundtruth = np.loadtxt(folder / "groundtruth.txt", delimiter=",")
        np.testing.assert_allclose(groundtruth, sequence.boxes[::EVERY], atol=1e-4)
        assert len(images) == len(groundtruth)
        difference = read(images[-1]).astype(int) - sequence.frames[(len(images) - 1) * EVERY]()
        assert np.abs(difference).mean() < 6  # JPEG's


def test_training_reads_them(rendered):
    source = sequences(SequencesSettings(dataset="folders", root=str(rendered)), 4)
    assert source.batch(0).search.shape == (4, 287, 287, 3)


def test_what_is_there_stays(rendered, capsys):
    before = {path: path.stat().st_mtime_ns for path in rendered.rglob("*.*")}
    assert render(rendered) == 0
    assert {path: path.stat().st_mtime_ns for path in rendered.rglob("*.*")} == before
    assert "4 sequences" in capsys.readouterr().out


def test_misuse_is_one_line(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    for arguments, words in (
        (["--seeds", "0"], "--seeds is 0, wanted 1 or more"),
        (["--output", str(tmp_path / "file" / "inside")], "choose another --output"),
    ):
        assert main(["render", "--output", str(tmp_path / "out"), *arguments]) == 2
        assert words in capsys.readouterr().err.splitlines()[-1]
