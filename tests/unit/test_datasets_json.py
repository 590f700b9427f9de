"""PySOT's JSON files in all their forms, definitions of benchmarks, and annotations that hold just anything."""

import contextlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trees import MINIATURES, write

from drol_jax import datasets
from drol_jax.datasets.benchmarks import benchmarks
from drol_jax.datasets.text import read_boxes
from drol_jax.errors import UserError

BY_DATASET = {mini.dataset: mini for mini in MINIATURES}


def opened(dataset: str, root: Path, name: str | None = None, **options) -> datasets.Sequence:
    (entry,) = datasets.load(dataset, root, only=None if name is None else [name], **options)
    return entry.open()


KEYS = st.sampled_from(["gt_rect", "img_names", "image_files", "absent", "occlusion", "attr", "height", "width"])


def read_or_refused(action) -> None:
    """Any other exception than a UserError fails the test."""
    with contextlib.suppress(UserError):
        assert isinstance(action(), datasets.Sequence)


class TestJsonForms:
    def item(self, **fields) -> dict:
        return {"img_names": ["a/1.jpg", "a/2.jpg", "a/3.jpg"], "gt_rect": [[5, 6, 7, 8]] * 3, "attr": []} | fields

    def write(self, root: Path, name: str, **items: dict) -> Path:
        write(root / name, json.dumps({key.replace("_", "-"): item for key, item in items.items()}).encode())
        return root / name

    @pytest.mark.parametrize("flags", [[1, 0, 1], [0, 1, 0]])
    def test_what_lasot_calls_absent_is_what_the_first_frame_is_not(self, tmp_path, flags):
        path = self.write(tmp_path, "LaSOT.json", kite_4=self.item(absent=flags))
        assert opened("LaSOT", path, "kite-4", images=False).absent.tolist() == [False, True, False]

    def test_tags_sizes_and_polygons(self, tmp_path):
        tags = {"camera_motion": [0, 1, 0], "illum_change": [], "occlusion": [1]}
        square = [1.0, 2, 3, 2, 3, 5, 1, 5]
        path = self.write(tmp_path, "VOT2018.json", bag=self.item(gt_rect=[square] * 3, height=64, width=96, **tags))
        sequence = opened("VOT2018", path, "bag", images=False)
        assert sequence.size == (64, 96)
        assert sequence.tags["camera_motion"].tolist() == [False, True, False]
        assert sequence.tags["occlusion"].tolist() == [True, False, False]
        assert not sequence.tags["illum_change"].any()
        np.testing.assert_array_equal(sequence.polygons, [square] * 3)

    def test_a_file_without_any_tag_claims_none_and_without_names_expects_the_official_ones(self, tmp_path):
        path = self.write(tmp_path, "VOT2019.json", agility=self.item(img_names=[], camera_motion=[]))
        sequence = opened("VOT2019", path, "agility", images=False)
        assert sequence.tags == {}
        assert sequence.frames[2] == tmp_path / "agility" / "color" / "00000003.jpg"

    def test_nan_and_a_lone_number_are_an_absent_target(self, tmp_path):
        rects = [[5, 6, 7, 8], [float("nan")] * 4, [0]]
        path = self.write(tmp_path, "VOT2018-LT.json", yamaha=self.item(gt_rect=rects))
        boxes = opened("VOT2018-LT", path, "yamaha", images=False).boxes
        assert np.isnan(boxes[:, 0]).tolist() == [False, True, True]

    @pytest.mark.parametrize("shift", [0, 1])
    def test_files_shifted_to_origin_0_are_told_by_a_first_box(self, tmp_path, shift):
        first = np.subtract([198, 214, 34, 81], [shift, shift, 0, 0]).tolist()
        item = self.item(gt_rect=[first] * 725, img_names=[f"{n}.jpg" for n in range(725)])
        path = self.write(tmp_path, "OTB100.json", Basketball=item)
        sequence = opened("OTB100", path, "Basketball", images=False)
        np.testing.assert_array_equal(sequence.first_box, [197, 213, 34, 81])
        assert sequence.origin == 1

    def test_boxes_of_something_else_are_refused(self, tmp_path):
        path = self.write(tmp_path, "OTB100.json", Basketball=self.item())
        with pytest.raises(UserError, match=r"Basketball starts at .* unlike OTB100's own annotation"):
            datasets.load("OTB100", path)

    def test_dasiamrpns_form(self, tmp_path):
        item = {"name": "jogging_1", "image_files": ["0001.jpg", "0002.jpg"], "gt_rect": [[9, 9, 9, 9]] * 2}
        write(tmp_path / "OTB2015.json", json.dumps({"jogging_1": item}).encode())
        sequence = opened("OTB100", tmp_path, "Jogging-1", images=False)
        assert sequence.frames[1] == tmp_path / "Jogging" / "img" / "0002.jpg"

    @pytest.mark.parametrize(
        "content",
        [b"", b"{", b"[]", b"{}", b'{"ants1": {}}', b'{"ants1": {"gt_rect": []}}',
         b'{"other": {"gt_rect": [[1,2,3,4]]}}',
         b'{"ants1": {"gt_rect": [[1,2],[3,4]], "img_names": ["1", "2"]}}',
         b'{"ants1": {"gt_rect": [[1,2,3,4], [1,2,3,4]], "img_names": ["1", "2", "3"]}}',
         b'{"ants1": {"gt_rect": [[1,2,3,4], [1,2,3,4]], "img_names": [["1"], {}]}}',
         b'{"ants1": {"gt_rect": [[1,2,3,4], [1,2,3,4]], "img_names": ["1", "2"], "absent": [1, 1e999]}}'],
    )  # fmt: skip
    def test_broken_files_are_one_line(self, tmp_path, content):
        write(tmp_path / "VOT2018.json", content)
        with pytest.raises(UserError) as caught:
            opened("VOT2018", tmp_path, "ants1", images=False)
        assert str(tmp_path / "VOT2018.json") in str(caught.value)
        assert "\n" not in str(caught.value)

    @given(
        st.recursive(
            st.none() | st.integers(-2, 9) | st.floats() | st.text(max_size=3),
            lambda x: st.lists(x, max_size=4) | st.dictionaries(KEYS, x, max_size=4),
            max_leaves=12,
        )
    )
    def test_whatever_it_holds_it_reads_or_is_refused_in_one_line(self, tmp_path_factory, item):
        path = tmp_path_factory.mktemp("json") / "VOT2018.json"
        path.write_text(json.dumps({"ants1": item}))
        read_or_refused(lambda: opened("VOT2018", path, "ants1", images=False))


