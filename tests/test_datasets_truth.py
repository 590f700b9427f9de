"""What benchmarks say beyond boxes: absent frames, polygons, tags, sizes, attributes, several objects, spellings."""

import contextlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trees import MINIATURES, write

from drol_jax import datasets
from drol_jax.boxes import box_from_polygon
from drol_jax.datasets.definitions import benchmarks
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


def unfolded(dataset: str, root: Path, **files: str) -> Path:
    """A miniature with other files beside its annotation; returns their folder."""
    mini = BY_DATASET[dataset]
    mini.unfold(root)
    folder = (root / mini.truth).parent
    for name, content in files.items():
        write(folder / name.replace("__", "."), content.encode())
    return folder


class TestAbsentFrames:
    def test_lasot_is_absent_where_occluded_or_out_of_view(self, tmp_path):
        unfolded("LaSOT", tmp_path, full_occlusion__txt="0,1,0,0", out_of_view__txt="0\n0\n0\n1\n")
        assert opened("LaSOT", tmp_path, "kite-4").absent.tolist() == [False, True, False, True]

    def test_lasots_own_toolkit_keeps_them_in_a_folder_of_their_own(self, tmp_path):
        write(tmp_path / "annos" / "kite-4.txt", b"11,21,30,40\n1,1,-1,-1\n")
        write(tmp_path / "annos" / "absent" / "kite-4.txt", b"0\n1\n")
        sequence = opened("LaSOT", tmp_path, "kite-4", images=False)
        assert sequence.absent.tolist() == [False, True]
        np.testing.assert_array_equal(sequence.boxes, [[10, 20, 30, 40], [0, 0, -1, -1]])

    def test_got10k_is_absent_where_nothing_of_it_is_covered_by_the_picture(self, tmp_path):
        unfolded(
            "GOT-10k-val",
            tmp_path,
            cover__label="8\n0\n3\n8",
            absence__label="0\n1\n1\n0",
            cut_by_image__label="0\n0\n1\n0",
        )
        sequence = opened("GOT-10k-val", tmp_path, "GOT-10k_Val_000007")
        assert sequence.absent.tolist() == [False, True, False, False]
        assert sequence.tags["absence"].tolist() == [False, True, True, False]
        assert sequence.tags["cut_by_image"].tolist() == [False, False, True, False]
        assert sequence.size == (64, 96)

    def test_where_nothing_is_marked_nothing_is_claimed(self, tmp_path):
        unfolded("DTB70", tmp_path)
        assert opened("DTB70", tmp_path, "Zebra").absent is None

    @pytest.mark.parametrize(
        ("dataset", "name", "file"),
        [("LaSOT", "kite-4", "out_of_view.txt"), ("GOT-10k-val", "GOT-10k_Val_000007", "cover.label")],
    )
    @pytest.mark.parametrize("content", [None, "0\n0\n0\n", "0\n0\n0\n0\n0\n", "0\nx\n0\n0", ""])
    def test_flags_that_are_missing_too_few_too_many_or_no_flags_are_named(
        self, tmp_path, dataset, name, file, content
    ):
        folder = unfolded(dataset, tmp_path)
        (folder / file).unlink() if content is None else (folder / file).write_text(content)
        with pytest.raises(UserError) as caught:
            opened(dataset, tmp_path, name)
        assert str(folder / file) in str(caught.value)


class TestVot:
    def test_polygons_their_upright_boxes_and_the_size(self, tmp_path):
        corners = [10, 20, 40, 10, 50, 40, 20, 50]
        folder = unfolded("VOT2018", tmp_path, sequence="channels.color=color/%08d.jpg\nheight=64\nwidth=96\n")
        (folder / "groundtruth.txt").write_text("\n".join([",".join(map(str, corners))] * 3 + [",".join(["nan"] * 8)]))
        sequence = opened("VOT2018", tmp_path, "zebrafish1")
        np.testing.assert_array_equal(sequence.polygons, [corners] * 3 + [[np.nan] * 8])
        np.testing.assert_array_equal(sequence.boxes, box_from_polygon(sequence.polygons))
        assert sequence.size == (64, 96)

    def test_tags_a_file_each_short_ones_go_on_without_the_tag(self, tmp_path):
        unfolded(
            "VOT2018", tmp_path, camera_motion__tag="0\n1\n1\n0\n", occlusion__tag="1\n", unclear__label="0\n0\n0\n1\n1"
        )
        tags = opened("VOT2018", tmp_path, "zebrafish1").tags
        assert {tag: flags.astype(int).tolist() for tag, flags in tags.items()} == {
            "camera_motion": [0, 1, 1, 0], "occlusion": [1, 0, 0, 0], "unclear": [0, 0, 0, 1],
            "illum_change": [0] * 4, "motion_change": [0] * 4, "size_change": [0] * 4,
        }  # fmt: skip

    def test_boxes_and_polygons_in_one_file_are_refused(self, tmp_path):
        folder = unfolded("VOT2018", tmp_path)
        (folder / "groundtruth.txt").write_text("1,2,3,4\n1,2,3,4,5,6,7,8\n1,2,3,4\n1,2,3,4\n")
        with pytest.raises(UserError, match="mixes boxes of four numbers with polygons of eight"):
            opened("VOT2018", tmp_path, "zebrafish1")

    def test_a_workspace_has_its_own_list_masks_and_several_objects(self, tmp_path):
        root = tmp_path / "sequences"
        write(root / "list.txt", b"one\ntwo\r\n")
        for name in ("one", "two", "three"):
            for number in (1, 2):
                write(root / name / "color" / f"{number:08d}.jpg", b"")
        write(root / "one" / "groundtruth.txt", b"m5,6,3,2,0,6\nm0,0,1,1,1\n")
        write(root / "two" / "groundtruth_1.txt", b"1,2,3,4\n1,2,3,4\n")
        write(root / "two" / "groundtruth_cat.txt", b"5,6,7,8\n0\n")
        entries = datasets.load("VOT", tmp_path)
        assert [entry.name for entry in entries] == ["one", "two_1", "two_cat"]
        np.testing.assert_array_equal(entries[0].open().boxes, [[5, 6, 3, 2], [np.nan] * 4])
        np.testing.assert_array_equal(entries[2].open().boxes, [[5, 6, 7, 8], [np.nan] * 4])
        assert entries[1].open().frames == entries[2].open().frames

    @pytest.mark.parametrize("name", ["../secret", "a/b", ".."])
    def test_a_list_that_leads_out_of_its_folder_is_refused(self, tmp_path, name):
        write(tmp_path / "list.txt", name.encode())
        with pytest.raises(UserError, match="no name of a sequence"):
            datasets.load("VOT2017", tmp_path)


