"""Result files: PySOT's format, whole or absent, and never mixed with those of another setting."""

import errno
import json
import os
import platform
import subprocess
import threading
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from drol_jax.errors import UserError
from drol_jax.results.details import read_confidences, write_details
from drol_jax.results.files import read_boxes, write_boxes
from drol_jax.results.folder import TrackerFolder
from drol_jax.results.runs import Tracked
from drol_jax.results.settings import plain
from drol_jax.system.atomic import clear_litter, file, write_text
from drol_jax.system.code import code_hash

SETTINGS = {"config": {"online": {"enabled": True}}, "seed": 0, "weights_hash": "ab12"}


@dataclass(frozen=True)
class Track:
    boxes: np.ndarray
    scores: np.ndarray
    online_scores: np.ndarray
    verdicts: np.ndarray
    templates: np.ndarray
    confidences: np.ndarray
    seconds: float = 0.5
    compile_seconds: float = 2.0


@pytest.fixture
def track():
    return Track(
        boxes=np.array([[9.0, 19, 30, 40], [10.12341, -0.00001, 30, 40], [11, 21, 30, 40]]),
        scores=np.array([np.nan, 0.9, 0.25], np.float32),
        online_scores=np.array([np.nan, 0.8, np.nan], np.float32),
        verdicts=np.array([0, 2, -1], np.int8),
        templates=np.array([0, 1, 0], np.int8),
        confidences=np.array([np.nan, 0.75, 0.125], np.float32),
    )


def test_a_box_file_has_a_line_of_four_decimals_per_frame_in_the_benchmarks_origin(tmp_path, track):
    write_boxes(tmp_path / "a.txt", track.boxes, origin=1)
    assert (tmp_path / "a.txt").read_bytes() == (
        b"10.0000,20.0000,30.0000,40.0000\n11.1234,1.0000,30.0000,40.0000\n12.0000,22.0000,30.0000,40.0000\n"
    )


def test_there_is_no_negative_zero_in_a_box_file(tmp_path, track):
    write_boxes(tmp_path / "a.txt", track.boxes)
    assert "-0.0000" not in (tmp_path / "a.txt").read_text()


@given(boxes=arrays(np.float64, (4, 4), elements=st.floats(-1e4, 1e4)), origin=st.sampled_from([0, 1]))
def test_boxes_read_back_are_those_written_to_four_decimals(tmp_path_factory, boxes, origin):
    path = tmp_path_factory.mktemp("boxes") / "a.txt"
    write_boxes(path, boxes, origin)
    np.testing.assert_allclose(read_boxes(path, origin), boxes, atol=5.1e-5)


@pytest.mark.parametrize("text", ["1,2,3,4\n5,6,7,8\n", "1\t2\t3\t4\r\n5 6  7 8\n\n", "1, 2, 3, 4,\n 5;6;7;8"])
def test_commas_tabs_spaces_and_semicolons_all_separate(tmp_path, text):
    (tmp_path / "a.txt").write_text(text)
    np.testing.assert_array_equal(read_boxes(tmp_path / "a.txt"), [[1, 2, 3, 4], [5, 6, 7, 8]])


@pytest.mark.parametrize("line", ["1,2,3", "1,2,3,4,5", "1,2,x,4", ""])
def test_a_line_that_is_not_four_numbers_is_named(tmp_path, line):
    (tmp_path / "a.txt").write_text(f"1,2,3,4\n{line}\n1,2,3,4\n")
    with pytest.raises(UserError, match=r"a\.txt, line 2: .* not four numbers"):
        read_boxes(tmp_path / "a.txt")


def test_a_missing_box_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"cannot read result file .*a\.txt"):
        read_boxes(tmp_path / "a.txt")


def test_details_tell_scores_verdict_template_and_confidence_per_frame(tmp_path, track):
    write_details(tmp_path / "a.csv", track)
    assert (tmp_path / "a.csv").read_text().splitlines() == [
        "frame,score,online_score,verdict,template,confidence",
        "0,,,found,first,",
        "1,0.9,0.8,hard_negative,short_term,0.75",
        "2,0.25,,off,first,0.125",
    ]
    np.testing.assert_array_equal(read_confidences(tmp_path / "a.csv"), [np.nan, 0.75, 0.125])


def test_details_without_confidences_tell_none_and_damaged_ones_are_named(tmp_path):
    (tmp_path / "a.csv").write_text("frame,score\n0,0.5\n")
    assert read_confidences(tmp_path / "a.csv") is None
    (tmp_path / "b.csv").write_text("frame,confidence\n0,high\n")
    with pytest.raises(UserError, match=r"b\.csv cannot be read .*; track the sequence again"):
        read_confidences(tmp_path / "b.csv")


