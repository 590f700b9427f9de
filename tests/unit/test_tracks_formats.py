"""Formats of tracks: other readers find the same boxes, the same gaps and the same names."""

import csv
import io
import json
from xml.etree import ElementTree

import numpy as np
import pytest
from track_tables import ODD, VIDEO, mask_of, row, seen, table

from drol_jax.errors import UserError
from drol_jax.tracks import rle
from drol_jax.tracks.formats import FORMATS, Document, Stream, parse_save
from drol_jax.tracks.formats.csv import guarded, unguarded
from drol_jax.tracks.table import TargetState, Video

ROWS = [row for rows in table() for row in rows]
IDS = {"anna": 1, ODD: 2}


def stream(name: str, rows=ROWS, video=VIDEO, ids=IDS) -> str:
    form = FORMATS[name]
    assert isinstance(form, Stream)
    return form.begin(video) + form.lines(rows, ids)


def texts(name: str, rows=ROWS, video=VIDEO) -> tuple[str, ...]:
    form = FORMATS[name]
    assert isinstance(form, Document)
    made = form.document(video, rows)
    assert len(made) == len(form.suffixes)
    return made


def assert_seen(found, within: float) -> None:
    assert found.keys() == seen().keys()
    for key, box in seen().items():
        np.testing.assert_allclose(found[key], box, atol=within)


class TestCsv:
    def test_holds_a_line_for_each_row_and_no_box_where_there_is_none(self):
        lines = list(csv.DictReader(io.StringIO(stream("csv"), newline="")))
        assert len(lines) == len(ROWS)
        boxes = {
            (int(line["frame"]), unguarded(line["name"])): [float(line[k]) for k in "xywh"]
            for line in lines
            if line["x"]
        }
        assert_seen(boxes, 0.0005)
        assert [line["state"] for line in lines if line["name"] == "anna"][4:8] == ["lost"] * 3 + ["found again"]
        assert float(lines[1]["time"]) == pytest.approx(1001 / 30000, abs=1e-6)

    def test_no_cell_is_a_formula(self):
        for line in csv.reader(io.StringIO(stream("csv"), newline="")):
            assert not any(cell.startswith(("=", "+", "@")) for cell in line)

    @pytest.mark.parametrize(
        "name", ["=1+1", "@x", "+1", "-1", "\tx", "'=1", "''=1", "'quoted'", "anna", "a=b", "\n=x"]
    )
    def test_the_guard_of_a_name_can_be_taken_off(self, name):
        assert unguarded(guarded(name)) == name
        assert guarded(name)[0] not in "=+-@\t\n"

    def test_names_that_a_target_lies_on_can_be_told_apart(self):
        line = next(line for line in csv.DictReader(io.StringIO(stream("csv"), newline="")) if line["overlap"])
        assert unguarded(line["overlap"]) == ODD + ";a\\;b"


class TestMot:
    def test_has_ten_columns_counts_frames_from_one_and_leaves_out_what_is_not_seen(self):
        lines = [line.split(",") for line in stream("mot").splitlines()]
        assert {len(line) for line in lines} == {10}
        names = {number: name for name, number in IDS.items()}
        assert_seen(
            {(int(a) - 1, names[int(b)]): [float(v) for v in box] for a, b, *box in (x[:6] for x in lines)}, 5e-4
        )

    def test_every_line_counts_for_readers_that_leave_out_confidence_zero(self):
        text = stream("mot", [row(0, confidence=0.0), row(1, state=TargetState.OCCLUDED)])
        assert [line.split(",")[6:] for line in text.splitlines()] == [
            ["0.0001", "1", "1", "-1"],
            ["0.8750", "1", "0", "-1"],
        ]

    def test_names_are_in_the_file_beside_it(self):
        form = FORMATS["mot"]
        assert isinstance(form, Stream)
        lines = list(csv.reader(io.StringIO(form.beside[".mot.names.csv"](IDS), newline="")))
        assert lines == [["id", "name"], ["1", "anna"], ["2", "'" + ODD]]


