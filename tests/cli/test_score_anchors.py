"""Workspaces of VOT2020 and later: runs from anchors, masks, and what vot-toolkit's properties of a sequence say."""

import pytest
from score_files import BOX, lines, row, score, workspace

MASK = "m20,20,30,20,0,600"
"""The pixels of BOX."""


def runs(folder, starts, line, frames=41):
    """A file for each start: forward (1) or back (-1) from a frame; behind the start all lines are the same."""
    for anchor, way in starts.items():
        count = frames - anchor if way > 0 else anchor + 1
        lines(folder / "T" / "baseline" / "ant" / f"ant_{anchor:08d}.txt", "1", *[line] * (count - 1))


def marks(starts, frames=41):
    return [starts.get(frame, 0) for frame in range(frames)]


@pytest.mark.parametrize(("name", "told_as"), [("ant_00000001", "pysot"), ("ant_000", "anchor-based")])
def test_what_files_hold_tells_anchors_from_restarts_not_how_long_a_number_is(tmp_path, capsys, name, told_as):
    where = workspace(tmp_path / "data", "ant", [BOX] * 60)
    lines(tmp_path / "T" / "baseline" / "ant" / f"{name}.txt", "1", *[BOX] * 59)
    code, told = score(capsys, *where, dataset="VOT")
    assert code == 0
    assert told_as in told.splitlines()[0]


def test_masks_are_scored_by_their_pixels(tmp_path, capsys):
    # A cross of 4 x 4 whose arms hold 8 of 16 pixels.
    cross = "m10,10,4,4,1,2,1,4,1,2,1,4"
    where = workspace(tmp_path / "data", "ant", [cross] * 40, anchors=[1, *[0] * 39])
    pixels = 2 + 4 + 2 + 4
    lines(tmp_path / "T" / "baseline" / "ant" / "ant_00000000.txt", "1", *["10,10,4,4"] * 39)
    code, told = score(capsys, *where, dataset="VOT")
    assert (code, row(told, "T")[1]) == (0, f"{pixels / 16 * 39 / 40:.3f}"[1:])
    lines(tmp_path / "T" / "baseline" / "ant" / "ant_00000000.txt", "1", *[cross] * 39)
    assert row(score(capsys, *where, dataset="VOT")[1], "T")[1] == ".975"


@pytest.mark.parametrize("spelled", [
    " m10,10,4,4,0,16", "m10, 10, 4, 4, 0, 16", "m10 10 4 4 0 16", "m10,10,4,4,0,16,", "m10;10;4;4;0;16",
    "m10.0,10,4,4,0,16",
    "m8,8,8,8,18,4,4,4,4,4,4,4,18", "m10,10,4,4,0,8,0,8", "m10,10,9,4,0,4,5,4,5,4,5,4",
])  # fmt: skip
def test_a_mask_is_the_same_however_it_is_spelled(tmp_path, capsys, spelled):
    where = workspace(tmp_path / "data", "ant", [spelled] * 40, anchors=[1, *[0] * 39])
    lines(tmp_path / "T" / "baseline" / "ant" / "ant_00000000.txt", "1", *["12,10,4,4"] * 39)
    lines(tmp_path / "M" / "baseline" / "ant" / "ant_00000000.txt", "1", *[spelled] * 39)
    code, told = score(capsys, *where, "--results", tmp_path / "M", dataset="VOT")
    assert (code, row(told, "T")[1], row(told, "M")[1]) == (0, ".325", ".975")  # 8 of 24 pixels, 39 of 40 frames


def test_a_line_that_begins_as_a_mask_and_is_none_is_named(tmp_path, capsys):
    where = workspace(tmp_path / "data", "ant", [MASK] * 20 + ["m"] * 20, anchors=[1, *[0] * 39])
    lines(tmp_path / "T" / "baseline" / "ant" / "ant_00000000.txt", "1", *[BOX] * 39)
    code, told = score(capsys, *where, dataset="VOT")
    assert code == 1
    assert "groundtruth.txt, line 21: 'm' is no mask m x, y, w, h, run lengths" in told


def test_masks_without_anchors_are_scored_in_the_dialect_that_can(tmp_path, capsys):
    where = workspace(tmp_path / "data", "ant", [MASK] * 40)
    lines(tmp_path / "T" / "baseline" / "ant" / "ant_001.txt", "1", *[BOX] * 39)
    code, told = score(capsys, *where, dataset="VOT")
    assert (code, row(told, "T")[1]) == (0, "1.000")
    assert "dialect vot" in told.splitlines()[0]


def test_the_sign_of_an_anchor_says_which_way_a_run_goes(tmp_path, capsys):
    # As many frames lie ahead of the middle as behind it. The target jumps there, and a tracker stays with the jump.
    starts = {20: -1}
    truth = ["m20,20,30,20,0,600"] * 21 + ["m50,20,30,20,0,600"] * 20
    where = workspace(tmp_path / "data", "ant", truth, anchors=marks(starts))
    runs(tmp_path, starts, BOX)
    code, told = score(capsys, *where, dataset="VOT")
    assert (code, row(told, "T")[1:]) == (0, [f"{20 / 21:.3f}"[1:], "1.000"])


