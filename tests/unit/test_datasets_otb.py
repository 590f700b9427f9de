"""OTB as it lies on disk: what the archive holds is read, and every fault is named in one line."""

import os
from pathlib import Path

import numpy as np
import pytest

from drol_jax import datasets
from drol_jax.datasets.benchmarks import benchmarks
from drol_jax.datasets.definitions import Row
from drol_jax.datasets.sequence import Sequence
from drol_jax.errors import UserError
from drol_jax.image.frames import read

SHARED = Path(os.environ.get("DROL_JAX_SHARED", Path(__file__).parents[3] / "shared"))
REAL = SHARED / "realdata" / "OTB"
BY_NAME = {row.name: row for row in benchmarks()["OTB100"].rows}


def lay_out(root: Path, name: str, lines: list[str] | None = None, stem: str = "groundtruth_rect", digits: int = 4):
    """A sequence as the archive lays it out, with empty images; returns its folder."""
    row = BY_NAME[name]
    folder = root / row.folder
    (folder / "img").mkdir(parents=True, exist_ok=True)
    for number in range(row.first, row.last + 1):
        (folder / "img" / f"{number:0{digits}d}.jpg").touch()
    lines = boxes_for(row) if lines is None else lines
    (folder / f"{stem}{row.mark}.txt").write_text("\n".join(lines) + "\n")
    return folder


def open_otb(root: Path, row: Row) -> Sequence:
    (entry,) = datasets.load("OTB100", root, only=[row.name])
    return entry.open()


def boxes_for(row: Row) -> list[str]:
    return [f"{11 + i},{21 + i},30,40" for i in range(row.last - row.first + 1)]


def refusal(action) -> str:
    with pytest.raises(UserError) as caught:
        action()
    assert "\n" not in str(caught.value)
    return str(caught.value)


class TestReading:
    def test_boxes_become_0_based_and_the_origin_is_kept(self, tmp_path):
        lay_out(tmp_path, "Deer")
        sequence = open_otb(tmp_path, BY_NAME["Deer"])
        assert len(sequence) == 71
        assert sequence.origin == 1
        np.testing.assert_array_equal(sequence.first_box, [10, 20, 30, 40])
        assert sequence.frames[0] == tmp_path / "Deer" / "img" / "0001.jpg"
        assert "MB" in sequence.attributes
        assert not sequence.boxes.flags.writeable

    @pytest.mark.parametrize(
        "change",
        [
            lambda text: text.replace(",", "\t"),
            lambda text: text.replace(",", " "),
            lambda text: text.replace(",", "  "),
            lambda text: text.replace(",", ", "),
            lambda text: text.replace("\n", "\r\n"),
            lambda text: "\ufeff" + text,
            lambda text: text.replace("\n", ",\n"),
            lambda text: text.rstrip("\n"),
            lambda text: text + "\n\n",
            lambda text: text.replace(",", "\t", 30),
            lambda text: text.replace("30,40", "30.0,4e1"),
        ],
        ids=["tabs", "blanks", "two-blanks", "comma-blank", "crlf", "bom", "trailing-comma", "no-last-newline",
             "blank-end", "mixed", "floats"],
    )  # fmt: skip
    def test_every_spelling_of_a_table_gives_the_same_boxes(self, tmp_path, change):
        text = "\n".join(boxes_for(BY_NAME["Deer"])) + "\n"
        folder = lay_out(tmp_path, "Deer")
        (folder / "groundtruth_rect.txt").write_bytes(change(text).encode())
        boxes = open_otb(tmp_path, BY_NAME["Deer"]).boxes
        np.testing.assert_array_equal(boxes[:, 0], np.arange(10, 81))
        np.testing.assert_array_equal(boxes[:, 3], 40)

    def test_nan_is_an_absent_target(self, tmp_path):
        lines = boxes_for(BY_NAME["Deer"])
        lines[5] = "NaN,NaN,NaN,NaN"
        lay_out(tmp_path, "Deer", lines)
        assert np.isnan(open_otb(tmp_path, BY_NAME["Deer"]).boxes).all(axis=1).tolist() == [i == 5 for i in range(71)]

    def test_only_the_benchmarks_frames_are_listed(self, tmp_path):
        folder = lay_out(tmp_path, "Football1")
        for number in range(75, 82):
            (folder / "img" / f"{number:04d}.jpg").touch()
        (folder / "img" / "Thumbs.db").touch()
        assert len(open_otb(tmp_path, BY_NAME["Football1"])) == 74

    def test_five_digits_as_in_board_and_png_as_in_kitesurf(self, tmp_path):
        lay_out(tmp_path, "Board", digits=5)
        assert open_otb(tmp_path, BY_NAME["Board"]).frames[0] == tmp_path / "Board" / "img" / "00001.jpg"
        folder = lay_out(tmp_path, "KiteSurf")
        for path in (folder / "img").iterdir():
            path.rename(path.with_suffix(".png"))
        assert len(open_otb(tmp_path, BY_NAME["KiteSurf"])) == 84

    @pytest.mark.parametrize("lead", [0, 5])
    def test_tiger1_starts_at_image_6_whether_or_not_the_file_counts_the_first_five(self, tmp_path, lead):
        row = BY_NAME["Tiger1"]
        lay_out(tmp_path, "Tiger1", ["900,900,9,9"] * lead + boxes_for(row))
        sequence = open_otb(tmp_path, row)
        assert (len(sequence), sequence.first_box[0]) == (349, 10)

    def test_two_targets_in_one_folder(self, tmp_path):
        lay_out(tmp_path, "Jogging-1")
        lay_out(tmp_path, "Jogging-2", [f"{101 + i},5,6,7" for i in range(307)])
        assert open_otb(tmp_path, BY_NAME["Jogging-1"]).first_box[0] == 10
        assert open_otb(tmp_path, BY_NAME["Jogging-2"]).first_box[0] == 100

    def test_two_targets_in_one_folder_with_underscores_for_points(self, tmp_path):
        folder = lay_out(tmp_path, "Jogging-1")
        lay_out(tmp_path, "Jogging-2", [f"{101 + i},5,6,7" for i in range(307)])
        (folder / "groundtruth_rect.2.txt").rename(folder / "groundtruth_rect_2.txt")
        (folder / "groundtruth_rect_1.txt").write_text("\n".join(["1,1,2,2"] * 307))  # the archive's own counts
        assert open_otb(tmp_path, BY_NAME["Jogging-1"]).first_box[0] == 10
        assert open_otb(tmp_path, BY_NAME["Jogging-2"]).first_box[0] == 100

    def test_human4_has_one_annotated_target_under_either_name(self, tmp_path):
        folder = lay_out(tmp_path, "Human4-2")
        (folder / "groundtruth_rect.1.txt").touch()
        before = open_otb(tmp_path, BY_NAME["Human4-2"]).boxes
        (folder / "groundtruth_rect.2.txt").rename(folder / "groundtruth_rect.txt")
        np.testing.assert_array_equal(open_otb(tmp_path, BY_NAME["Human4-2"]).boxes, before)

    def test_the_other_name_of_the_annotation_file_and_lower_case_folders(self, tmp_path):
        lay_out(tmp_path, "Deer", stem="groundtruth").rename(tmp_path / "deer")
        (entry,) = datasets.load("OTB100", tmp_path, only=["Deer"])
        assert len(entry.open()) == 71