class TestAnyText:
    @given(st.binary(max_size=60) | st.text("0123456789.,-naN \n\r\tm;", max_size=60).map(str.encode))
    @pytest.mark.parametrize("dataset", ["DTB70", "VOT2018", "NFS240", "VisDrone-SOT-challenge"])
    def test_whatever_it_holds_it_reads_or_is_refused_in_one_line(self, tmp_path_factory, dataset, content):
        mini, root = BY_DATASET[dataset], tmp_path_factory.mktemp("text")
        mini.unfold(root)
        (root / mini.groundtruth).write_bytes(content)
        read_or_refused(lambda: opened(dataset, root, mini.sequence))


class TestDefinitions:
    @pytest.mark.parametrize("benchmark", benchmarks().values(), ids=lambda benchmark: benchmark.name)
    def test_numbers_and_spellings_are_consistent(self, benchmark):
        names = [row.name for row in benchmark.rows]
        assert len(set(names)) == len(names)
        assert not names or len(names) == benchmark.count
        spelled = [spelling.casefold() for row in benchmark.rows for spelling in (row.name, *row.aliases)]
        assert len(set(spelled)) == len(spelled)
        assert set(benchmark.probe) <= set(names)
        for row in benchmark.rows:
            assert row.first is None or 0 < row.first <= row.last
            assert row.length is None or row.length > 1

    @pytest.mark.parametrize(
        ("given", "name"),
        [("otb2015", "OTB100"), ("CVPR13", "OTB2013"), ("uav123_10fps", "UAV123@10fps"), ("lasotext", "LaSOTExt"),
         ("got-10k", "GOT-10k-test"), ("NFS", "NFS30"), ("TColor-128", "TC128"), ("vot2018lt", "VOT2018-LT")],
    )  # fmt: skip
    def test_other_names_of_datasets(self, given, name):
        assert datasets.canonical(given) == name

    def test_no_two_datasets_share_a_name(self):
        names = [name.casefold() for b in benchmarks().values() for name in (b.name, *b.aliases)]
        assert len(set(names)) == len(names)

    def test_every_third_frame_of_uav123(self):
        fast = {row.name: row for row in benchmarks()["UAV123"].rows}
        for row in benchmarks()["UAV123@10fps"].rows:
            assert row.length == len(range(0, fast[row.name].length, 3))
        assert {row.name: (row.first, row.last) for row in benchmarks()["UAV123@10fps"].rows}["uav1_3"] == (825, 1157)

    @pytest.mark.parametrize(
        ("dataset", "spelling", "name"),
        [("UAV123", "uav_bike1", "bike1"), ("NFS30", "nfs_bee", "bee"), ("TC128", "tpl_Yo_yos_ce1", None),
         ("TC128", "yo_yos_ce1", "Yo-yos_ce1"), ("UAV123@10fps", "uav10fps_bike1", "bike1")],
    )  # fmt: skip
    def test_pytrackings_spellings(self, dataset, spelling, name):
        found = benchmarks()[dataset].spelled().get(spelling.casefold())
        assert (found and found.name) == name


