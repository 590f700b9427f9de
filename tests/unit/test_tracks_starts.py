"""Start boxes: the same targets are found in every kind of file, and what cannot be right is told with its line."""

import json
from dataclasses import replace

import pytest
from track_tables import ODD, VIDEO, seen, table

from drol_jax.errors import UserError
from drol_jax.tracks.starts import KINDS, Start, checked, parse_box, read_starts
from drol_jax.tracks.starts.start import distinct
from drol_jax.tracks.writer import TableWriter

BOX = (305.0, 122.0, 10.0, 62.0)
ANNA = Start(0, "anna", (1.0, 2.0, 30.0, 40.0))


def read(tmp_path, content, name="first.txt", video=VIDEO):
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return read_starts(path, video)


def refused(tmp_path, content, told, **other) -> str:
    with pytest.raises(UserError, match=told) as error:
        read(tmp_path, content, **other)
    message = str(error.value)
    assert "first.txt" in message and "\n" not in message
    return message


class TestArgument:
    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            ("305,122,10,62", Start(0, None, BOX)),
            ("305, 122, 10, 62", Start(0, None, BOX)),
            ("305,122,10,62@30", Start(30, None, BOX)),
            ("305,122,10,62=anna", Start(0, "anna", BOX)),
            ("305,122,10,62@30=anna", Start(30, "anna", BOX)),
            ("305,122,10,62=a=b@3, c", Start(0, "a=b@3, c", BOX)),
            ("-3.5,122,10,62@0=\n", Start(0, "\n", (-3.5, *BOX[1:]))),
        ],
    )
    def test_is_a_box_with_a_frame_and_a_name_where_they_are_given(self, text, wanted):
        assert parse_box(text) == wanted

    @pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "1,2,3,4@x", "1,2,3,4@", "1,2,3,4@1.5=a"])
    def test_is_refused_with_an_example_where_it_is_none(self, text):
        with pytest.raises(UserError, match=rf"--box {text}: wanted .*305,122,110,262@30=anna"):
            parse_box(text)


class TestChecked:
    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("1,1,nan,5", "is not finite"),
            ("1,1,inf,5", "is not finite"),
            ("1,1,0,5", "no positive width and height"),
            ("9,9,5,-5", "no positive width and height"),
            (".1,.2,.3,.4", "not as parts of the image"),
            ("320,1,5,5", "outside the image of 320 x 192"),
            ("-5,1,5,5", "outside the image"),
            ("1,1,5,5@-1", "frames count from 0"),
            ("1,1,5,5=", "name is empty"),
            ("1,1,5,5= ", "name is empty"),
            ("1,1,5,5=\udcff", "no valid text"),
        ],
    )
    def test_what_cannot_be_right_is_told(self, text, told):
        with pytest.raises(UserError, match=told) as error:
            checked([parse_box(text)], VIDEO)
        assert str(error.value).startswith("--box")

    def test_two_targets_of_one_name_are_refused(self):
        with pytest.raises(UserError, match="2 targets are named 'anna'"):
            checked([parse_box("1,1,5,5=anna"), parse_box("9,1,5,5@3=anna")], VIDEO)

    def test_targets_without_a_name_get_the_next_number_that_is_free(self):
        given = [parse_box(text) for text in ("1,1,5,5", "1,1,5,5=target 2", "1,1,5,5", "1,1,5,5=anna")]
        assert [start.name for start in checked(given, VIDEO)] == ["target 1", "target 2", "target 3", "anna"]

    def test_a_box_partly_outside_is_taken(self):
        assert checked([parse_box("-4,-4,5,5")], VIDEO)[0].box == (-4, -4, 5, 5)


@pytest.mark.parametrize("labels", [["car", "car", "dog"], ["car", "car", "car 1"], ["car 1", "car", "car"]])
def test_targets_that_share_a_label_get_names_of_their_own(labels):
    names = distinct(labels)
    assert len(set(names)) == len(labels)
    assert all(name == label for name, label in zip(names, labels, strict=True) if labels.count(label) == 1)