@pytest.mark.parametrize("line", ["garbage", "1", "2,0.5", "1,0.5,0.5", ",0.5"])
def test_details_with_a_line_that_is_not_that_of_its_frame_are_named(tmp_path, line):
    (tmp_path / "a.csv").write_text(f"frame,confidence\n0,\n{line}\n")
    with pytest.raises(UserError, match=r"a\.csv cannot be read \(line 3 is not that of frame 1\); track the sequence"):
        read_confidences(tmp_path / "a.csv")


def test_a_full_disk_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text("old")

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match=r"cannot write .*a\.txt: No space left on device; free space"):
        write_text(tmp_path / "a.txt", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_threads_that_write_one_file_at_once_do_not_take_each_others(tmp_path):
    with file(tmp_path / "a.txt") as temporary:
        temporary.write_text("first begun, last done")
        other = threading.Thread(target=write_text, args=(tmp_path / "a.txt", "whole"))
        other.start()
        other.join()
        assert (tmp_path / "a.txt").read_text() == "whole"
    assert (tmp_path / "a.txt").read_text() == "first begun, last done"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_ctrl_c_while_writing_leaves_no_litter(tmp_path, monkeypatch):
    def interrupt(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_text(tmp_path / "a.txt", "new")
    assert not list(tmp_path.iterdir())


def test_a_folder_without_write_permission_is_named(tmp_path, monkeypatch):
    def refuse(path, *args, **kwargs):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(UserError, match=r"cannot write to .*/results: Permission denied; mend the permissions"):
        TrackerFolder.open(tmp_path / "results", SETTINGS, {})


def test_an_output_that_is_a_file_is_named(tmp_path):
    (tmp_path / "results").write_text("")
    with pytest.raises(UserError, match=r"cannot write to .*results/Synth/t: .*--output"):
        TrackerFolder.open(tmp_path / "results" / "Synth" / "t", SETTINGS, {})


def open_folder(path: Path, overwrite: bool = False, environment=None, **changes) -> TrackerFolder:
    return TrackerFolder.open(path / "t", SETTINGS | changes, environment or {"jax": "1"}, overwrite=overwrite)


def test_a_saved_sequence_is_finished_for_the_next_run_too(tmp_path, track):
    open_folder(tmp_path).save("a", track, origin=1)
    folder = open_folder(tmp_path)
    timing = folder.finished("a", 3)
    assert timing is not None
    assert (timing.frames, timing.seconds, timing.compile_seconds) == (3, 0.5, 2.0)
    np.testing.assert_allclose(folder.boxes("a", origin=1), track.boxes, atol=1e-4)
    assert folder.finished("b", 3) is None


def test_a_sequence_of_another_length_or_without_box_file_is_not_finished(tmp_path, track):
    folder = open_folder(tmp_path)
    folder.save("a", track)
    assert folder.finished("a", 4) is None
    (tmp_path / "t" / "a.txt").unlink()
    assert folder.finished("a", 3) is None


@pytest.mark.parametrize("content", [b"", b"1,2,3,4\n1,2", b"\0" * 40])
def test_a_damaged_box_file_is_not_finished(tmp_path, track, content):
    folder = open_folder(tmp_path)
    folder.save("a", track)
    (tmp_path / "t" / "a.txt").write_bytes(content)
    assert folder.finished("a", 3) is None


@pytest.mark.parametrize("lines", [[], ["garbage"], ["1,0.9,0.8,off,first,0.5"], ["garbage", "2,0.2,,off,first,"]])
def test_a_run_with_damaged_details_is_not_finished(tmp_path, track, lines):
    folder = open_folder(tmp_path)
    folder.save("a", track)
    details = tmp_path / "t" / "details" / "a.csv"
    details.write_text("".join(f"{line}\n" for line in [*details.read_text().splitlines()[:2], *lines]))
    assert folder.finished("a", 3) is None


def test_a_run_that_has_lost_its_details_is_not_finished(tmp_path, track):
    folder = open_folder(tmp_path)
    folder.save("a", track)
    (tmp_path / "t" / "details" / "a.csv").unlink()
    assert folder.finished("a", 3) is None


def test_details_of_an_earlier_version_without_confidences_are_whole(tmp_path, track):
    folder = open_folder(tmp_path)
    folder.save("a", track)
    details = tmp_path / "t" / "details" / "a.csv"
    details.write_text("".join(line.rpartition(",")[0] + "\n" for line in details.read_text().splitlines()))
    assert folder.finished("a", 3) is not None


class Crashing(Tracked):
    """A run whose boxes cannot be had."""

    @property
    def run(self):
        raise ZeroDivisionError


def test_a_crash_before_the_box_file_leaves_the_sequence_unfinished(tmp_path, track):
    folder = open_folder(tmp_path)
    with pytest.raises(ZeroDivisionError):
        folder.write("a", Crashing.of(track))
    assert (folder.path / "details" / "a.csv").exists()
    assert open_folder(tmp_path).finished("a", 3) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seed": 1}, "seed is 0 there, 1 now"),
        ({"weights_hash": "cd34"}, "weights_hash is ab12 there, cd34 now"),
        ({"config": {"online": {"enabled": False}}}, "config.online.enabled is True there, False now"),
        ({"extra": 5}, "extra is unset there, 5 now"),
    ],
)
def test_results_of_other_settings_are_refused_and_the_difference_is_named(tmp_path, track, changes, words):
    open_folder(tmp_path).save("a", track)
    with pytest.raises(UserError, match=words) as caught:
        open_folder(tmp_path, **changes)
    assert "--output" in str(caught.value)
    assert "--overwrite" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_overwrite_drops_the_results_of_other_settings(tmp_path, track):
    open_folder(tmp_path).save("a", track)
    folder = open_folder(tmp_path, overwrite=True, seed=1)
    assert folder.finished("a", 3) is None
    assert sorted(path.name for path in (tmp_path / "t").rglob("*")) == [
        ".claims",
        "details",
        "manifest.json",
        "present",
    ]
    folder.close()
    assert sorted(path.name for path in (tmp_path / "t").rglob("*")) == ["details", "manifest.json"]


