"""Result files as people have them: each is scored as what it is, or refused by name, never as something else."""

import json

import numpy as np
import pytest
from scipy.io import savemat
from score_files import BOX, lines, row, score


@pytest.fixture
def crossing(tmp_path):
    """A data root with Crossing of OTB, 120 equal boxes."""
    lines(tmp_path / "data" / "Crossing" / "groundtruth_rect.txt", *[BOX] * 120)
    return ["--data-root", tmp_path / "data", "--sequences", "Crossing"]


@pytest.fixture
def truck(tmp_path):
    """A data root with truck3 of UAV123, 535 equal boxes, and the pooled results of one run on all benchmarks."""
    lines(tmp_path / "data" / "anno" / "UAV123" / "truck3.txt", *[BOX] * 535)
    return ["--data-root", tmp_path / "data", "--sequences", "truck3", "--results", tmp_path / "run"]


def test_of_two_files_the_benchmarks_own_spelling_counts_and_the_other_is_named(truck, tmp_path, capsys):
    lines(tmp_path / "run" / "truck-3.txt", *["1,1,2,2"] * 600)
    lines(tmp_path / "run" / "uav_truck3.txt", *[BOX] * 535)
    code, told = score(capsys, *truck, dataset="UAV123")
    assert (code, row(told, "run")[0]) == (0, ".952")
    assert "uav_truck3.txt scored as truck3, truck-3.txt left aside" in told


@pytest.mark.parametrize(
    ("name", "count", "words"),
    [("truck-3", 600, "600 lines for 535 frames"), ("uav_truck3", 179, "as many as uav_truck3 of UAV123@10fps")],
)
def test_a_file_of_another_benchmarks_length_is_not_taken(truck, tmp_path, capsys, name, count, words):
    lines(tmp_path / "run" / f"{name}.txt", *[BOX] * count)
    code, told = score(capsys, *truck, "--dialect", "pytracking", dataset="UAV123")
    assert code == 1
    assert words in told
    assert "No mean" in told


def test_a_prefix_of_another_benchmark_names_no_sequence(crossing, tmp_path, capsys):
    lines(tmp_path / "run" / "uav_crossing.txt", *[BOX] * 120)
    assert score(capsys, *crossing, "--results", tmp_path / "run")[0] == 2


def test_two_spellings_that_differ_in_content_are_refused_and_equal_ones_named(tmp_path, capsys):
    lines(tmp_path / "data" / "Jogging" / "groundtruth_rect.1.txt", *[BOX] * 307)
    lines(tmp_path / "run" / "Jogging_1.txt", *[BOX] * 307)
    lines(tmp_path / "run" / "Jogging.1.txt", *[BOX] * 307)
    where = ["--data-root", tmp_path / "data", "--sequences", "Jogging-1", "--results", tmp_path / "run"]
    code, told = score(capsys, *where)
    assert (code, row(told, "run")[0]) == (0, ".952")
    assert "Jogging_1.txt left aside" in told
    lines(tmp_path / "run" / "Jogging_1.txt", *["1,1,2,2"] * 307)
    code, told = score(capsys, *where)
    assert code == 1
    assert "may both be Jogging-1's, and differ" in told


def test_the_folder_called_as_the_benchmark_holds_its_results(crossing, tmp_path, capsys):
    lines(tmp_path / "results" / "OTB100" / "T" / "Crossing.txt", *[BOX] * 120)
    lines(tmp_path / "results" / "VOT2018" / "T" / "baseline" / "crossing" / "crossing_001.txt", "1", *[BOX] * 119)
    code, told = score(capsys, *crossing, "--results", tmp_path / "results")
    assert (code, row(told, "T")[0]) == (0, ".952")
    assert "VOT2018" not in told


SPELLINGS = {
    "list of lists": [f"[[{BOX}],", *[f" [{BOX}],"] * 118, f"[{BOX}]]"],
    "list": [f"[{BOX}]"] * 120,
    "heads": ["x,y,w,h", *[BOX] * 120],
    "more heads": ["frame,x,y,width,height,score", *[f"7,{BOX},.5"] * 120],
    "frames": [f"{number},{BOX}" for number in range(1, 121)],
    "commas": ["20,0;20,0;30,0;20,0"] * 120,
}


@pytest.mark.parametrize("rows", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
def test_boxes_are_read_in_spellings_that_mean_one_thing(crossing, tmp_path, capsys, rows, encoding):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "Crossing.csv").write_text("\r\n".join(rows), encoding=encoding)
    code, told = score(capsys, *crossing, "--results", tmp_path / "run")
    assert (code, row(told, "run")[0]) == (0, ".952")