def test_a_folder_may_be_spelt_otherwise_than_the_file_in_it(tmp_path):
    folder = tmp_path / "tpl_Yo_yos_ce3"
    folder.mkdir()
    (folder / "Yo-yos_ce3_gt.txt").write_text("10,20,30,40\n" * 201)
    (entry,) = datasets.load("TC128", tmp_path, ["Yo-yos_ce3"], images=False)
    assert len(entry.open()) == 201


@given(
    st.lists(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4), min_size=1, max_size=5),
    st.sampled_from([",", "\t", " ", ", ", ";", "  "]),
    st.sampled_from(["\n", "\r\n", ",\n"]),
)
def test_a_table_reads_as_it_was_written(tmp_path_factory, rows, separator, end):
    path = tmp_path_factory.mktemp("table") / "boxes.txt"
    path.write_bytes("".join(separator.join(map(repr, row)) + end for row in rows).encode())
    np.testing.assert_array_equal(read_boxes(path), rows)


@pytest.mark.parametrize("nothing", [None, [], [0]])
def test_boxes_and_polygons_may_stand_in_one_file_and_nothing_where_the_target_is_absent(tmp_path, nothing):
    box, four, five = [2, 3, 4, 5], [2, 3, 5, 3, 5, 7, 2, 7], [2, 3, 5, 3, 5, 7, 4, 8, 2, 7]
    item = {"img_names": [f"a/{frame}.jpg" for frame in range(4)], "gt_rect": [box, four, nothing, five]}
    (tmp_path / "mine.json").write_text(json.dumps({"a": item}))
    (entry,) = datasets.load(str(tmp_path / "mine.json"), images=False)
    sequence = entry.open()
    np.testing.assert_array_equal(np.isnan(sequence.boxes).any(1), [False, False, True, False])
    np.testing.assert_array_equal(sequence.boxes[0], box)
    assert sequence.polygons is not None and sequence.shapes is not None
    np.testing.assert_array_equal(sequence.polygons[1], four)
    np.testing.assert_array_equal(sequence.shapes[3], np.reshape(five, (-1, 2)))


def test_rows_of_other_numbers_are_named(tmp_path):
    item = {"img_names": ["0.jpg", "1.jpg"], "gt_rect": [[2, 3, 4, 5], [2, 3, 4, 5, 0.9]]}
    (tmp_path / "mine.json").write_text(json.dumps({"a": item}))
    (entry,) = datasets.load(str(tmp_path / "mine.json"), images=False)
    with pytest.raises(UserError, match=r"frame 1 \(counted from 0\) of gt_rect holds 5 numbers"):
        entry.open()