def test_overwrite_keeps_other_sequences_of_equal_settings(tmp_path, track):
    folder = open_folder(tmp_path)
    folder.save("a", track)
    folder.save("b", track)
    folder = open_folder(tmp_path, overwrite=True)
    folder.forget("a")
    assert folder.finished("a", 3) is None
    assert folder.finished("b", 3) is not None


def test_each_repetition_is_finished_by_itself_and_all_are_forgotten_together(tmp_path, track):
    folder = TrackerFolder.open(tmp_path / "t", SETTINGS, {}, form="vot")
    for number in (1, 2):
        folder.write("a", Tracked.of(track), number)
    folder.write("a_1", Tracked.of(track), 1)
    folder = TrackerFolder.open(tmp_path / "t", SETTINGS, {}, form="vot")
    assert [folder.finished("a", 3, number) is not None for number in (1, 2, 3)] == [True, True, False]
    assert folder.numbers("a") == [1, 2]
    folder.forget("a")
    assert folder.numbers("a") == []
    assert folder.finished("a", 3, 1) is None
    assert folder.finished("a_1", 3, 1) is not None


def test_a_copied_repetition_is_the_same_to_the_byte(tmp_path, track):
    folder = TrackerFolder.open(tmp_path / "t", SETTINGS, {}, form="vot")
    folder.write("a", Tracked.of(track))
    folder.repeat("a", 1, 2)
    assert folder.same("a", (1, 2))
    assert folder.finished("a", 3, 2) == folder.finished("a", 3, 1)
    details = tmp_path / "t" / "details"
    assert (details / "a_002.csv").read_bytes() == (details / "a_001.csv").read_bytes()
    folder.write("a", Tracked.of(replace(track, boxes=track.boxes + 1)), 3)
    assert not folder.same("a", (1, 2, 3))


def test_a_longterm_run_without_its_confidences_is_not_finished(tmp_path, track):
    folder = TrackerFolder.open(tmp_path / "t", SETTINGS, {}, form="pysot-longterm")
    folder.write("a", Tracked.of(track))
    assert folder.finished("a", 3) is not None
    (tmp_path / "t" / "longterm" / "a" / "a_001_confidence.value").unlink()
    assert folder.finished("a", 3) is None


def test_what_killed_processes_left_half_written_is_cleared_away_and_nothing_else(tmp_path):
    ended = subprocess.Popen(["true"])
    ended.wait()
    (tmp_path / "t" / "baseline").mkdir(parents=True)
    litter = tmp_path / "t" / "baseline" / f".a_001.txt.{ended.pid}.tmp"
    alive = tmp_path / "t" / f".manifest.json.{os.getppid()}.tmp"
    for path in (litter, alive):
        path.write_text("1,2")
    clear_litter(tmp_path)
    assert not litter.exists()
    assert alive.exists()