@pytest.mark.parametrize("line", [f"{BOX},0.97", f"5,{BOX}", "x1,y1,x2,y2", "20;20"])
def test_boxes_that_may_mean_several_things_are_refused_without_advice_to_delete(crossing, tmp_path, capsys, line):
    lines(tmp_path / "run" / "Crossing.txt", line, *[line if line[0] in "25" else BOX] * 119)
    code, told = score(capsys, *crossing, "--results", tmp_path / "run")
    assert code == 1
    assert "is not four numbers x,y,w,h" in told
    assert "delete" not in told


@pytest.mark.parametrize("form", ["json", "mat"])
def test_otbs_own_toolkits_files_are_read(crossing, tmp_path, capsys, form):
    boxes = np.tile([20.0, 20, 30, 20], (120, 1))
    folder = tmp_path / "Struck"
    folder.mkdir()
    if form == "json":
        run = {"evalType": "OPE", "resType": "rect", "res": boxes.tolist()}
        (folder / "Crossing.json").write_text(json.dumps([run]))
    else:
        cell = np.empty((1, 1), object)
        cell[0, 0] = {"type": "rect", "res": boxes, "len": 120}
        savemat(folder / "crossing_Struck.mat", {"results": cell})
    code, told = score(capsys, *crossing, "--results", folder)
    assert (code, row(told, "Struck")[0]) == (0, ".952")


@pytest.mark.parametrize("more", [[], ["--pad-short"], ["--dialect", "got10k"]])
def test_a_run_that_begins_behind_the_first_frame_is_refused_whatever_is_done_about_short_ones(
    crossing, tmp_path, capsys, more
):
    run = {"evalType": "OPE", "resType": "rect", "startFrame": 11, "endFrame": 120, "res": [[20, 20, 30, 20]] * 110}
    (tmp_path / "Late").mkdir()
    (tmp_path / "Late" / "Crossing.json").write_text(json.dumps([run]))
    code, told = score(capsys, *crossing, "--results", tmp_path / "Late", *more)
    assert code == 1
    assert "begins at image 11, 10 behind the first of Crossing" in told
    assert "--pad-short" not in told


def test_a_short_run_from_the_first_frame_on_may_be_continued(crossing, tmp_path, capsys):
    run = {"evalType": "OPE", "resType": "rect", "startFrame": 1, "endFrame": 119, "res": [[20, 20, 30, 20]] * 119}
    (tmp_path / "Short").mkdir()
    (tmp_path / "Short" / "Crossing.json").write_text(json.dumps([run]))
    code, told = score(capsys, *crossing, "--results", tmp_path / "Short")
    assert code == 1
    assert "if its last ones are missing, --pad-short repeats the last box" in told
    assert score(capsys, *crossing, "--results", tmp_path / "Short", "--pad-short")[0] == 0


def test_results_of_another_kind_than_boxes_are_refused(crossing, tmp_path, capsys):
    lines(tmp_path / "T" / "Crossing.json", '[{"resType": "ivtAff", "res": [[0, 0, 1, 1, 0, 0]]}]')
    code, told = score(capsys, *crossing, "--results", tmp_path / "T")
    assert code == 1
    assert "kind 'ivtAff', not boxes" in told


@pytest.mark.parametrize("content", [b"<html>not found</html>", b"", b"MATLAB 7.3 MAT-file" + bytes(500)])
def test_a_file_that_is_none_of_matlabs_is_named(crossing, tmp_path, capsys, content):
    (tmp_path / "T").mkdir()
    (tmp_path / "T" / "Crossing_T.mat").write_bytes(content)
    code, told = score(capsys, *crossing, "--results", tmp_path / "T")
    assert code == 1
    assert "Crossing_T.mat as MATLAB's" in told


def test_numbers_of_columns_are_no_box(crossing, tmp_path, capsys):
    lines(tmp_path / "T" / "Crossing.csv", "0,1,2,3", *[BOX] * 120)
    code, told = score(capsys, *crossing, "--results", tmp_path / "T", "--dialect", "pytracking")
    assert code == 1
    assert "may be numbers of columns" in told


def test_a_groundtruth_that_lost_lines_is_told(tmp_path, capsys):
    lines(tmp_path / "data" / "kite" / "kite-4" / "groundtruth.txt", *[BOX] * 60)
    for flags in ("full_occlusion", "out_of_view"):
        lines(tmp_path / "data" / "kite" / "kite-4" / f"{flags}.txt", ",".join("0" * 60))
    lines(tmp_path / "T" / "kite-4.txt", *[BOX] * 2000)
    where = ["--data-root", tmp_path / "data", "--sequences", "kite-4", "--results", tmp_path / "T"]
    assert "of other lengths than LaSOT has: kite-4 60, known" in score(capsys, *where, dataset="LaSOT")[1]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("20,20,50,40", "as two corners x1,y1,x2,y2"),
        ("20,20,49,39", "as two corners x1,y1,x2,y2"),
        ("35,30,30,20", "as centre and size"),
        ("20,20,20,30", "as y,x,h,w"),
        (".2,.3,.1,.1", "which are shares of the image"),
        ("20,20,inf,20", "is no box"),
        ("nan,nan,nan,nan", "holds no box, NaN alone"),
    ],
)
def test_boxes_in_another_form_are_refused_by_their_first_line(crossing, tmp_path, capsys, line, words):
    lines(tmp_path / "run" / "Crossing.txt", *[line] * 120)
    code, told = score(capsys, *crossing, "--results", tmp_path / "run")
    assert code == 1
    assert words in told


