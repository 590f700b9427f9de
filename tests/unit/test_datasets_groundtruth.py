"""What benchmarks say beyond boxes: absent frames, polygons, tags, sizes, attributes, several objects."""

from pathlib import Path

import numpy as np
import pytest
from trees import MINIATURES, write

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.image.boxes import box_from_polygon

BY_DATASET = {mini.dataset: mini for mini in MINIATURES}


def opened(dataset: str, root: Path, name: str | None = None, **options) -> datasets.Sequence:
    (entry,) = datasets.load(dataset, root, only=None if name is None else [name], **options)
    return entry.open()


def unfolded(dataset: str, root: Path, **files: str) -> Path:
    """A miniature with other files beside its annotation; returns their folder."""
    mini = BY_DATASET[dataset]
    mini.unfold(root)
    folder = (root / mini.groundtruth).parent
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

    def test_a_file_mixes_boxes_polygons_and_masks_as_vot_toolkit_reads_them(self, tmp_path):
        folder = unfolded("VOT2018", tmp_path)
        (folder / "groundtruth.txt").write_text("1,2,3,4\n1,2,5,2,5,7,1,7\n1,2,9,2,5,8\nm2,3,4,3,5,2,5\n")
        sequence = opened("VOT2018", tmp_path, "zebrafish1")
        np.testing.assert_array_equal(sequence.boxes, [[1, 2, 3, 4], [1, 2, 5, 6], [1, 2, 9, 7], [3, 4, 2, 1]])
        np.testing.assert_array_equal(np.isnan(sequence.polygons).any(1), [True, False, True, True])
        assert sequence.shapes[:2] == (None, None)
        np.testing.assert_array_equal(sequence.shapes[2], [[1, 2], [9, 2], [5, 8]])
        np.testing.assert_array_equal(sequence.shapes[3].pixels, [[0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]])

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
