"""Start boxes in tables of text: CSV, MOTChallenge, YOLO; a mistake is told with its line."""

from dataclasses import replace

import pytest
from start_files import ANNA, read, refused
from track_tables import VIDEO

from drol_jax.errors import UserError
from drol_jax.tracks.starts import Start, read_starts


class TestCsv:
    @pytest.mark.parametrize(
        "content",
        [
            "x,y,w,h,name\n1,2,30,40,anna\n",
            "Name;Frame;X;Y;Width;Height\r\nanna;0;1,0;2;30;40\r\n",
            "\ufeffname\tleft\ttop\twidth\theight\nanna\t1\t2\t30\t40\n\n",
            "# mine\n0,anna,1,2,30,40\n",
            'frame,name,x,y,w,h\n0,"anna",1.0, 2, 30,40',
            "0 anna 1 2 30 40",
        ],
    )
    def test_columns_are_found_by_name_or_by_their_number(self, tmp_path, content):
        assert read(tmp_path, content) == [ANNA]

    def test_four_and_five_columns_have_no_name(self, tmp_path):
        assert read(tmp_path, "1,2,30,40\n5,6,7,8\n") == [
            replace(ANNA, name="target 1"),
            Start(0, "target 2", (5, 6, 7, 8)),
        ]
        assert read(tmp_path, "7,1,2,30,40\n") == [Start(7, "target 1", ANNA.box)]

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            ("1,2,30,40\n1,2,x,40\n", "line 2: w is 'x', no number"),
            ("1,2,30,40\n\n1,2,30\n", "line 3: 3 columns, the first line has 4"),
            ("1,2,30\n", "line 1: 3 columns; wanted a header"),
            ("x,y,x2,y2\n1,2,3,4\n", "line 1: the header has no w, h; wanted"),
            ("1.5,1,2,30,40\n", "line 1: frame is '1.5', no whole number"),
            ("1,2,30,40\n1,2,0,40\n", "line 2: box 1,2,0,40 has no positive width"),
            ("0,a,1,2,30,40\n3,a,1,2,30,40\n", "line 1: 2 targets are named 'a'"),
            ("", "the file is empty"),
            ("x,y,w,h\n", "no start box in this CSV file"),
            ("hello", "line 1: the header has no x, y, w, h"),
        ],
    )
    def test_a_mistake_is_told_with_its_line(self, tmp_path, content, told):
        refused(tmp_path, content, told)

    def test_a_film_given_for_a_table_is_told(self, tmp_path):
        (tmp_path / "film.mp4").write_bytes(b"\x00\x00\x00\x18ftypmp42\xff\xfe")
        with pytest.raises(UserError, match=r"cannot read start boxes .*film\.mp4: .*utf-8"):
            read_starts(tmp_path / "film.mp4", VIDEO)

    def test_a_missing_file_is_told(self, tmp_path):
        with pytest.raises(UserError, match=r"none\.csv: No such file"):
            read_starts(tmp_path / "none.csv", VIDEO)


class TestMot:
    def test_the_first_line_of_each_id_is_its_start(self, tmp_path):
        content = "2,1,5,5,9,9,1,1,1\n1,1,1,2,30,40,1,1,1\n3,7,50,60,10,10,1,1,1\n4,7,51,60,10,10,1,1,1\n"
        assert read(tmp_path, content) == [
            Start(0, "target 1", ANNA.box),
            Start(2, "target 2", (50, 60, 10, 10)),
        ]

    def test_detections_of_nobody_are_those_of_the_first_frame(self, tmp_path):
        content = "1,-1,1,2,30,40,.9,-1,-1,-1\n1,-1,50,60,10,10,.9,-1,-1,-1\n2,-1,51,60,10,10,.9,-1,-1,-1\n"
        assert [start.box for start in read(tmp_path, content)] == [ANNA.box, (50, 60, 10, 10)]

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            ("0,1,1,2,30,40,1\n", "line 1: frame 0; frames of MOTChallenge text count from 1"),
            ("1,1,1,2,30,40,1\n2,1,1\n", "line 2: 3 columns, wanted frame,id"),
            ("1,1,1,2,30,40,1\n2,1,1,a,3,4,1\n", "line 2: y is 'a'"),
        ],
    )
    def test_a_mistake_is_told_with_its_line(self, tmp_path, content, told):
        refused(tmp_path, content, told)


class TestYolo:
    def test_parts_of_the_image_become_pixels(self, tmp_path):
        assert read(tmp_path, "0 0.5 0.5 0.25 0.5\n") == [Start(0, "target 1", (120, 48, 80, 96))]

    def test_names_are_those_of_the_classes_beside_it(self, tmp_path):
        (tmp_path / "classes.txt").write_text("car\ndog\n")
        content = "0 0.5 0.5 0.25 0.5\n1 0.5 0.5 0.1 0.1 0.93\n0 0.2 0.2 0.1 0.1\n"
        assert [start.name for start in read(tmp_path, content)] == ["car 1", "dog", "car 2"]
        refused(tmp_path, "2 0.5 0.5 0.25 0.5\n", r"line 1: class 2, classes\.txt has 2")

    def test_a_part_beyond_one_is_told(self, tmp_path):
        refused(tmp_path, "0 .5 .5 .2 .2\n0 1.2 .5 .2 .2\n", "line 2: 1.2 .5 .2 .2 is not within 0 and 1")
