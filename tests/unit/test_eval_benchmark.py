"""Benchmark runs with a fake tracker: results, resuming, failing, Ctrl-C."""

import json
from pathlib import Path

pytest_plugins = ["fakes_eval"]

NAMES = ["alpha", "beta", "gamma"]
FRAMES = 8


def files(folder: Path) -> dict[str, bytes]:
    """Everything that depends on the tracking alone."""
    wanted = [*folder.rglob("*.txt"), *folder.rglob("details/*.csv")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(wanted)}


def test_a_plain_run_writes_results_and_prints_the_table(run, tmp_path):
    code, out, err = run()
    assert code == 0
    assert "Over all 3 sequences." in out
    assert "[3/3] gamma DROL: AUC" in err
    folder = tmp_path / "results" / "Synth"
    assert sorted(p.name for p in folder.iterdir()) == ["drol_nano", "summary.csv", "summary.json"]
    lines = (folder / "drol_nano" / "alpha.txt").read_text().splitlines()
    assert len(lines) == FRAMES
    assert lines[0] == "21.0000,31.0000,40.0000,50.0000"
    assert len((folder / "drol_nano" / "details" / "alpha.csv").read_text().splitlines()) == FRAMES + 1
    manifest = json.loads((folder / "drol_nano" / "manifest.json").read_text())
    assert manifest["settings"]["dataset"] == {"name": "Synth", "seed": 0}
    assert list(manifest["sequences"]) == NAMES


def test_what_settings_leave_to_a_machine_is_left_in_the_results_so_that_others_may_add_to_them(run, tmp_path):
    assert run()[0] == 0
    manifest = json.loads((tmp_path / "results" / "Synth" / "drol_nano" / "manifest.json").read_text())
    assert manifest["settings"]["config"] == {"online": {"enabled": True, "samples": "auto"}}


def test_the_baseline_runs_beside_the_tracker_and_scores_lower_here(run, world, tmp_path):
    code, out, _ = run("--baseline")
    assert code == 0
    assert world.done[:2] == [("alpha", True, 0), ("alpha", False, 0)]
    summary = json.loads((tmp_path / "results" / "Synth" / "summary.json").read_text())
    drol, base = summary["trackers"]
    assert (drol["name"], base["name"]) == ("drol_nano", "drol_nano_baseline")
    assert drol["mean"]["auc"] > base["mean"]["auc"]
    assert "base" in out


def test_seeds_repeat_the_tracker_and_not_the_baseline(run, world, tmp_path):
    code, out, _ = run("--baseline", "--seeds", "3")
    assert code == 0
    assert [entry for entry in world.done if entry[0] == "beta"] == [
        ("beta", True, 0),
        ("beta", True, 1),
        ("beta", True, 2),
        ("beta", False, 0),
    ]
    assert sorted(p.name for p in (tmp_path / "results" / "Synth").iterdir() if p.is_dir()) == [
        "drol_nano_baseline",
        "drol_nano_s0",
        "drol_nano_s1",
        "drol_nano_s2",
    ]
    assert "±" in out


def test_a_second_run_tracks_nothing_and_prints_the_same_numbers(run, world):
    _, first, _ = run("--baseline")
    world.done.clear()
    code, second, err = run("--baseline")
    assert code == 0
    assert not world.done
    assert second == first
    assert "kept from an earlier run" in err


def test_a_run_whose_details_are_lost_or_damaged_is_tracked_again(run, world, tmp_path):
    run()
    whole, details = files(tmp_path / "results"), tmp_path / "results" / "Synth" / "drol_nano" / "details"
    (details / "alpha.csv").unlink()
    lines = (details / "beta.csv").read_text().splitlines()
    (details / "beta.csv").write_text("\n".join([*lines[:4], "garbage", *lines[5:], ""]))
    world.done.clear()
    code, _, err = run()
    assert code == 0
    assert [name for name, *_ in world.done] == ["alpha", "beta"]
    assert err.count("kept from an earlier run") == 1
    assert files(tmp_path / "results") == whole


