"""Runs with restarts that are none, and boxes whose course shows that they are spelled in another form."""

import pytest
from score_files import BOX, lines, row, score, workspace


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (["2", *[BOX] * 59], "code 2 stands in the first line"),
        (["0", *[BOX] * 59], "code 0 stands in the first line"),
        (["1,0,0,0", *[BOX] * 59], "its first line is 1,0,0,0, where VOT's files have a code alone in a line"),
        (["1", *[BOX] * 9, "2", *[BOX] * 49], "a region stands in frame 11"),
        (["1", *[BOX] * 9, "2", "0", "2", "0", "1", *[BOX] * 45], "another failure stands in frame 12"),
        (["1", *["20,20,50,40"] * 59], "overlap the target by 1.00 as two corners x1,y1,x2,y2, and by 0.30"),
        (["1", *[".25,.3,.375,.3"] * 59], "every number lies between 0 and 1"),
    ],
)
def test_files_that_are_no_run_with_restarts_are_told_why(tmp_path, capsys, body, words):
    where = workspace(tmp_path / "data", "ant", [BOX] * 60)
    lines(tmp_path / "T" / "ant.txt", *body)
    code, told = score(capsys, *where, dataset="VOT")
    assert code == 1
    assert words in told


def test_the_repetition_that_is_no_run_is_named(tmp_path, capsys):
    where = workspace(tmp_path / "data", "ant", [BOX] * 60)
    for number in (1, 2):
        first = "1" if number == 1 else BOX
        lines(tmp_path / "T" / "baseline" / "ant" / f"ant_{number:03d}.txt", first, *[BOX] * 59)
    assert "repetition 2: no start (code 1)" in score(capsys, *where, dataset="VOT")[1]


@pytest.mark.parametrize(("form", "line"), [("two corners", "20,20,50,40"), ("centre and size", "35,30,30,20")])
def test_a_first_line_that_is_right_hides_no_other_form(tmp_path, capsys, form, line):
    where = workspace(tmp_path / "data", "ant", [BOX] * 60)
    lines(tmp_path / "T" / "ant.txt", BOX, *[line] * 59)
    code, told = score(capsys, *where, "--protocol", "ope", dataset="VOT")
    assert code == 1
    assert f"as {form}" in told


def test_a_groundtruth_with_gaps_alone_is_told(tmp_path, capsys):
    lines(tmp_path / "data" / "ant" / "groundtruth.txt", BOX, *["nan,nan,nan,nan", "nan,nan,nan,nan", BOX] * 5)
    for number in range(1, 17):
        lines(tmp_path / "data" / "ant" / "img" / f"{number:04d}.jpg")
    lines(tmp_path / "T" / "ant.txt", *[BOX] * 16)
    where = ["--data-root", tmp_path / "data", "--results", tmp_path / "T"]
    code, told = score(capsys, *where, dataset="folders")
    assert code == 0
    assert "more than half of the frames have no groundtruth" in told
    assert "ant 10 of 16" in told


def test_a_tracker_that_is_lost_early_is_scored_as_it_is(tmp_path, capsys):
    where = workspace(tmp_path / "data", "ant", [BOX] * 60)
    lines(tmp_path / "T" / "ant.txt", BOX, *["60,40,10,10"] * 59)
    code, told = score(capsys, *where, "--protocol", "ope", dataset="VOT")
    assert (code, row(told, "T")[0]) == (0, ".016")


def test_pysot_scores_the_first_of_repetitions_that_are_not_fifteen_which_is_told(tmp_path, capsys):
    where = workspace(tmp_path / "data", "ant", [BOX] * 60)
    lost = [*[BOX] * 19, "2", "0", "0", "0", "0", "1", *[BOX] * 34]
    for number, body in enumerate(([BOX] * 59, lost, [BOX] * 57), 1):
        lines(tmp_path / "T" / "baseline" / "ant" / f"ant_{number:03d}.txt", "1", *body)
    code, told = score(capsys, *where, dataset="VOT")
    assert (code, row(told, "T")[2:]) == (0, ["0", "0"])
    assert "of repetitions that are not fifteen the first alone counts, as in PySOT's toolkit; 1 sequences" in told
    code, told = score(capsys, *where, "--dialect", "vot", dataset="VOT")
    assert code == 1
    assert "baseline/ant: repetition 3: 58 lines for 60 frames" in told


def test_repetitions_that_are_equal_need_no_word(tmp_path, capsys):
    where = workspace(tmp_path / "data", "ant", [BOX] * 60)
    for number in (1, 2, 3):
        lines(tmp_path / "T" / "baseline" / "ant" / f"ant_{number:03d}.txt", "1", *[BOX] * 59)
    assert "not fifteen" not in score(capsys, *where, dataset="VOT")[1]