@pytest.mark.parametrize(
    ("starts", "words"),
    [
        ({0: 1, 40: -1}, "no run starts at 10: the sequence's anchors are 0, 10, 40"),
        ({1: 1, 11: 1, 39: -1}, "no run starts at 0, 10, 40, and there are runs from 1, 11, 39"),
        ({0: 1, 10: 1, 15: 1, 40: -1}, "runs start at 15, and the sequence's anchors are 0, 10, 40"),
    ],
)
def test_runs_that_are_not_those_of_the_anchors_are_refused(tmp_path, capsys, starts, words):
    where = workspace(tmp_path / "data", "ant", [MASK] * 41, anchors=marks({0: 1, 10: 1, 40: -1}))
    runs(tmp_path, starts, BOX)
    code, told = score(capsys, *where, dataset="VOT")
    assert code == 1
    assert words in told


def test_a_run_from_an_anchor_that_begins_with_a_region_is_not_called_one_pass(tmp_path, capsys):
    starts = {0: 1, 10: 1}
    where = workspace(tmp_path / "data", "ant", [MASK] * 41, anchors=marks(starts))
    runs(tmp_path, starts, BOX)
    lines(tmp_path / "T" / "baseline" / "ant" / "ant_00000010.txt", *[BOX] * 31)
    code, told = score(capsys, *where, dataset="VOT")
    assert code == 1
    assert "the run from frame 10 begins with a region" in told


def test_the_groundtruth_that_the_properties_name_is_read(tmp_path, capsys):
    where = workspace(tmp_path / "data", "ant", ["50,20,30,20"] * 41, anchors=marks({0: 1}))
    lines(tmp_path / "data" / "ant" / "sequence", "width=80", "height=60", "groundtruth=masks.txt")
    runs(tmp_path, {0: 1}, BOX)
    code, told = score(capsys, *where, dataset="VOT")
    assert code == 1
    assert "masks.txt: cannot be read as text (No such file or directory)" in told
    lines(tmp_path / "data" / "ant" / "masks.txt", *[MASK] * 41)
    code, told = score(capsys, *where, dataset="VOT")
    assert (code, row(told, "T")[1]) == (0, ".976")


def test_frames_behind_the_groundtruth_are_unknown_as_far_as_the_properties_say(tmp_path, capsys):
    where = workspace(tmp_path / "data", "ant", [MASK] * 31, anchors=marks({0: 1}))
    lines(tmp_path / "data" / "ant" / "sequence", "width=80", "height=60", "length=41")
    runs(tmp_path, {0: 1}, BOX)
    code, told = score(capsys, *where, dataset="VOT")
    assert (code, row(told, "T")[1:]) == (0, [f"{30 / 41:.3f}"[1:], "1.000"])


def test_a_mask_without_runs_is_empty(tmp_path, capsys):
    where = workspace(tmp_path / "data", "ant", [MASK, MASK, *["m0,0,0,0"] * 39], anchors=marks({0: 1}))
    runs(tmp_path, {0: 1}, "m0,0,0,0")
    code, told = score(capsys, *where, dataset="VOT")
    assert (code, row(told, "T")[1]) == (0, ".951")  # two empty regions agree


def test_lengths_that_no_run_reaches_are_told_of_the_expected_overlap(tmp_path, capsys):
    for name in ("ant", "bee"):
        where = workspace(tmp_path / "data", name, [BOX] * 120, anchors=marks({0: 1}, 120))
        lines(tmp_path / "T" / "baseline" / name / f"{name}_00000000.txt", "1", *[BOX] * 119)
    lines(tmp_path / "data" / "list.txt", "ant", "bee")
    code, told = score(capsys, *where, dataset="VOT")
    assert code == 0
    assert "the longest run has 120 frames, and EAO averages lengths 115 to 755" in told
    code, told = score(capsys, *where, "--sequences", "ant", dataset="VOT")
    assert row(told, "T")[0] == "-"
    assert "no EAO of one sequence alone" in told


def test_masks_where_boxes_are_wanted_are_named(tmp_path, capsys):
    where = workspace(tmp_path / "data", "ant", [MASK] * 5)
    lines(tmp_path / "T" / "ant.txt", *[MASK] * 5)
    assert "a mask of VOT's" in score(capsys, *where, "--protocol", "ope", dataset="VOT")[1]
    assert "a mask of VOT's" in score(capsys, *where, dataset="folders")[1]


def test_a_later_year_of_vot_is_called_what_it_is(tmp_path, capsys):
    code, told = score(capsys, "--results", tmp_path, dataset="VOT2022")
    assert code == 2
    assert "a workspace of the VOT toolkit of any year is 'VOT'" in told