def test_two_runs_write_the_same_bytes(run, tmp_path):
    run("--seeds", "2", output=tmp_path / "one")
    run("--seeds", "2", output=tmp_path / "two")
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_ctrl_c_keeps_what_is_finished_and_the_next_run_completes_it(run, world, tmp_path):
    run("--baseline", output=tmp_path / "whole")
    world.done.clear()
    world.interrupt_at = 3
    code, out, err = run("--baseline")
    assert code == 130
    assert out == ""
    message = err.splitlines()[-1]
    assert message.startswith("interrupted: 3 of 6 runs were tracked or found finished by this command; ")
    assert f"; what is finished is kept in {tmp_path / 'results' / 'Synth'}; " in message
    assert message.endswith("run the same command to resume")
    assert len(files(tmp_path / "results")) == 6
    world.interrupt_at = None
    before = len(world.done)
    assert run("--baseline")[0] == 0
    assert len(world.done) - before == 3
    assert files(tmp_path / "results") == files(tmp_path / "whole")


def test_an_interrupted_overwrite_is_resumed_without_that_flag(run, world, tmp_path):
    run()
    world.done.clear()
    world.interrupt_at = 1
    code, _, err = run("--overwrite")
    assert code == 130
    assert err.splitlines()[-1].endswith("run the same command without --overwrite to resume")
    world.interrupt_at = None
    world.done.clear()
    assert run()[0] == 0
    assert [name for name, *_ in world.done] == ["beta", "gamma"]


def test_ctrl_c_while_loading_gives_one_line_too(run, world):
    world.interrupt_loading = True
    code, _, err = run()
    assert code == 130
    assert len(err.splitlines()) == 1


def test_a_sequence_that_fails_is_reported_and_the_others_go_on(run, world):
    world.broken = ("beta",)
    code, out, err = run("--baseline")
    assert code == 1
    assert [name for name, *_ in world.done] == ["alpha", "alpha", "gamma", "gamma"]
    assert "FAILED beta (DROL, seed 0): beta: frame 3 is cut short; copy it again" in out
    assert "Over 2 of 3 sequences" in out
    assert "failed: beta: frame 3" in err


def test_a_sequence_that_does_not_open_is_reported_once(run, world):
    world.unopenable = ("alpha",)
    code, out, err = run("--baseline")
    assert code == 1
    assert out.count("FAILED") == 1
    assert "groundtruth.txt is missing" in out
    assert "[2/6] alpha: failed" in err


def test_all_sequences_failing_is_reported_too(run, world):
    world.broken = tuple(NAMES)
    code, out, _ = run()
    assert code == 1
    assert "No mean" in out


def test_a_chosen_part_can_be_completed_later(run, world):
    assert run("--sequences", "beta, gamma")[0] == 0
    assert [name for name, *_ in world.done] == ["beta", "gamma"]
    world.done.clear()
    assert run()[0] == 0
    assert [name for name, *_ in world.done] == ["alpha"]


def test_other_settings_in_the_same_folder_are_refused_before_tracking(run, world):
    run()
    world.done.clear()
    world.hyper = {"fusion": 0.5}
    code, _, err = run()
    assert code == 2
    assert not world.done
    assert len(err.splitlines()) == 1
    assert "hyper.fusion is unset there, 0.5 now" in err
    assert "--overwrite" in err
    assert run("--overwrite")[0] == 0
    assert len(world.done) == 3


def test_dataset_names_in_any_case_share_a_folder(run, world, tmp_path):
    run("--dataset", "synth")
    assert [p.name for p in (tmp_path / "results").iterdir()] == ["Synth"]


def test_a_sequence_whose_truth_a_server_keeps_is_tracked_and_not_scored(run, world, tmp_path):
    world.first_box_only = ("beta",)
    code, out, err = run()
    assert code == 0
    assert "Over all 2 sequences." in out
    assert "Without annotation but the first box, and left out: beta." in out
    assert "beta" in err and "not scored" in err
    folder = tmp_path / "results" / "Synth"
    assert len((folder / "drol_nano" / "beta.txt").read_text().splitlines()) == FRAMES
    assert json.loads((folder / "summary.json").read_text())["sequences_asked"] == 2


def test_a_server_benchmark_writes_results_alone_and_resumes(run, world, tmp_path):
    world.first_box_only = ("alpha", "beta", "gamma")
    for _ in range(2):
        code, out, _ = run()
        assert code == 0
        assert "AUC" not in out
    assert len(world.done) == 3
    assert not (tmp_path / "results" / "Synth" / "summary.json").exists()


def test_another_sequence_of_the_same_name_is_not_mixed_with_what_is_there(run, world, tmp_path):
    run()
    before = files(tmp_path / "results")
    world.left = 23.0
    code, out, _ = run()
    assert code == 1
    assert out.count("was tracked on another sequence of this name") == 3
    assert files(tmp_path / "results") == before
    assert run("--overwrite")[0] == 0
    assert files(tmp_path / "results") != before