class TestNfs:
    LINE = '0 {0} 20 {1} 60 {2} 0 0 0 "insect"'

    def unfold(self, root: Path, annotated: int, images: int, fps: int) -> Path:
        lines = [self.LINE.format(10 + i, 40 + i, i) for i in range(annotated)]
        write(root / "bee" / str(fps) / "bee.txt", "\n".join(lines).encode())
        for number in range(1, images + 1):
            write(root / "bee" / str(fps) / "bee" / f"{number:05d}.jpg", b"")
        return root

    @pytest.mark.parametrize(("annotated", "images"), [(40, 5), (33, 5), (41, 5)])
    def test_every_eighth_line_counts_at_30_frames_a_second(self, tmp_path, annotated, images):
        sequence = opened("NFS30", self.unfold(tmp_path, annotated, images, 30), "bee")
        np.testing.assert_array_equal(sequence.boxes, [[10 + 8 * i, 20, 30, 40] for i in range(5)])

    def test_every_line_counts_where_there_are_as_many_as_images(self, tmp_path):
        assert len(opened("NFS30", self.unfold(tmp_path, 5, 5, 30), "bee")) == 5
        assert len(opened("NFS240", self.unfold(tmp_path, 40, 40, 240), "bee")) == 40

    def test_two_images_too_few_are_told(self, tmp_path):
        with pytest.raises(UserError, match=r"00039\.jpg: image missing"):
            opened("NFS240", self.unfold(tmp_path, 40, 38, 240), "bee")


def test_a_servers_annotation_counts_where_someone_has_all_of_it(tmp_path):
    mini = BY_DATASET["VisDrone-SOT-challenge"]
    mini.unfold(tmp_path, ["1,2,3,4"] * mini.frames)
    sequence = opened("VisDrone-SOT-challenge", tmp_path)
    assert not sequence.only_first_box
    assert not np.isnan(sequence.boxes).any()


def test_tnl2k_two_folders_deep(tmp_path):
    for number in (1, 2):
        write(tmp_path / "Animal" / "CartoonDog" / "imgs" / f"{number:06d}.jpg", b"")
    write(tmp_path / "Animal" / "CartoonDog" / "imgs" / "._000001.jpg", b"what a Mac leaves behind")
    write(tmp_path / "Animal" / "CartoonDog" / "groundtruth.txt", b"1,2,3,4\n1,2,3,4")
    sequence = opened("TNL2K", tmp_path)
    assert (sequence.name, len(sequence)) == ("CartoonDog", 2)


def test_visdrones_attributes_lie_beside_its_annotations(tmp_path):
    mini = BY_DATASET["VisDrone-SOT"]
    mini.unfold(tmp_path)
    write(tmp_path / "attributes" / f"{mini.sequence}_attr.txt", b"0,0,1,1,1,0,0,0,1,1,1,1\n")
    assert opened("VisDrone-SOT", tmp_path, mini.sequence).attributes == ("CM", "FM", "FOC", "POC", "SOB", "SV", "VC")


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
         b'{"ants1": {"gt_rect": [[1,2,3,4]], "img_names": ["1", "2"]}}'],
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
        (root / mini.truth).write_bytes(content)
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


@given(
    st.lists(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4), min_size=1, max_size=5),
    st.sampled_from([",", "\t", " ", ", ", ";", "  "]),
    st.sampled_from(["\n", "\r\n", ",\n"]),
)
def test_a_table_reads_as_it_was_written(tmp_path_factory, rows, separator, end):
    path = tmp_path_factory.mktemp("table") / "boxes.txt"
    path.write_bytes("".join(separator.join(map(repr, row)) + end for row in rows).encode())
    np.testing.assert_array_equal(read_boxes(path), rows)
