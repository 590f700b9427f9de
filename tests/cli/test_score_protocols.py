"""Runs of one protocol under the name of another: told by what the files hold, and refused by name."""

import pytest
from score_files import BOX, lines, row, score, workspace


def test_one_pass_is_no_run_with_restarts(tmp_path, capsys):
    where = workspace(tmp_path / "data", "ant", [BOX] * 60)
    lines(tmp_path / "T" / "ant.txt", *[BOX] * 30, *["70,50,5,5"] * 30)
    code, told = score(capsys, *where, dataset="VOT")
    assert code == 1
    assert "no start (code 1) stands in the first line" in told
    lines(tmp_path / "T" / "ant.txt", "1", *[BOX] * 29, *["70,50,5,5"] * 30)
    code, told = score(capsys, *where, dataset="VOT")
    assert code == 1
    assert "frames 30 and 31" in told
    lines(tmp_path / "T" / "ant.txt", *[BOX] * 30, *["70,50,5,5"] * 30)
    code, told = score(capsys, *where, "--protocol", "ope", dataset="VOT")
    assert (code, row(told, "T")[0]) == (0, ".476")


@pytest.mark.parametrize("lost", ["nan,nan,nan,nan", "0", "0,0,0,0"])
def test_a_track_that_ends_in_nothing_without_a_failure_is_no_run_with_restarts(tmp_path, capsys, lost):
    where = workspace(tmp_path / "data", "ant", [BOX] * 60)
    lines(tmp_path / "T" / "ant.txt", "1", *[BOX] * 29, *[lost] * 30)
    code, told = score(capsys, *where, dataset="VOT")
    assert code == 1
    assert "frames 30 and 31" in told


def test_a_run_with_restarts_is_no_one_pass(tmp_path, capsys):
    where = workspace(tmp_path / "data", "ant", [BOX] * 60)
    lines(tmp_path / "T" / "ant.txt", "1", *[BOX] * 29, "2", *["0"] * 4, "1", *[BOX] * 24)
    assert score(capsys, *where, dataset="VOT")[0] == 0
    code, told = score(capsys, *where, "--protocol", "ope", dataset="VOT")
    assert code == 1
    assert "a code of VOT's (1) stands in the first line" in told
    (tmp_path / "T" / "longterm" / "ant").mkdir(parents=True)
    (tmp_path / "T" / "ant.txt").rename(tmp_path / "T" / "longterm" / "ant" / "ant_001.txt")
    code, told = score(capsys, *where, "--protocol", "longterm", dataset="VOT")
    assert code == 1
    assert "failures (code 2) are written" in told


def test_one_pass_against_masks_or_polygons_says_that_boxes_are_scored(tmp_path, capsys):
    where = workspace(tmp_path / "data", "ant", ["m20,20,30,2,0,60"] * 60)
    lines(tmp_path / "T" / "ant.txt", *["20,20,30,2"] * 60)
    code, told = score(capsys, *where, "--protocol", "ope", dataset="VOT")
    assert (code, row(told, "T")[0]) == (0, ".952")
    assert "the groundtruth is masks" in told
    assert "scored by their boxes: ant" in told


def test_pysot_cuts_result_and_groundtruth_to_the_shorter_and_vot_toolkit_refuses(tmp_path, capsys):
    where = workspace(tmp_path / "data", "ant", [BOX] * 60)
    lines(tmp_path / "T" / "baseline" / "ant" / "ant_001.txt", "1", *[BOX] * 57, "2")
    code, told = score(capsys, *where, dataset="VOT")
    assert code == 0
    assert row(told, "T")[1:] == ["1.000", "1.695", "1"]  # accuracy, a failure in 59 frames
    assert "ant 59 lines, 60 frames" in told
    assert score(capsys, *where, "--dialect", "vot", dataset="VOT")[0] == 1
    lines(tmp_path / "T" / "baseline" / "ant" / "ant_001.txt", "1")
    code, told = score(capsys, *where, dataset="VOT")
    assert code == 1
    assert "one line for 60 frames" in told


def test_trackers_are_compared_by_the_measure_that_ranks_them(tmp_path, capsys):
    for name in ("bag", "book"):
        workspace(tmp_path / "data", name, [BOX] * 130)
        for tracker, box in (("Good", BOX), ("Weak", "25,20,30,20")):
            path = tmp_path / "T" / tracker / "baseline" / name / f"{name}_001.txt"
            lines(path, "1", *[box] * 129)
    where = ["--data-root", tmp_path / "data", "--sequences", "bag,book", "--results", tmp_path / "T"]
    code, told = score(capsys, *where, dataset="VOT2018")
    assert code == 0
    assert "Good - Weak: EAO +0." in told
    assert "a sequence, 95" not in told
    assert "the ranking is by" not in told
    code, told = score(capsys, *where, dataset="VOT")  # of any workspace no interval of EAO is known
    assert code == 0
    assert "no tracker has EAO here, by which they would be ranked: they stand in no order; whether" in told
    assert "Good - Weak: A +0." in told


def test_a_groundtruth_of_one_line_is_nothing_to_score_by(tmp_path, capsys):
    where = workspace(tmp_path / "data", "ant", [BOX])
    lines(tmp_path / "T" / "baseline" / "ant" / "ant_001.txt", "1", *[BOX] * 39)
    for more in ([], ["--protocol", "ope"]):
        code, told = score(capsys, *where, *more, dataset="VOT")
        assert code == 1
        assert "only the first box is known" in told or "a code of VOT's" in told
