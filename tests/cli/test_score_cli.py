"""Scoring result folders as a user types it."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from trees import JPEG, MINIATURES

from drol_jax import datasets
from drol_jax.eval.cli import main
from drol_jax.metrics.regions import INITIALISED, Regions
from drol_jax.results.formats import Run, write_run
from drol_jax.results.regions import write_regions


def synth(count: int = 3) -> list[datasets.Sequence]:
    return [entry.open() for entry in datasets.load("Synth")[:count]]


def write_tracker(folder: Path, sequences, shift: float = 0.0, form: str = "pysot", frames: int | None = None) -> Path:
    for sequence in sequences:
        boxes = np.add(sequence.boxes, (sequence.origin + shift, sequence.origin, 0, 0))[:frames]
        boxes = np.where(np.isnan(boxes), 5.0, boxes)
        times = np.full(len(boxes), 0.01)
        write_run(folder, sequence.name, Run(Regions.from_boxes(boxes), times=times), form)
    return folder


def score(*arguments: str, dataset: str = "Synth", only=None) -> int:
    names = only if only is not None else ",".join(s.name for s in synth())
    return main(["score", "--dataset", dataset, *(["--sequences", names] if names else []), *arguments])


def told_in(folder: Path) -> dict:
    return json.loads((folder / "scores.json").read_text())


def test_trackers_of_several_folders_stand_side_by_side(tmp_path, capsys):
    write_tracker(tmp_path / "mine" / "Good", synth())
    write_tracker(tmp_path / "theirs" / "Fair", synth(), 4, "got10k")
    write_tracker(tmp_path / "theirs" / "Poor", synth(), 30, "pytracking")
    folders = ["--results", str(tmp_path / "mine"), "--results", str(tmp_path / "theirs")]
    assert score(*folders, "--output", str(tmp_path / "out")) == 0
    told = capsys.readouterr().out
    assert "Synth, dialect pysot: " in told
    assert "Over all 3 sequences." in told
    assert "Good - Fair: AUC +" in told
    found = told_in(tmp_path / "out")
    assert [t["name"] for t in found["trackers"]] == ["Good", "Fair", "Poor"]
    good, fair, poor = (t["mean"]["auc"] for t in found["trackers"])
    assert good > fair > poor
    assert found["trackers"][0]["mean"]["precision_20"] == 1
    assert set(found["trackers"][0]["dialects"]) == {"pysot", "got10k", "pytracking", "stark", "lasot", "otb"}
    assert found["differences"][0]["measure"] == "auc"
    mean = found["trackers"][2]["mean"]
    assert mean["auc"] == pytest.approx(np.mean([s["auc"] for s in found["trackers"][2]["sequences"].values()]))


def test_a_folder_that_is_named_twice_counts_once(tmp_path, capsys):
    write_tracker(tmp_path / "T", synth(), 3)
    write_tracker(tmp_path / "U", synth(), 5)
    folders = [tmp_path / "T", tmp_path / "T" / ".." / "T", tmp_path]
    named = [word for folder in folders for word in ("--results", str(folder))]
    assert score(*named, "--output", str(tmp_path / "out")) == 0
    assert "runs, mean" not in capsys.readouterr().out
    assert [tracker["name"] for tracker in told_in(tmp_path / "out")["trackers"]] == ["T", "U"]


def test_the_csv_holds_every_number_of_the_json(tmp_path, capsys):
    write_tracker(tmp_path / "T", synth(), 3)
    assert score("--results", str(tmp_path / "T"), "--output", str(tmp_path / "out")) == 0
    rows = list(csv.DictReader((tmp_path / "out" / "scores.csv").open()))
    (tracker,) = told_in(tmp_path / "out")["trackers"]
    by_kind = {(row["kind"], row["name"], row["dialect"]): row for row in rows}
    for name, numbers in tracker["sequences"].items():
        assert float(by_kind["sequence", name, "pysot"]["auc"]) == numbers["auc"]
    for name, numbers in tracker["attributes"].items():
        assert int(by_kind["attribute", name, "pysot"]["count"]) == numbers["count"]
    for dialect, numbers in tracker["dialects"].items():
        assert float(by_kind["mean", "", dialect]["precision_20"]) == numbers["precision_20"]


def test_missing_short_and_broken_files_are_named_and_left_out_of_every_mean(tmp_path, capsys):
    sequences = synth(4)
    names = [sequence.name for sequence in sequences]
    write_tracker(tmp_path / "Whole", sequences)
    write_tracker(tmp_path / "Holed", sequences[:1])
    write_tracker(tmp_path / "Holed", sequences[1:2], frames=20)
    (tmp_path / "Holed" / f"{names[2]}.txt").write_text("1,2,3,4\nfive\n")
    out = ["--output", str(tmp_path / "out")]
    assert score("--results", str(tmp_path), *out, only=",".join(names)) == 1
    told = capsys.readouterr().out
    assert "Over 1 of 4 sequences" in told
    assert f"FAILED {names[1]} (Holed): {tmp_path}/Holed/{names[1]}.txt: 20 boxes for" in told
    assert f"FAILED {names[2]} (Holed): {tmp_path}/Holed/{names[2]}.txt, line 2: 'five' is not four numbers" in told
    assert f"FAILED {names[3]} (Holed): no result file in {tmp_path}/Holed; track it" in told
    found = told_in(tmp_path / "out")
    assert found["sequences_not_in_mean"] == names[1:]
    assert len(found["failures"]) == 3
    assert [len(t["sequences"]) for t in found["trackers"]] in ([4, 1], [1, 4])


@pytest.mark.parametrize("content", ["", "\n\n \n"])
@pytest.mark.parametrize("more", [[], ["--dialect", "pytracking"], ["--dialect", "lasot"], ["--pad-short"]])
def test_an_empty_file_is_named_and_the_others_are_scored(tmp_path, capsys, content, more):
    sequences = synth(2)
    write_tracker(tmp_path / "T", sequences)
    empty = tmp_path / "T" / f"{sequences[1].name}.txt"
    empty.write_text(content)
    out = ["--output", str(tmp_path / "out"), *more]
    assert score("--results", str(tmp_path), *out, only=f"{sequences[0].name},{sequences[1].name}") == 1
    assert f"FAILED {sequences[1].name} (T): {empty} is empty; track it again" in capsys.readouterr().out
    assert told_in(tmp_path / "out")["sequences_not_in_mean"] == [sequences[1].name]


def test_short_files_are_continued_where_the_dialect_or_the_user_says_so(tmp_path, capsys):
    write_tracker(tmp_path / "T", synth(1), frames=-1)
    arguments = ["--results", str(tmp_path / "T"), "--output", str(tmp_path / "out")]
    name = synth(1)[0].name
    assert score(*arguments, only=name) == 1
    assert score(*arguments, "--dialect", "pytracking", only=name) == 0
    assert score(*arguments, "--pad-short", only=name) == 0
    assert told_in(tmp_path / "out")["trackers"][0]["mean"]["precision_20"] == 1


def test_seeds_are_put_together(tmp_path, capsys):
    for seed in range(3):
        write_tracker(tmp_path / f"T_s{seed}", synth(), 2.0 + seed)
    assert score("--results", str(tmp_path), "--output", str(tmp_path / "out")) == 0
    assert "T, 3 runs, mean" in capsys.readouterr().out
    spread = told_in(tmp_path / "out")["repeats"]["T"]
    assert spread["runs"] == 3
    low, high = spread["auc"]["interval"]
    assert low < spread["auc"]["mean"] < high


def test_the_chosen_dialect_ranks(tmp_path, capsys):
    write_tracker(tmp_path / "T", synth(1), 3)
    arguments = ["--results", str(tmp_path / "T"), "--output", str(tmp_path / "out"), "--no-dialects"]
    assert score(*arguments, "--dialect", "GOT10k", only=synth(1)[0].name) == 0
    found = told_in(tmp_path / "out")
    assert found["dialect"] == "got10k"
    assert list(found["trackers"][0]["dialects"]) == ["got10k"]
    assert "other dialects" not in capsys.readouterr().out


def test_the_former_names_of_the_dialect_are_taken_and_told(tmp_path, capsys):
    write_tracker(tmp_path / "T", synth(1), 3)
    arguments = ["--results", str(tmp_path / "T"), "--output", str(tmp_path / "out"), "--no-dialects"]
    assert score(*arguments, "--protocol", "got10k", only=synth(1)[0].name) == 0
    assert capsys.readouterr().err == (
        "note: score's --protocol is now called --dialect; elsewhere --protocol says how sequences are run\n"
    )
    found = told_in(tmp_path / "out")
    assert found["protocol"] == found["dialect"] == "got10k"
    assert found["trackers"][0]["protocols"] == found["trackers"][0]["dialects"]
    (row, *_) = csv.DictReader((tmp_path / "out" / "scores.csv").open())
    assert row["protocol"] == row["dialect"] == "got10k"
    assert score(*arguments, "--protocol", "got10k", "--dialect", "lasot", only=synth(1)[0].name) == 2
    assert "--dialect lasot and --protocol, its former name, got10k differ" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "no result folder was named"),
        (["--results", "nowhere"], "results folder nowhere does not exist"),
        (["--results", "T", "--dialect", "vots"], "unknown dialect 'vots'"),
        (["--results", "T", "--sequences", ","], "names no sequence"),
        (["--results", "T", "--sequences", "synth99"], "unknown Synth sequence 'synth99'"),
        (["--results", "T", "--dataset", "OTB1000"], "unknown dataset 'OTB1000'"),
        (["--results", "T", "--dataset", "OTB100", "--data-root", "nowhere"], "folder nowhere does not exist"),
    ],
)
def test_misuse_is_one_line_and_exit_code_two(tmp_path, capsys, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    write_tracker(tmp_path / "T", synth(1))
    before = [] if "--dataset" in arguments else ["--dataset", "Synth"]
    assert main(["score", *before, *arguments]) == 2
    told = capsys.readouterr().err
    assert words in told
    assert told.count("\n") == 1


def miniature(dataset: str, root: Path) -> datasets.Sequence:
    mini = next(m for m in MINIATURES if m.dataset == dataset)
    mini.unfold(root, pixels=JPEG)
    for labels in root.rglob("cover.label"):
        labels.write_text("8\n" * mini.frames)
    (entry,) = datasets.load(dataset, root, [mini.sequence])
    return entry.open()


def test_got10k_is_scored_by_average_overlap(tmp_path, capsys):
    sequence = miniature("GOT-10k-val", tmp_path / "data")
    write_tracker(tmp_path / "T", [sequence], 15, form="got10k-test")
    where = ["--data-root", str(tmp_path / "data"), "--results", str(tmp_path / "T"), "--output", str(tmp_path / "out")]
    assert score(*where, dataset="GOT-10k-val", only=sequence.name) == 0
    assert told_in(tmp_path / "out")["trackers"][0]["mean"] == {"ao": pytest.approx(1 / 3), "sr_50": 0, "sr_75": 0}


def test_long_term_results_are_scored_by_f(tmp_path, capsys):
    sequence = miniature("VOT2018-LT", tmp_path / "data")
    rows = [[INITIALISED], *sequence.boxes[1:].tolist()]
    run = Run(Regions.from_rows(rows), confidence=np.array([np.nan, 0.9, 0.8, 0.7]))
    path = write_run(tmp_path / "T", sequence.name, run, "pysot-longterm")
    where = ["--data-root", str(tmp_path / "data"), "--results", str(tmp_path), "--output", str(tmp_path / "out")]
    assert score(*where, dataset="VOT2018-LT", only=sequence.name) == 0
    mean = told_in(tmp_path / "out")["trackers"][0]["mean"]
    assert mean == pytest.approx({"f": 6 / 7, "precision": 1, "recall": 3 / 4})
    assert "  F harmonic mean of precision and recall, Pr precision" in capsys.readouterr().out
    confidences = path.with_name(f"{sequence.name}_001_confidence.value")
    confidences.write_text("\n" * len(sequence))
    assert score(*where, dataset="VOT2018-LT", only=sequence.name) == 1
    assert "its file of confidences holds none" in capsys.readouterr().out
    confidences.unlink()
    assert score(*where, dataset="VOT2018-LT", only=sequence.name) == 1
    assert "its file of confidences is missing" in capsys.readouterr().out


def test_one_vot_sequence_alone_has_no_eao_nor_have_its_attributes_and_the_reason_is_told(tmp_path, capsys):
    sequence = miniature("VOT2018", tmp_path / "data")
    (groundtruth,) = (tmp_path / "data").rglob("groundtruth.txt")
    groundtruth.with_name("occlusion.tag").write_text("0\n1\n1\n0\n")
    rows = [[INITIALISED], *sequence.boxes[1:].tolist()]
    write_run(tmp_path / "T", sequence.name, Run(Regions.from_rows(rows)), "vot")
    where = ["--data-root", str(tmp_path / "data"), "--results", str(tmp_path / "T"), "--output", str(tmp_path / "out")]
    assert score(*where, dataset="VOT2018", only=sequence.name) == 0
    reason = "note: there is no EAO of one sequence alone, nor of an attribute in it."
    told = capsys.readouterr().out
    assert told.count(reason) == 1
    found = told_in(tmp_path / "out")
    (tracker,) = found["trackers"]
    assert tracker["mean"]["eao"] is None
    assert tracker["attributes"] and all(row["eao"] is None for row in tracker["attributes"].values())
    assert reason in found["notes"]
    assert (tmp_path / "out" / "report.html").read_text().count(reason) == 1


@pytest.mark.parametrize("code", [0, 1, 2])
def test_a_vot_result_of_codes_alone_is_no_run_and_is_shown(tmp_path, code):
    sequence = miniature("VOT2018", tmp_path / "data")
    write_run(tmp_path / "T", sequence.name, Run(Regions.from_rows([[code]] * len(sequence))), "vot")
    where = ["--data-root", str(tmp_path / "data"), "--results", str(tmp_path / "T"), "--output", str(tmp_path / "out")]
    assert score(*where, dataset="VOT2018", only=sequence.name) == 1
    assert told_in(tmp_path / "out")["trackers"][0]["mean"].get("accuracy", 0) == 0


@pytest.mark.parametrize("suffix", [".txt", ".bin"])
def test_restarts_and_anchors_of_a_vot_workspace_are_told_apart(tmp_path, capsys, suffix):
    sequence = miniature("VOT2018", tmp_path / "data")
    rows = [[INITIALISED], *sequence.boxes[1:].tolist()]
    for tracker, tails in (("Restart", ("001",)), ("Anchors", ("00000000", "00000003"))):
        folder = tmp_path / tracker / "results" / tracker / "baseline" / sequence.name
        folder.mkdir(parents=True)
        for tail in tails:
            write_regions(folder / f"{sequence.name}_{tail}{suffix}", Regions.from_rows(rows))
    out = ["--data-root", str(tmp_path / "data"), "--output", str(tmp_path / "out")]
    assert score("--results", str(tmp_path / "Restart"), *out, dataset="VOT2018", only=sequence.name) == 0
    assert told_in(tmp_path / "out")["trackers"][0]["mean"]["lost"] == 0
    assert score("--results", str(tmp_path / "Anchors"), *out, dataset="VOT2018", only=sequence.name) == 0
    found = told_in(tmp_path / "out")
    assert found["dialect"] == "vot"
    assert found["trackers"][0]["mean"]["robustness"] == 1


def test_servers_keep_the_truth(tmp_path, capsys):
    sequence = miniature("TrackingNet", tmp_path / "data")
    write_tracker(tmp_path / "T", [sequence], form="trackingnet")
    where = ["--data-root", str(tmp_path / "data"), "--results", str(tmp_path / "T")]
    assert score(*where, dataset="TrackingNet", only="") == 2
    assert "pack the results for it" in capsys.readouterr().err


def test_scoring_needs_no_jax(tmp_path):
    write_tracker(tmp_path / "T", synth(1))
    program = (
        "import sys; from drol_jax.eval.cli import main; "
        f"code = main(['score', '--dataset', 'Synth', '--results', {str(tmp_path / 'T')!r}, "
        f"'--sequences', {synth(1)[0].name!r}]); assert 'jax' not in sys.modules; sys.exit(code)"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True).returncode == 0