def test_a_first_line_alone_in_another_form_is_what_published_files_have(crossing, tmp_path, capsys):
    lines(tmp_path / "run" / "Crossing.txt", "20,20,50,40", *["20,20,30,20"] * 119)
    assert score(capsys, *crossing, "--results", tmp_path / "run")[0] == 0


def test_results_deeper_than_those_that_are_scored_are_named(crossing, tmp_path, capsys):
    for place in ("A", "A/before", "more/B", "details", "A/Crossing"):
        lines(tmp_path / "run" / place / "Crossing.txt", *[BOX] * 120)
    code, told = score(capsys, *crossing, "--results", tmp_path / "run")
    assert (code, row(told, "A")[0]) == (0, ".952")
    assert f"note: {tmp_path / 'run/A/before'}, {tmp_path / 'run/more/B'}: results, deeper than those" in told


def test_what_a_folder_holds_in_place_of_results_is_named(crossing, tmp_path, capsys):
    lines(tmp_path / "run" / "Crossing_1.txt", *[BOX] * 120)
    code, told = score(capsys, *crossing, "--results", tmp_path / "run")
    assert code == 2
    assert "(it holds Crossing_1.txt)" in told


def test_starts_without_a_failure_between_are_no_run_with_restarts(tmp_path, capsys):
    for name, count in (("bag", 196), ("book", 175)):
        lines(tmp_path / "data" / name / "groundtruth.txt", *[BOX] * count)
        lines(tmp_path / "data" / name / "sequence", "width=80", "height=60")
        body = ["1", *[BOX] * 50, "1", *[BOX] * (count - 52)]
        lines(tmp_path / "run" / "t" / "baseline" / name / f"{name}_001.txt", *body)
    options = ["--data-root", tmp_path / "data", "--sequences", "bag,book", "--results", tmp_path / "run"]
    code, told = score(capsys, *options, dataset="VOT2018")
    assert code == 1
    assert "a start (code 1) stands in frame 51 (counted from 0) and no failure (code 2)" in told


def test_files_and_folders_of_repetitions_in_one_folder_all_count(tmp_path, capsys):
    for name, frames in (("Deer", 71), ("Crossing", 120)):
        lines(tmp_path / "data" / name / "groundtruth_rect.txt", *[BOX] * frames)
    lines(tmp_path / "T" / "Deer.txt", *[BOX] * 71)
    lines(tmp_path / "T" / "Deer" / "Deer_001.txt", *["1,1,2,2"] * 71)
    lines(tmp_path / "T" / "Crossing" / "Crossing_001.txt", *[BOX] * 120)
    where = ["--data-root", tmp_path / "data", "--sequences", "Deer,Crossing", "--results", tmp_path / "T"]
    code, told = score(capsys, *where)
    assert (code, row(told, "T")[0]) == (0, ".952")
    assert "Over all 2 sequences" in told
    assert "Deer.txt scored as Deer, Deer/ left aside" in told


def test_parameters_are_what_a_tracker_is_called_whose_folders_are_called_as_benchmarks(crossing, tmp_path, capsys):
    for name in ("dimp50_000", "dimp50_001"):
        lines(tmp_path / "results" / "dimp" / name / "otb" / "Crossing.txt", *[BOX] * 120)
        lines(tmp_path / "results" / "dimp" / name / "lasot" / "Crossing.txt", *["1,1,2,2"] * 120)
    code, told = score(capsys, *crossing, "--results", tmp_path / "results")
    assert (code, row(told, "dimp50_001")[0]) == (0, ".952")
    assert "dimp50, 2 runs" in told


@pytest.mark.parametrize(
    ("names", "together"),
    [(("Net_256", "Net_384"), False), (("Net_000", "Net_001"), True), (("Net_s0", "Net_s1"), True),
     (("Net_1", "Net_2"), True), (("Net_2", "Net_3"), False), (("Net_1", "Net_002"), False)],
)  # fmt: skip
def test_numbers_that_count_up_are_repetitions_and_others_are_names(crossing, tmp_path, capsys, names, together):
    for name in names:
        lines(tmp_path / "results" / name / "Crossing.txt", *[BOX] * 120)
    asked = [*crossing, "--results", tmp_path / "results"]
    assert ("AUC .952 ±" in score(capsys, *asked)[1]) == together
    group = "apart" if together else f"Net={','.join(names)}"
    assert ("AUC .952 ±" in score(capsys, *asked, "--runs", group)[1]) != together
    assert score(capsys, *asked, "--runs", "Net=Other")[0] == 2