@pytest.mark.parametrize(
    "ending", ["jsonl", "csv", "mot.txt", "coco.json", "cvat.xml", "labelstudio.json", "masks.json"]
)
def test_our_own_outputs_start_the_same_targets_again(tmp_path, ending):
    form = ending.split(".")[0]
    with TableWriter(tmp_path, "match", [form], VIDEO) as writer:
        for rows in table():
            writer.write(rows)
    starts = {start.name: start for start in read_starts(tmp_path / f"match.{ending}", VIDEO)}
    wanted = {"anna": 0, ODD: 2}
    if form == "masks":
        del wanted[ODD]  # has none
    assert {name: start.frame for name, start in starts.items()} == wanted
    for name, frame in wanted.items():
        x, y, w, h = seen()[frame, name]
        if form == "labelstudio":  # is clipped
            w, h, x = min(x + w, 320) - max(x, 0), min(h, 192 - y), max(x, 0)
        assert starts[name].box == pytest.approx((x, y, w, h), abs=0.011 if form == "cvat" else 0.002)


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


def coco(**other):
    image = {"id": 7, "file_name": "b.jpg", "width": 320, "height": 192}
    annotation = {"id": 3, "image_id": 7, "category_id": 2, "bbox": [1, 2, 30, 40]}
    return {"images": [image], "annotations": [annotation], "categories": [{"id": 2, "name": "anna"}], **other}


class TestCoco:
    def test_boxes_of_the_first_image_are_targets_where_there_are_no_tracks(self, tmp_path):
        assert read(tmp_path, coco()) == [ANNA]

    def test_an_image_is_found_among_those_of_the_video(self, tmp_path):
        video = replace(VIDEO, images=("a.jpg", "b.jpg"))
        assert read(tmp_path, coco(), video=video) == [replace(ANNA, frame=1)]

    def test_the_first_box_of_each_track_counts(self, tmp_path):
        images = [{"id": n, "file_name": f"{n}.jpg", "frame_id": n} for n in range(4)]
        boxes = [(2, 5, [9, 9, 9, 9]), (1, 5, [1, 2, 30, 40]), (3, 6, [5, 6, 7, 8])]
        annotations = [
            {"id": n, "image_id": i, "category_id": 2, "attributes": {"track_id": t}, "bbox": box}
            for n, (i, t, box) in enumerate(boxes)
        ]
        assert read(tmp_path, coco(images=images, annotations=annotations)) == [
            Start(1, "anna 1", ANNA.box),
            Start(3, "anna 2", (5, 6, 7, 8)),
        ]

    @pytest.mark.parametrize(
        ("changed", "told"),
        [
            (
                {"images": [{"id": 7, "file_name": "b", "width": 64, "height": 64}]},
                "image 7: .*64 x 64 pixels, the video",
            ),
            ({"annotations": [{"id": 3, "image_id": 8, "bbox": [1, 2, 3, 4]}]}, "annotation 3: there is no image"),
            ({"annotations": [{"id": 3, "image_id": 7}]}, "annotation 3: the key 'bbox' is missing"),
            ({"annotations": [{"id": 3, "image_id": 7, "bbox": [1, 2, 3]}]}, "annotation 3: the box is"),
            ({"annotations": [{"id": 3, "image_id": 7, "bbox": [1, 2, 3, "4"]}]}, "annotation 3: h is '4', no number"),
            ({"annotations": [{"id": 3, "image_id": 7, "bbox": [1, 2, -3, 4]}]}, "annotation 3: box .*no positive"),
            ({"annotations": 5}, "COCO: 'annotations' is no list"),
            ({"annotations": []}, "no start box in this COCO file"),
        ],
    )
    def test_a_mistake_is_told_with_its_place(self, tmp_path, changed, told):
        refused(tmp_path, coco(**changed), told)

    @pytest.mark.parametrize("content", ["{", "[1, 2", "[" * 100000])
    def test_broken_json_is_told(self, tmp_path, content):
        refused(tmp_path, content, "no JSON; export it again")

    @pytest.mark.parametrize("content", ["{}", "[]", '[{"image_id": 1, "bbox": [1, 2, 3, 4]}]'])
    def test_json_of_another_kind_is_told(self, tmp_path, content):
        refused(tmp_path, content, "JSON of no kind that is known here")


def cvat(inner: str, meta: str = "") -> str:
    return f'<?xml version="1.0"?>\n<annotations><version>1.1</version>{meta}{inner}</annotations>'


PLACE = 'xtl="1" ytl="2" xbr="31" ybr="42"'