class TestCoco:
    def test_boxes_are_found_by_image_and_category(self):
        content = json.loads(texts("coco")[0])
        frames = {image["id"]: image["frame_id"] for image in content["images"]}
        names = {category["id"]: category["name"] for category in content["categories"]}
        found = {(frames[a["image_id"]], names[a["category_id"]]): a["bbox"] for a in content["annotations"]}
        assert_seen(found, 0.0005)
        assert [image["file_name"] for image in content["images"]][:2] == ["match/000000.jpg", "match/000001.jpg"]
        assert {track["id"]: track["name"] for track in content["tracks"]} == names
        assert len({a["id"] for a in content["annotations"]}) == len(found)

    def test_a_polygon_is_the_masks_and_else_the_boxs(self):
        content = json.loads(texts("coco", [row(0, polygon=(0.0, 0.0, 4.0, 0.0, 4.0, 3.0)), row(1)])[0])
        first, second = content["annotations"]
        assert first["segmentation"] == [[0, 0, 4, 0, 4, 3]] and first["area"] == 6
        assert second["segmentation"][0][:4] == [11, 20, 51.062, 20]  # 51.0625, rounded to even
        assert second["area"] == pytest.approx(40.0625 * 30.5, abs=1e-3)

    def test_images_of_a_folder_keep_their_names(self):
        video = Video(name="frames", width=320, height=192, rate=None, frames=2, images=("a.png", "b.png"))
        content = json.loads(texts("coco", [row(0), row(1)], video)[0])
        assert [image["file_name"] for image in content["images"]] == ["a.png", "b.png"]

    def test_masks_are_those_of_the_rows_and_only_they(self):
        content = json.loads(texts("masks")[0])
        frames = {image["id"]: image["frame_id"] for image in content["images"]}
        assert [frames[a["image_id"]] for a in content["annotations"]] == [0, 1, 2, 3, 8, 10, 11]
        for annotation in content["annotations"]:
            wanted = mask_of(frames[annotation["image_id"]])
            assert annotation["segmentation"]["size"] == [192, 320]
            np.testing.assert_array_equal(rle.decode(annotation["segmentation"]["counts"], 192, 320), wanted)
            assert annotation["area"] == wanted.sum()


class TestMaskText:
    def test_is_the_text_that_pycocotools_makes(self):
        assert rle.encode(np.zeros((3, 4))) == "<"
        assert rle.encode(np.ones((3, 4))) == "0<"
        square = np.zeros((192, 320), bool)
        square[50:150, 100:103] = True
        assert rle.encode(square) == "bib0T3l2000^dX1"

    @pytest.mark.parametrize("seed", range(5))
    def test_reads_back(self, seed):
        mask = np.random.default_rng(seed).random((40, 70)) > seed / 5
        assert rle.area(rle.encode(mask)) == mask.sum()
        np.testing.assert_array_equal(rle.decode(rle.encode(mask), 40, 70), mask)

    def test_of_another_size_is_refused(self):
        with pytest.raises(ValueError, match="12 pixels"):
            rle.decode("<", 4, 4)


class TestCvat:
    def tracks(self, rows=ROWS, video=VIDEO):
        return ElementTree.fromstring(texts("cvat", rows, video)[0]).findall("track")

    def test_visible_keyframes_are_the_boxes(self):
        found = {}
        for track in self.tracks():
            for box in track.iter("box"):
                assert box.get("keyframe") == "1"
                if box.get("outside") == "0":
                    left, top, right, bottom = (float(box.attrib[k]) for k in ("xtl", "ytl", "xbr", "ybr"))
                    found[int(box.attrib["frame"]), track.attrib["label"]] = (left, top, right - left, bottom - top)
        assert_seen(found, 0.011)

    def test_a_loss_ends_in_a_box_outside_at_the_next_frame_but_not_at_the_films_end(self):
        ends = {
            t.get("label"): [b.get("frame") for b in t.iter("box") if b.get("outside") == "1"] for t in self.tracks()
        }
        assert ends == {"anna": ["4"], ODD: ["8"]}

    def test_occluded_is_told(self):
        assert [b.get("frame") for t in self.tracks() for b in t.iter("box") if b.get("occluded") == "1"] == ["9"]

    def test_a_track_that_stops_before_the_films_end_is_ended(self):
        (track,) = self.tracks([row(0), row(1)])
        assert [box.get("outside") for box in track.iter("box")] == ["0", "0", "1"]

    def test_characters_that_xml_cannot_hold_do_not_break_it(self):
        (track,) = self.tracks([row(0, "a\x00b\x1b")])
        assert track.get("label") == "a\ufffdb\ufffd"