class TestFaults:
    def test_one_broken_sequence_does_not_stop_the_others(self, tmp_path):
        lay_out(tmp_path, "Deer")
        (lay_out(tmp_path, "Jump") / "groundtruth_rect.txt").unlink()
        entries = {entry.name: entry for entry in datasets.load("OTB50", tmp_path, only=["Deer", "Jump", "Girl"])}
        assert len(entries["Deer"].open()) == 71
        assert "groundtruth_rect.txt" in refusal(entries["Jump"].open)
        assert str(tmp_path / "Girl") in refusal(entries["Girl"].open)

    def test_a_missing_image_is_named(self, tmp_path):
        folder = lay_out(tmp_path, "Deer")
        (folder / "img" / "0033.jpg").unlink()
        message = refusal(lambda: open_otb(tmp_path, BY_NAME["Deer"]))
        assert str(folder / "img" / "0033.jpg") in message
        assert "1 of the 71" in message

    def test_a_missing_image_folder_is_named(self, tmp_path):
        folder = lay_out(tmp_path, "Deer")
        (folder / "img").rename(folder / "pictures")
        assert str(folder / "img") in refusal(lambda: open_otb(tmp_path, BY_NAME["Deer"]))

    @pytest.mark.parametrize("count", [70, 72])
    def test_too_few_or_too_many_lines_are_told_with_both_numbers(self, tmp_path, count):
        folder = lay_out(tmp_path, "Deer", ["1,2,3,4"] * count)
        message = refusal(lambda: open_otb(tmp_path, BY_NAME["Deer"]))
        assert str(folder / "groundtruth_rect.txt") in message
        assert f"{count} annotation lines" in message
        assert "71 frames" in message

    @pytest.mark.parametrize("line", ["1,2,x,4", "1,2,3", "1,2,3,4,5", "", "1,,3,4", "<html>"])
    def test_a_line_that_is_not_four_numbers_is_named(self, tmp_path, line):
        lines = boxes_for(BY_NAME["Deer"])
        lines[6] = line
        folder = lay_out(tmp_path, "Deer", lines)
        message = refusal(lambda: open_otb(tmp_path, BY_NAME["Deer"]))
        assert f"{folder / 'groundtruth_rect.txt'}, line 7" in message

    @pytest.mark.parametrize(
        ("content", "told"),
        [(b"", "empty"), (b" \n\n", "empty"), (b"\xff\xfe\x00", "cannot be read")],
        ids=["empty", "blank", "binary"],
    )
    def test_an_empty_or_binary_annotation_file_is_named(self, tmp_path, content, told):
        path = lay_out(tmp_path, "Deer") / "groundtruth_rect.txt"
        path.write_bytes(content)
        message = refusal(lambda: open_otb(tmp_path, BY_NAME["Deer"]))
        assert str(path) in message
        assert told in message

    @pytest.mark.parametrize("first", ["nan,nan,nan,nan", "nan,1,2,3", "1,2,inf,4", "1,2,-3,4"])
    def test_a_first_box_that_no_tracker_can_start_from_is_named(self, tmp_path, first):
        folder = lay_out(tmp_path, "Deer", [first, *boxes_for(BY_NAME["Deer"])[1:]])
        assert str(folder) in refusal(lambda: open_otb(tmp_path, BY_NAME["Deer"]))


