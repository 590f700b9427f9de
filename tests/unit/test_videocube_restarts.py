"""VideoCube's attributes of frames, and its runs that are started again (R-OPE), as its toolkit has them."""

from pathlib import Path

import numpy as np
import pytest
from scripted import Numbered, ScriptedRunner
from trees import JPEG, write

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval.renewing import Renewed
from drol_jax.eval.running import choose
from drol_jax.eval.score_cli import main as score
from drol_jax.eval.scoring import Request, score_folders
from drol_jax.results.folder import TrackerFolder
from drol_jax.results.layout import find_trackers
from drol_jax.results.names import Names

NAMES = ("005", "029", "033")
FRAMES = 60
STEPS = np.arange(FRAMES)
PLACES = np.array([0, 12, 18, 25, 31, 40, 52])
STARTS = {"005": [12, 25, 40], "029": [12, 31], "033": [12, 31]}


def truth(number: int) -> np.ndarray:
    """A target that goes slowly, and is nowhere in frame 30."""
    boxes = np.stack([5 + STEPS // 2 + 3 * number, 6 + STEPS // 3, 0 * STEPS + 20 + number, 0 * STEPS + 16], 1)
    return np.where((STEPS == 30)[:, None], 0, boxes).astype(float)


def drifting(number: int):
    """A tracker that goes faster than the target, from wherever it is started."""

    def script(frame: int, start: int, name: str) -> np.ndarray:
        steps = frame - start + (start == 0)  # the toolkit's tracker is updated in the first frame too
        return truth(number)[start] + np.array([1.3 * steps + 0.3, 1.3 * steps + 0.3, 0.5 * steps, 0])

    return script


def spelled(rows: np.ndarray) -> bytes:
    return "".join(",".join(f"{value:g}" for value in np.atleast_1d(row)) + "\n" for row in rows).encode()


def unfold(root: Path) -> None:
    """Three sequences as the official archives lay them out; one frame in seven of two of them is occluded."""
    draws = np.random.default_rng(5)
    for number, name in enumerate(NAMES):
        write(root / f"data/val/{name}/frame_{name}/000000.jpg", JPEG)
        told = {"groundtruth": truth(number), "absent": (STEPS == 30) * 1, "shotcut": (STEPS == 9) * 1}
        told |= {"corrcoef": np.round(draws.uniform(0.5, 1, FRAMES), 6)}
        told |= {"ratio": np.round(draws.uniform(0.2, 4, FRAMES), 6)}
        told |= {"occlusion": (STEPS % 7 == 0) * (number != 1) * 1, "restart": PLACES[: 7 - number]}
        for attribute, rows in told.items():
            write(root / f"attribute/{attribute}/{name}.txt", spelled(rows))


def sequences(root: Path) -> list[datasets.Sequence]:
    return [entry.open() for entry in datasets.load("VideoCube-tiny-val", root, NAMES, images=False)]


def tracked(sequence: datasets.Sequence, number: int):
    frames = tuple(Numbered(index, 64, 96) for index in range(len(sequence)))
    numbered = datasets.Sequence(sequence.name, frames, sequence.boxes, restarts=sequence.restarts)
    return Renewed().track(ScriptedRunner(drifting(number)), numbered, 0, 1, lambda _: None)


@pytest.fixture
def runs(tmp_path) -> Path:
    """The drifting tracker's runs, started again and in one pass, in the toolkit's layout."""
    unfold(tmp_path)
    for number, (name, sequence) in enumerate(zip(NAMES, sequences(tmp_path), strict=True)):
        again = tracked(sequence, number)
        for tracker, boxes in (
            ("T_restart", np.array(again.regions.boxes)),
            ("T", np.array([drifting(number)(frame, 0, "") for frame in range(FRAMES)])),
        ):
            boxes[0] = drifting(number)(0, 0, "")
            write(tmp_path / f"out/{tracker}/val/{tracker}_{name}_1.txt", spelled(np.rint(boxes)))
        assert again.starts is not None
        write(tmp_path / f"out/T_restart/val/init_T_restart_{name}_1.txt", spelled(again.starts[:, None]))
    return tmp_path


# Figures of huuuuusy/videocube-toolkit at d264d8de33 over these sequences and this tracker: ExperimentVideoCube.run,
# report and report_robust, with numpy 2.4, pandas 3.1 and images of 96x64.
ONE_PASS = {
    "mean": (0.05462615227039946, 0.20689655172413793, 0.1206896551724138),
    "occlusion": (0.08855885588558858, 0.2222222222222222, 0.07407407407407407),
    "corrcoef": (0.049113469905549115, 0.22047047047047044, 0.11936936936936937),
    "ratio": (0.03475823772853476, 0.13227513227513227, 0.14285714285714285),
}
RESTARTED = {
    "mean": (0.1998406737225447, 0.7068965517241379, 0.41954022988505746),
    "occlusion": (0.2706270627062706, 0.7777777777777777, 0.25925925925925924),
    "corrcoef": (0.19702375642969702, 0.7254754754754754, 0.44969969969969975),
    "ratio": (0.21156163235371156, 0.7116402116402116, 0.3862433862433862),
}


@pytest.mark.parametrize(("tracker", "kind", "wanted"), [("T", None, ONE_PASS), ("T_restart", "r-ope", RESTARTED)])
def test_scores_over_all_frames_and_over_those_of_an_attribute_are_the_toolkits(runs, tracker, kind, wanted):
    entries = datasets.load("VideoCube-tiny-val", runs, images=False)
    request = Request(dataset="VideoCube-tiny-val", entries=entries, wanted=NAMES, kind=kind)
    (scores,) = score_folders(request, [runs / "out" / tracker]).trackers
    keys = ("auc", "precision_20", "normalised_precision")
    found = {tag: tuple(row[key] for key in keys) for tag, (_, row) in scores.attributes.items()}
    assert found | {"mean": tuple(scores.mean[key] for key in keys)} == {
        name: pytest.approx(values, abs=1e-12) for name, values in wanted.items()
    }
    assert scores.attributes["occlusion"][0] == 18  # frames


def test_robustness_counts_starts_by_places_and_how_alike_frames_are(runs):
    entries = datasets.load("VideoCube-tiny-val", runs, images=False)
    request = Request(dataset="VideoCube-tiny-val", entries=entries, wanted=NAMES, kind="r-ope")
    (scores,) = score_folders(request, [runs / "out/T_restart"]).trackers
    for name, sequence in zip(NAMES, sequences(runs), strict=True):
        alike = sequence.measured["corrcoef"].mean()
        assert sequence.restarts is not None
        share = len(STARTS[name]) / len(sequence.restarts)
        assert scores.sequences[name]["robustness"] == pytest.approx((1 - share) / (1 + np.exp(-1 / alike)))


@pytest.mark.parametrize(("tracker", "protocol", "words"), [
    ("T_restart", "ope", "pass --protocol r-ope to score it so"),
    ("T", "r-ope", "drop --protocol r-ope"),
])  # fmt: skip
def test_runs_of_the_other_kind_are_refused(runs, capsys, tracker, protocol, words):
    options = ["--dataset", "VideoCube-tiny-val", "--data-root", str(runs), "--sequences", "005"]
    assert score(["--results", str(runs / "out" / tracker), "--protocol", protocol, *options]) == 1
    assert words in capsys.readouterr().out


def test_what_robustness_is_reckoned_by_must_be_there(runs, capsys):
    (runs / "attribute/restart/005.txt").unlink()
    options = ["--dataset", "VideoCube-tiny-val", "--data-root", str(runs), "--sequences", "005"]
    assert score(["--results", str(runs / "out/T_restart"), "--protocol", "r-ope", *options]) == 1
    assert "needs attribute/restart of the info data" in capsys.readouterr().out


class TestRunning:
    def test_a_tracker_is_started_again_where_the_toolkit_does_and_scores_nothing_there(self, tmp_path):
        unfold(tmp_path)
        for number, (name, sequence) in enumerate(zip(NAMES, sequences(tmp_path), strict=True)):
            again = tracked(sequence, number)
            assert again.starts is not None
            assert again.starts.tolist() == STARTS[name]
            boxes = again.regions.boxes
            assert np.flatnonzero((boxes == 0).all(1)).tolist() == STARTS[name]
            np.testing.assert_allclose(boxes[13], truth(number)[12] + (1.6, 1.6, 0.5, 0))

    def test_a_run_is_kept_with_its_starts_which_are_no_sequence(self, tmp_path):
        unfold(tmp_path)
        (sequence, *_) = sequences(tmp_path)
        folder = TrackerFolder.open(tmp_path / "out/T", {}, {}, form="r-ope")
        folder.write("005", tracked(sequence, 0))
        assert folder.finished("005", FRAMES) is not None
        starts = folder.run("005").starts
        assert starts is not None
        assert starts.tolist() == STARTS["005"]
        entries = datasets.load("VideoCube-tiny-val", tmp_path, images=False)
        (found,) = find_trackers(tmp_path / "out", Names.of("VideoCube-tiny-val", entries))
        assert (list(found.files), found.stray) == (["005"], ())

    def test_without_places_to_start_in_it_is_refused(self, tmp_path):
        unfold(tmp_path)
        (tmp_path / "attribute/restart/005.txt").unlink()
        with pytest.raises(UserError, match=r"unpack attribute/restart"):
            tracked(sequences(tmp_path)[0], 0)
        with pytest.raises(UserError, match=r"r-ope is VideoCube's"):
            choose("OTB100", [], "r-ope", None)


def test_a_file_of_an_attribute_that_is_not_there_leaves_it_out_and_one_that_is_longer_is_named(tmp_path):
    unfold(tmp_path)
    (tmp_path / "attribute/ratio/005.txt").unlink()
    assert sorted(sequences(tmp_path)[0].tags) == ["corrcoef", "occlusion"]
    write(tmp_path / "attribute/corrcoef/005.txt", b"0.9\n" * (FRAMES + 1))
    with pytest.raises(UserError, match=r"corrcoef/005.txt: 61 lines for 60 frames"):
        sequences(tmp_path)
