"""Start boxes in documents of annotation tools: COCO, CVAT, Label Studio; a mistake is told with its place."""

from dataclasses import replace

import pytest
from start_files import ANNA, read, refused
from track_tables import VIDEO

from drol_jax.tracks.starts import Start


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
            ({"annotations": [{"id": 3, "image_id": 7, "bbox": [1, 2, 3, 10**400]}]}, "integer 1000.* has 401 digits"),
            ({"annotations": [{"id": 3, "image_id": 7, "bbox": [1, 2, -3, 4]}]}, "annotation 3: box .*no positive"),
            ({"annotations": 5}, "COCO: 'annotations' is no list"),
            ({"annotations": []}, "no start box in this COCO file"),
        ],
    )
    def test_a_mistake_is_told_with_its_place(self, tmp_path, changed, told):
        refused(tmp_path, coco(**changed), told)

    @pytest.mark.parametrize("content", ["{", "[1, 2", "[" * 100000])
    def test_broken_json_is_told(self, tmp_path, content):
        refused(tmp_path, content, r"line 1: no JSON \(.*\); export it again")

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