class TestCvat:
    def test_the_first_visible_box_of_each_track_is_its_start(self, tmp_path):
        boxes = f'<box frame="2" outside="1" {PLACE}/><box frame="5" {PLACE}/><box frame="9" {PLACE}/>'
        content = cvat(f'<track id="0" label="anna">{boxes}</track><track id="1" label="bert"></track>')
        assert read(tmp_path, content) == [replace(ANNA, frame=5)]

    def test_boxes_of_the_first_image_that_has_any_are_targets(self, tmp_path):
        images = [
            '<image id="3" name="c.png" width="320" height="192"/>',
            f'<image id="4" name="d.png" width="320" height="192"><box label="anna" {PLACE}/></image>',
            f'<image id="5" name="e.png" width="320" height="192"><box label="bert" {PLACE}/></image>',
        ]
        assert read(tmp_path, cvat("".join(images))) == [replace(ANNA, frame=4)]

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            ("<annotations>\n<track>\n", "line 3: no XML"),
            ("<html></html>", "begins with <html>, wanted <annotations>"),
            (cvat('<track id="0" label="a"><box frame="0" xtl="1"/></track>'), "track 0: <box> has no ytl"),
            (cvat(f'<track id="0"><box frame="0" {PLACE}/></track>'), "track 0: <track> has no label"),
            (cvat(f'<track id="0" label="a"><box frame="x" {PLACE}/></track>'), "track 0: frame is 'x'"),
            (cvat(f'<track id="0" label="a"><box frame="0" rotation="9" {PLACE}/></track>'), "track 0: .*rotated by 9"),
            (
                cvat("", "<meta><task><original_size><width>9</width><height>9</height></original_size></task></meta>"),
                "meta: its images have 9 x 9 pixels, the video has 320 x 192",
            ),
            (cvat(""), "no start box in this CVAT file"),
        ],
    )
    def test_a_mistake_is_told_with_its_place(self, tmp_path, content, told):
        refused(tmp_path, content, told)


def region(**other):
    keyframe = {"frame": 3, "enabled": True, "rotation": 0, "x": 10, "y": 50, "width": 25, "height": 25}
    later = {**keyframe, "frame": 9, "x": 20}
    value = {"labels": ["anna"], "sequence": [later, {**keyframe, **other}]}
    return {"id": "r1", "type": "videorectangle", "value": value}


def task(*regions, key="annotations", video="match.mp4"):
    return {"data": {"video": f"/data/upload/1/ab12-{video}"}, key: [{"result": list(regions)}]}


class TestLabelStudio:
    def test_percent_become_pixels_and_frames_count_from_zero(self, tmp_path):
        assert read(tmp_path, [task(region())]) == [Start(2, "anna", (32, 96, 80, 48))]

    def test_regions_of_an_image_are_targets(self, tmp_path):
        value = {"x": 10, "y": 50, "width": 25, "height": 25, "rectanglelabels": ["anna"]}
        still = {"id": "r", "type": "rectanglelabels", "value": value}
        assert read(tmp_path, task(still, key="predictions")) == [Start(0, "anna", (32, 96, 80, 48))]

    def test_what_people_drew_comes_before_predictions(self, tmp_path):
        both = task(region()) | {"predictions": task(region(x=50), key="predictions")["predictions"]}
        assert read(tmp_path, both)[0].box[0] == 32

    def test_of_several_tasks_the_videos_is_taken(self, tmp_path):
        other, mine = task(region(x=0), video="other.mp4"), task(region())
        assert read(tmp_path, [other, mine])[0].box[0] == 32
        refused(tmp_path, [other, other], "2 tasks, 0 of them of match.mp4")

    @pytest.mark.parametrize(
        ("changed", "told"),
        [
            ({"frame": 0}, "task 1, region 'r1': frame 0; frames of Label Studio count from 1"),
            ({"rotation": 30}, "task 1, region 'r1': the box is rotated by 30"),
            ({"x": "10"}, "task 1, region 'r1': x is '10', no number"),
            ({"x": 120}, "task 1, region 'r1': box .* lies outside the image"),
        ],
    )
    def test_a_mistake_is_told_with_its_place(self, tmp_path, changed, told):
        refused(tmp_path, [task(region(**changed))], told)


def test_every_kind_has_a_name_of_its_own():
    assert len({kind.name for kind in KINDS}) == len(KINDS)


def test_a_broken_line_of_our_own_is_told_once_with_its_file(tmp_path):
    head = '{"drol_jax": "tracks", "version": 1, "video": {"name": "m", "width": 320, "height": 192, "rate": null, '
    message = refused(tmp_path, head + '"frames": null}}\n{}\n', "line 2: the key 'box' is missing")
    assert message.count("first.txt") == 1