class TestLabelStudio:
    def regions(self, rows=ROWS, video=VIDEO):
        ((task),) = json.loads(texts("labelstudio", rows, video)[0])
        return task["predictions"][0]["result"]

    def test_keyframes_are_percent_of_the_image_cut_to_it_and_count_from_one(self):
        anna, odd = self.regions()
        assert anna["value"]["labels"] == ["anna"] and odd["value"]["labels"] == [ODD]
        first = anna["value"]["sequence"][0]
        assert (
            first["frame"] == 1 and first["x"] == 3.125 and first["height"] == pytest.approx(100 * 30.5 / 192, abs=1e-5)
        )
        cut = odd["value"]["sequence"][0]
        assert (cut["frame"], cut["x"], cut["width"]) == (3, 0, pytest.approx(100 * 25 / 320, abs=1e-5))
        assert cut["y"] + cut["height"] == pytest.approx(100)

    def test_what_is_lost_is_hidden_after_its_last_frame(self):
        hidden = [[k["frame"] for k in r["value"]["sequence"] if not k["enabled"]] for r in self.regions()]
        assert hidden == [[4], [8]]

    def test_a_box_wholly_outside_is_as_not_seen(self):
        (region,) = self.regions([row(0), row(1, box=(-50.0, 0.0, 20.0, 20.0)), row(2)])
        assert [(k["frame"], k["enabled"]) for k in region["value"]["sequence"]] == [(1, False), (3, False)]

    def test_the_interface_names_each_target_and_the_films_rate(self):
        interface = ElementTree.fromstring(texts("labelstudio")[1])
        assert [label.get("value") for label in interface.iter("Label")] == ["anna", ODD]
        assert interface.find("Video").get("framerate") == "29.97003"
        region = self.regions()[0]
        assert region["from_name"] == interface.find("VideoRectangle").get("name")
        assert region["value"]["duration"] == pytest.approx(12 * 1001 / 30000)

    def test_a_video_without_a_rate_has_that_of_its_frames(self):
        video = Video(name="cam", width=320, height=192, rate=None, frames=None)
        interface = ElementTree.fromstring(texts("labelstudio", video=video)[1])
        assert float(interface.find("Video").get("framerate")) == pytest.approx(30000 / 1001)
        assert self.regions(video=video)[0]["value"]["framesCount"] == 12


class TestAll:
    @pytest.mark.parametrize("name", FORMATS)
    def test_the_same_table_gives_the_same_text(self, name):
        made = [stream(name) if isinstance(FORMATS[name], Stream) else texts(name) for _ in range(2)]
        assert made[0] == made[1]

    @pytest.mark.parametrize("name", [name for name in FORMATS if isinstance(FORMATS[name], Document)])
    def test_a_table_without_rows_is_written_too(self, name):
        assert all(texts(name, []))

    def test_no_number_is_a_negative_zero(self):
        rows = [row(0, box=(-0.0001, -0.0, 3.0, 3.0))]
        for name in FORMATS:
            made = stream(name, rows) if isinstance(FORMATS[name], Stream) else "".join(texts(name, rows))
            assert "-0.0" not in made


class TestParseSave:
    def test_gives_each_name_once_in_order(self):
        assert parse_save(" mp4,CSV, mot,csv", {"mp4"}) == ("mp4", "csv", "mot")

    def test_an_unknown_name_is_told_with_the_nearest(self):
        with pytest.raises(UserError, match=r"'cvatt' is unknown; the nearest is 'cvat'; choose of mp4, jsonl, csv"):
            parse_save("csv,cvatt", ["mp4"])

    def test_a_name_of_elsewhere_is_unknown_where_it_is_not_told(self):
        with pytest.raises(UserError, match="'mp4' is unknown"):
            parse_save("mp4")

    def test_nothing_is_refused(self):
        with pytest.raises(UserError, match="names nothing"):
            parse_save(" , ")
