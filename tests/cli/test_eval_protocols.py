"""Benchmarks of every kind from the command line, with a scripted tracker: files, tables, resuming, failing."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from fakes_protocols import FRAMES, NAMES, Stage
from fakes_protocols import run as run_program

from drol_jax.eval import score_cli

HERE = Path(__file__).parents[1] / "support"


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def run(stage, tmp_path, capsys):
    """Runs the program; gives exit code, standard output and standard error."""

    def run(*arguments, output=tmp_path / "out"):
        code = run_program(stage, *arguments, "--output", str(output))
        return code, *capsys.readouterr()

    return run


def tree(folder: Path) -> dict[str, bytes]:
    """Every file. The scripted tracker's times are no wall-clock times, so that they count too."""
    files = {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
    # scores.json tells where the results lie.
    return {name: content.replace(str(folder).encode(), b"OUTPUT") for name, content in files.items()}


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def test_a_vot_benchmark_is_run_with_restarts_and_scored_like_result_files(run, stage, tmp_path, capsys):
    code, out, err = run("--dataset", "VOT2018", "--repetitions", "4")
    assert code == 0
    assert "VOT2018, dialect pysot" in out and "EAO" in out
    assert "ants DROL: 4 runs" in err and "failures" in err
    folder = tmp_path / "out" / "VOT2018"
    tracker = folder / "drol_nano"
    assert sorted(p.name for p in (tracker / "baseline" / "ants").glob("*.txt")) == [
        f"ants_{n:03d}.txt" for n in (1, 2, 3, 4)
    ]
    rows = lines(tracker / "baseline" / "ants" / "ants_001.txt")
    assert len(rows) == FRAMES and rows[0] == "1" and "2" in rows
    assert len(lines(tracker / "details" / "ants_002.csv")) == FRAMES + 1
    told = json.loads((folder / "scores.json").read_text())
    capsys.readouterr()
    arguments = ["--results", str(tracker), "--dataset", "VOT2018", "--output", str(tmp_path / "s")]
    assert score_cli.main(arguments, stage.load) == 0
    again = json.loads((tmp_path / "s" / "scores.json").read_text())
    assert again["trackers"][0]["mean"] == told["trackers"][0]["mean"]


def test_repetitions_end_after_three_equal_ones(run, stage, tmp_path):
    stage.online = False
    assert run("--dataset", "VOT2018")[0] == 0
    files = sorted((tmp_path / "out").rglob("ants_0*.txt"))
    assert [path.name for path in files] == ["ants_001.txt", "ants_002.txt", "ants_003.txt"]
    assert len({path.read_bytes() for path in files}) == 1
    # Tracked once: a tracker that draws nothing has nothing to repeat.
    assert not any("run 2" in name for name in stage.pieces)


def test_a_vot_benchmark_that_names_anchors_is_run_from_them(run, stage, tmp_path):
    stage.anchored = True
    code, out, _ = run("--dataset", "VOT")
    assert code == 0
    assert "anchor-based" in out
    folder = tmp_path / "out" / "VOT" / "drol_nano" / "baseline" / "bolt"
    assert {p.name: len(lines(p)) for p in folder.glob("*.txt")} == {
        "bolt_00000000.txt": FRAMES,
        "bolt_00000010.txt": FRAMES - 10,
        "bolt_00000030.txt": 31,
    }


def test_a_longterm_benchmark_keeps_confidences_as_pysot_does(run, tmp_path):
    code, out, _ = run("--dataset", "VOT2018-LT")
    assert code == 0
    assert "best of 100 thresholds" in out
    folder = tmp_path / "out" / "VOT2018-LT" / "drol_nano" / "longterm" / "crabs"
    assert lines(folder / "crabs_001.txt")[0] == "1"
    confidence = lines(folder / "crabs_001_confidence.value")
    assert confidence[:2] == ["", "0.700000"] and len(confidence) == FRAMES
    assert len(lines(folder / "crabs_time.txt")) == FRAMES


def test_got10k_is_run_three_times(run, tmp_path):
    code, out, _ = run("--dataset", "GOT-10k-val")
    assert code == 0
    assert "AO" in out
    folder = tmp_path / "out" / "GOT-10k-val" / "drol_nano" / "ants"
    assert sorted(p.name for p in folder.iterdir()) == ["ants_001.txt", "ants_002.txt", "ants_003.txt", "ants_time.txt"]
    assert lines(folder / "ants_time.txt")[0].count(",") == 2


@pytest.mark.parametrize(
    ("dataset", "member"),
    [("TrackingNet", "ants.txt"), ("GOT-10k-test", "ants/ants_003.txt"), ("VisDrone-SOT-challenge", "ants.txt")],
)
def test_where_a_server_keeps_the_truth_the_table_says_so_and_an_archive_is_packed(
    run, stage, tmp_path, dataset, member
):
    stage.only_first_box = True
    code, out, _ = run("--dataset", dataset)
    assert code == 0
    assert "its server keeps the groundtruth and gives the score: there is none here" in out
    assert "AUC" not in out
    archive = tmp_path / "out" / dataset / "drol_nano.zip"
    assert f"To upload: {archive}" in out
    with zipfile.ZipFile(archive) as file:
        assert member in file.namelist()
        assert len(file.read(member).splitlines()) == FRAMES


def test_where_a_server_keeps_the_truth_no_dialect_can_be_chosen(run, stage):
    stage.only_first_box = True
    code, _, err = run("--dataset", "TrackingNet", "--dialect", "lasot")
    assert code == 2
    assert "TrackingNet is scored by its server, in no dialect of one's choice; drop --dialect" in err
    assert not stage.pieces


def test_a_part_of_a_servers_benchmark_is_not_packed(run, stage, tmp_path):
    stage.only_first_box = True
    code, out, _ = run("--dataset", "TrackingNet", "--sequences", "ants")
    assert code == 0
    assert "not packed, 2 of 3 sequences are not tracked: bolt, crabs" in out
    assert not list((tmp_path / "out").rglob("*.zip"))


def test_results_of_other_benchmarks_are_packed_where_asked_for(run, tmp_path):
    assert run("--dataset", "LaSOT", "--submit")[0] == 0
    assert (tmp_path / "out" / "LaSOT" / "drol_nano.zip").is_file()
    assert run("--dataset", "VOT2018", "--repetitions", "2", "--submit")[0] == 0
    with zipfile.ZipFile(tmp_path / "out" / "VOT2018" / "drol_nano.zip") as file:
        assert {"manifest.yml", "baseline/bolt/bolt_002.txt"} <= set(file.namelist())


@pytest.mark.parametrize("more", [["--dataset", "OTB100"], ["--dataset", "VOT2018", "--protocol", "multistart"]])
def test_results_that_cannot_be_packed_are_refused_before_they_are_tracked(run, stage, tmp_path, more):
    code, _, err = run(*more, "--submit")
    assert code == 2
    assert "drop --submit" in err
    assert not stage.pieces and not (tmp_path / "out").exists()


@pytest.mark.parametrize("dataset", ["VOT2018", "VOT2018-LT", "GOT-10k-val", "OTB100"])
def test_a_sequence_that_fails_does_not_stop_the_others(run, stage, dataset):
    stage.broken = ("bolt",)
    code, out, err = run("--dataset", dataset)
    assert code == 1
    assert out.count("FAILED") == 1
    assert "frame 3 is cut short; copy it again" in out
    assert "2 of 3 sequences" in out
    assert "crabs DROL" in err


def test_a_sequence_of_which_a_repetition_fails_is_not_scored_by_the_others(run, stage):
    stage.broken = ("bolt, run 2 from frame 0",)
    code, out, _ = run("--dataset", "GOT-10k-val")
    assert code == 1
    assert out.count("FAILED bolt") == 1
    assert "2 of 3 sequences" in out


def test_a_fault_of_the_program_ends_one_sequence_and_is_recorded(run, stage, tmp_path):
    stage.crashing = ("bolt",)
    code, out, _ = run("--dataset", "OTB100")
    log = tmp_path / "out" / "OTB100" / "drol_nano" / "errors" / "bolt.txt"
    assert code == 1
    assert f"FAILED bolt (DROL, seed 0): MemoryError: out of memory; see {log}" in out
    assert "Traceback" in log.read_text()
    stage.crashing = ()
    assert run("--dataset", "OTB100")[0] == 0
    assert not log.exists()


def test_all_sequences_failing_is_reported_too(run, stage):
    stage.broken = NAMES
    code, out, _ = run("--dataset", "VOT2018")
    assert code == 1
    assert "No mean" in out
    assert out.count("FAILED") == 3


def test_ctrl_c_in_a_repetition_keeps_the_earlier_ones(run, stage, tmp_path):
    assert run("--dataset", "VOT2018", "--repetitions", "3", output=tmp_path / "whole")[0] == 0
    stage.interrupt_in = "bolt, run 3 from frame 0"
    code, out, err = run("--dataset", "VOT2018", "--repetitions", "3")
    assert (code, out) == (130, "")
    assert "interrupted: 1 of 3 runs were tracked or found finished" in err
    stage.interrupt_in = None
    stage.pieces.clear()
    assert run("--dataset", "VOT2018", "--repetitions", "3")[0] == 0
    assert stage.pieces[0] == "bolt, run 3 from frame 0"
    assert not any(name.startswith("ants") for name in stage.pieces)
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


def test_repetitions_may_be_added_later(run, stage, tmp_path):
    run("--dataset", "VOT2018", "--repetitions", "2")
    stage.pieces.clear()
    assert run("--dataset", "VOT2018", "--repetitions", "4")[0] == 0
    assert {name.split(" from")[0] for name in stage.pieces if name.startswith("ants")} == {
        "ants, run 3",
        "ants, run 4",
    }


def test_overwriting_with_fewer_repetitions_leaves_none_of_the_old(run, tmp_path):
    run("--dataset", "VOT2018", "--repetitions", "4")
    assert run("--dataset", "VOT2018", "--repetitions", "2", "--overwrite")[0] == 0
    assert len(list((tmp_path / "out").rglob("ants_0??.txt"))) == 2


def test_results_of_another_protocol_are_refused(run):
    run("--dataset", "OTB100")
    code, _, err = run("--dataset", "OTB100", "--protocol", "restart", "--repetitions", "1")
    assert code == 2
    assert "protocol is unset there, restart now" in err


def test_any_benchmark_can_be_run_with_restarts(run):
    code, out, _ = run("--dataset", "Synth", "--protocol", "restart", "--repetitions", "1")
    assert code == 0
    assert "Synth, dialect pysot: PySOT's toolkit; accuracy over all frames" in out


@pytest.mark.parametrize("dataset", ["OTB100", "VOT2018"])
def test_seeds_give_an_interval_and_with_a_baseline_the_paired_test(run, tmp_path, dataset):
    arguments = ["--repetitions", "1"] if dataset == "VOT2018" else []
    code, out, _ = run("--dataset", dataset, "--seeds", "3", "--baseline", *arguments)
    assert code == 0
    assert "95 %" in out and " p = " in out
    name = "drol_nano"
    file = "summary.json" if dataset == "OTB100" else "scores.json"
    told = json.loads((tmp_path / "out" / dataset / file).read_text())
    (gap,) = told["differences"]
    assert {gap["first"], gap["second"]} == {name, f"{name}_baseline"}
    assert 0 < gap["p"] <= 1 and gap["interval"][0] <= gap["mean"] <= gap["interval"][1]


def test_tables_left_half_written_by_a_killed_run_are_cleared_away(run, tmp_path):
    ended = subprocess.Popen(["true"])
    ended.wait()
    litter = tmp_path / "out" / "VOT2018" / f".scores.csv.{ended.pid}.tmp"
    litter.parent.mkdir(parents=True)
    litter.write_text("tracker,")
    assert run("--dataset", "VOT2018", "--repetitions", "1")[0] == 0
    assert not litter.exists()


@pytest.mark.parametrize("dataset", ["VOT2018", "GOT-10k-val", "VOT2018-LT", "OTB100"])
def test_killed_at_any_moment_and_resumed_all_files_are_the_same_to_the_byte(tmp_path, dataset):
    arguments = ["--dataset", dataset, "--repetitions", "3"] if dataset == "VOT2018" else ["--dataset", dataset]
    command = [sys.executable, str(HERE / "killed.py"), str(tmp_path), os.environ.get("KILLS", "3"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0
    whole, killed = tree(tmp_path / "whole"), tree(tmp_path / "killed")
    assert whole.keys() == killed.keys()
    assert whole == killed