class TestSelection:
    @pytest.mark.parametrize("folder", ["", "OTB", "OTB100"])
    def test_the_root_may_be_the_parent_of_the_benchmarks_folder(self, tmp_path, folder):
        lay_out(tmp_path / folder, "Deer")
        entries = datasets.load("OTB100", tmp_path)
        assert len(entries) == 100
        assert len(next(entry for entry in entries if entry.name == "Deer").open()) == 71

    def test_an_absent_root_says_what_was_looked_for_and_how_to_get_it(self, tmp_path):
        for root in (tmp_path / "nowhere", tmp_path):
            message = refusal(lambda root=root: datasets.load("OTB2013", root))
            for told in (str(root), "cvlab.hanyang.ac.kr/tracker_benchmark", "--data-root DIR", "img"):
                assert told in message
        assert "--data-root DIR" in refusal(lambda: datasets.load("OTB100"))

    @pytest.mark.parametrize(
        ("given", "name"),
        [("Jogging-1", "Jogging-1"), ("Jogging.1", "Jogging-1"), ("Jogging_2", "Jogging-2"), ("Jogging1", "Jogging-1"),
         ("jogging_1", "Jogging-1"), ("Skating2.1", "Skating2-1"), ("skating2_2", "Skating2-2"),
         ("Human4", "Human4-2"), ("human4_2", "Human4-2"), ("carDark", "CarDark"), ("faceocc1", "FaceOcc1")],
    )  # fmt: skip
    def test_other_toolkits_spellings_select(self, tmp_path, given, name):
        lay_out(tmp_path, "Deer")
        (entry,) = datasets.load("otb2015", tmp_path, only=[given])
        assert entry.name == name

    def test_an_unknown_sequence_is_answered_with_the_nearest(self, tmp_path):
        lay_out(tmp_path, "Deer")
        assert "'Basketball'" in refusal(lambda: datasets.load("OTB100", tmp_path, only=["Basketbal"]))

    def test_a_sequence_of_another_benchmark_is_unknown_here(self, tmp_path):
        lay_out(tmp_path, "Deer")
        assert "OTB2013" in refusal(lambda: datasets.load("OTB2013", tmp_path, only=["Biker"]))

    def test_an_unknown_dataset_is_answered_with_the_nearest(self):
        assert "'OTB100'" in refusal(lambda: datasets.load("OTB1000"))


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no real sequences under {REAL} (set DROL_JAX_SHARED)")
class TestReal:
    @pytest.mark.parametrize(
        ("name", "length", "first"),
        [("Couple", 140, [50, 46, 25, 62]), ("Crossing", 120, [204, 150, 17, 50]), ("David", 471, [128, 79, 64, 78]),
         ("Football1", 74, [152, 104, 26, 43]), ("Jogging-1", 307, [110, 97, 25, 101]),
         ("Jogging-2", 307, [179, 78, 37, 114]), ("Woman", 597, [212, 120, 21, 95])],
    )  # fmt: skip
    def test_real_sequences_open(self, name, length, first):
        (entry,) = datasets.load("OTB100", REAL.parent, only=[name])
        sequence = entry.open()
        assert len(sequence) == length
        np.testing.assert_array_equal(sequence.first_box, first)
        assert read(sequence.frames[-1]).shape[2] == 3