def test_box_files_of_unknown_origin_are_not_touched(tmp_path, track):
    (tmp_path / "t").mkdir()
    write_boxes(tmp_path / "t" / "a.txt", track.boxes)
    with pytest.raises(UserError, match="results without a manifest"):
        open_folder(tmp_path)
    assert open_folder(tmp_path, overwrite=True).finished("a", 3) is None


@pytest.mark.parametrize("content", ["{", "[]", "{}"])
def test_a_broken_manifest_is_named(tmp_path, content):
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "manifest.json").write_text(content)
    with pytest.raises(UserError, match=r"cannot read .*manifest\.json"):
        open_folder(tmp_path)
    open_folder(tmp_path, overwrite=True)


def test_the_manifest_tells_which_environment_made_which_sequence(tmp_path, track):
    open_folder(tmp_path).save("a", track)
    open_folder(tmp_path, environment={"jax": "2"}).save("b", track)
    manifest = json.loads((tmp_path / "t" / "manifest.json").read_text())
    assert manifest["settings"] == SETTINGS
    assert manifest["environments"] == [{"jax": "1"}, {"jax": "2"}]
    assert manifest["sequences"]["a"] == {
        "frames": 3,
        "track_seconds": 0.5,
        "compile_seconds": 2.0,
        "environment": 0,
        "host": platform.node(),
    }
    assert manifest["sequences"]["b"]["environment"] == 1


def test_results_of_other_versions_are_told_apart_from_those_made_here(tmp_path, track):
    old, new = {"jax": "1", "python": "3.11"}, {"jax": "2", "python": "3.13"}
    folder = open_folder(tmp_path, environment=old)
    assert folder.ledger.unlike() == ""
    folder.save("a", track)
    assert open_folder(tmp_path, environment=old).ledger.unlike() == ""
    assert open_folder(tmp_path, environment={**old, "python": "3.13"}).ledger.unlike() == ""
    later = open_folder(tmp_path, environment=new)
    assert later.ledger.unlike() == "jax 1 there, 2 here"
    later.forget("a")
    assert later.ledger.unlike() == ""


def test_settings_survive_json(tmp_path):
    @dataclass
    class Inner:
        pair: tuple[float, ...]
        array: np.ndarray
        folder: Path

    value = plain({"inner": Inner((1.0, 2.0), np.array([0.5]), Path("x"))})
    assert json.loads(json.dumps(value)) == value
    assert value == {"inner": {"pair": [1.0, 2.0], "array": [0.5], "folder": "x"}}


def test_results_of_other_code_are_set_aside_whole_or_refused(tmp_path, track):
    open_folder(tmp_path, environment={"code": "aa"}).save("a", track)
    assert open_folder(tmp_path, environment={"code": "aa", "jax": "2"}).finished("a", len(track.boxes)) is not None
    with pytest.raises(UserError, match=r"results of other code \(hash aa\).*drop --keep"):
        TrackerFolder.open(tmp_path / "t", SETTINGS, {"code": "bb"}, keep=True)
    assert (tmp_path / "t" / "a.txt").exists()
    fresh = open_folder(tmp_path, environment={"code": "bb"})
    assert fresh.finished("a", len(track.boxes)) is None
    assert fresh.set_aside is not None
    assert (tmp_path / "earlier" / "t-1" / "a.txt").exists()


def test_the_hash_of_code_changes_with_a_file_a_name_and_a_plugin(tmp_path):
    (tmp_path / "p" / "b").mkdir(parents=True)
    (tmp_path / "p" / "b" / "c.py").write_text("x = 1")
    once = code_hash.__wrapped__
    seen = [once(*plugins, package=tmp_path / "p") for plugins in ((), ("digest of one",), ("digest of another",))]
    (tmp_path / "p" / "b" / "c.py").rename(tmp_path / "p" / "b" / "d.py")
    seen.append(once(package=tmp_path / "p"))
    (tmp_path / "p" / "b" / "d.py").write_text("x = 2")
    seen.append(once(package=tmp_path / "p"))
    assert len(set(seen)) == 5
    assert once(package=tmp_path / "p") == seen[-1]


def test_a_folder_in_place_of_a_result_file_is_named(tmp_path, track):
    folder = open_folder(tmp_path)
    folder.path_of("walker").mkdir()
    with pytest.raises(UserError, match=r"cannot delete .*walker.txt: .*; free space, mend the permissions or choose"):
        folder.write("walker", Tracked.of(track))
