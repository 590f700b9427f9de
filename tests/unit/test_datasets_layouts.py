"""Every benchmark as its archives unpack: what is there is read, every fault is one line that names the file."""

import json
from pathlib import Path

import numpy as np
import pytest
from trees import MINIATURES, Miniature, write

from drol_jax import datasets
from drol_jax.datasets import Sequence
from drol_jax.datasets.benchmarks import benchmarks
from drol_jax.errors import UserError

EVERY = pytest.mark.parametrize("mini", MINIATURES, ids=lambda mini: mini.dataset)
SCORED = [mini for mini in MINIATURES if not mini.server]


def open_one(root: Path, mini: Miniature, **options) -> Sequence:
    (entry,) = datasets.load(mini.dataset, root, only=[mini.sequence], **options)
    return entry.open()


def refusal(root: Path, mini: Miniature, **options) -> str:
    with pytest.raises(UserError) as caught:
        open_one(root, mini, **options)
    assert "\n" not in str(caught.value)
    assert "; " in str(caught.value)  # what is wrong; what to do about it
    return str(caught.value)


def by_name(mini: Miniature) -> bool:
    """Whether the benchmark's images are sorted by name, so that no single one can be named as missing."""
    return benchmarks()[mini.dataset].layouts[0].by_name


def same(sequence: Sequence, mini: Miniature, root: Path) -> bool:
    np.testing.assert_allclose(sequence.boxes, mini.boxes(), atol=1e-9)
    assert sequence.frames == tuple(root / mini.image(number) for number in mini.numbers())
    return True


ONE_TABLE = {"OxUvA-dev", "OxUvA-test"}
"""Benchmarks whose labels stand in one file of all sequences, which have tests of their own."""


def test_every_benchmark_has_a_miniature():
    assert {mini.dataset for mini in MINIATURES} >= set(datasets.DATASETS) - ONE_TABLE - {"Synth", "OTB50", "VOT"}


@EVERY
class TestReading:
    def test_frames_and_0_based_boxes_of_the_official_layout(self, mini, tmp_path):
        mini.unfold(tmp_path)
        sequence = open_one(tmp_path, mini)
        assert same(sequence, mini, tmp_path)
        assert (sequence.name, sequence.origin) == (mini.sequence, mini.origin)
        assert sequence.only_first_box == mini.server
        assert (sequence.polygons is not None) == (mini.form.count(",") == 7)

    @pytest.mark.parametrize("spelled", [str, str.lower])
    def test_in_a_subfolder_of_the_benchmarks_name(self, mini, tmp_path, spelled):
        mini.unfold(tmp_path / spelled(mini.dataset))
        assert len(open_one(tmp_path, mini)) == mini.frames

    def test_in_a_folder_each_with_img_and_groundtruth(self, mini, tmp_path):
        folder = tmp_path / mini.sequence
        for path, content in mini.beside.items():
            zeros = ["0"] * mini.frames
            write(folder / Path(path).name, content.format(n="\n".join(zeros), c=",".join(zeros)).encode())
        for number in range(1, mini.frames + 1):  # renumbered, as cut-out copies are
            write(folder / "img" / f"{number:05d}.jpg", b"")
        write(folder / "groundtruth.txt", "\n".join(mini.lines()).encode())
        np.testing.assert_allclose(open_one(tmp_path, mini).boxes, mini.boxes(), atol=1e-9)

    def test_windows_line_ends_byte_order_mark_trailing_commas_and_blank_lines(self, mini, tmp_path):
        mini.unfold(tmp_path)
        comma = "," if "," in mini.form else ""
        text = "\ufeff" + "".join(f"{line}{comma}\r\n" for line in mini.lines()) + "\r\n"
        (tmp_path / mini.groundtruth).write_bytes(text.encode())
        assert same(open_one(tmp_path, mini), mini, tmp_path)

    def test_folders_in_other_case(self, mini, tmp_path):
        mini.unfold(tmp_path)
        for path in list(tmp_path.iterdir()):
            path.rename(path.with_name(path.name.swapcase()))
        np.testing.assert_allclose(open_one(tmp_path, mini).boxes, mini.boxes(), atol=1e-9)

    def test_images_beyond_the_annotation_are_left_out_and_other_files_passed_over(self, mini, tmp_path):
        mini.unfold(tmp_path)
        last = tmp_path / mini.image(mini.numbers()[-1] + 1)
        write(last, b"")
        for stray in ("Thumbs.db", "notes.txt", ".DS_Store"):
            write(last.with_name(stray), b"")
        # Where a server keeps the annotation, every image is a frame.
        assert len(open_one(tmp_path, mini)) == mini.frames + mini.server


@EVERY
class TestFaults:
    def test_a_missing_image_is_named(self, mini, tmp_path):
        mini.unfold(tmp_path)
        gone = tmp_path / mini.image(mini.numbers()[1])
        gone.unlink()
        assert str(gone.parent if by_name(mini) else gone) in refusal(tmp_path, mini)

    def test_a_first_image_that_is_missing_is_named(self, mini, tmp_path):
        mini.unfold(tmp_path)
        gone = tmp_path / mini.image(mini.first)
        gone.unlink()
        assert str(gone.parent if by_name(mini) else gone) in refusal(tmp_path, mini)

    def test_missing_images_are_named(self, mini, tmp_path):
        mini.unfold(tmp_path)
        folder = (tmp_path / mini.image(1)).parent
        for path in folder.glob("*.[jp][pn]g"):
            path.unlink()
        assert str(folder) in refusal(tmp_path, mini)

    def test_a_missing_annotation_is_named(self, mini, tmp_path):
        mini.unfold(tmp_path)
        (tmp_path / mini.groundtruth).unlink()
        with pytest.raises(UserError) as caught:  # nothing else of the benchmark is there
            datasets.load(mini.dataset, tmp_path, only=[mini.sequence])[0].open()
        assert str(tmp_path) in str(caught.value)

    def test_an_empty_annotation_is_named(self, mini, tmp_path):
        mini.unfold(tmp_path)
        (tmp_path / mini.groundtruth).write_bytes(b"\r\n")
        message = refusal(tmp_path, mini)
        assert str(tmp_path / mini.groundtruth) in message
        assert "empty" in message

    def test_a_line_that_holds_no_box_is_named_with_its_number(self, mini, tmp_path):
        mini.unfold(tmp_path, [*mini.lines()[:-1], "0,<html>,404"])
        assert f"{tmp_path / mini.groundtruth}, line {len(mini.lines())}" in refusal(tmp_path, mini)

    def test_a_first_frame_without_target_is_told(self, mini, tmp_path):
        absent = ",".join(["NaN"] * (mini.form.count(",") + 1)) if "," in mini.form else " ".join(["NaN"] * 10)
        absent = "NaN NaN NaN NaN" if "\t" in mini.form or mini.form.startswith("{x} ") else absent
        mini.unfold(tmp_path, [absent, *mini.lines()[1:]])
        message = refusal(tmp_path, mini)
        assert str(tmp_path / mini.groundtruth) in message
        assert "first frame has no box" in message


@pytest.mark.parametrize("mini", SCORED, ids=lambda mini: mini.dataset)
class TestScoredBenchmarks:
    def test_nan_is_an_absent_target(self, mini, tmp_path):
        lines = mini.lines()
        lines[2] = " ".join(["NaN"] * len(lines[2].replace(",", " ").split()))
        mini.unfold(tmp_path, lines)
        absent = np.isnan(open_one(tmp_path, mini).boxes)
        assert absent.all(axis=1).tolist() == absent.any(axis=1).tolist() == [i == 2 for i in range(mini.frames)]

    def test_annotations_are_enough_where_images_are_not_wanted(self, mini, tmp_path):
        mini.unfold(tmp_path)
        for number in mini.numbers():
            (tmp_path / mini.image(number)).unlink()
        sequence = open_one(tmp_path, mini, images=False)
        np.testing.assert_allclose(sequence.boxes, mini.boxes(), atol=1e-9)
        if mini.dataset not in ("TNL2K", "VOT2016"):  # png; no color folder
            assert same(sequence, mini, tmp_path)

    def test_fewer_images_than_annotations(self, mini, tmp_path):
        mini.unfold(tmp_path)
        if mini.dataset == "NFS240":  # its archives differ by one here and there
            (tmp_path / mini.image(mini.frames)).unlink()
            assert len(open_one(tmp_path, mini)) == mini.frames - 1
            write(tmp_path / mini.groundtruth, "\n".join([*mini.lines(), mini.lines()[-1]]).encode())
        last = tmp_path / mini.image(mini.numbers()[-1])
        last.unlink(missing_ok=True)
        message = refusal(tmp_path, mini)
        assert str(last.parent if by_name(mini) else last) in message
        assert str(mini.frames) in message


@pytest.mark.parametrize("mini", [m for m in MINIATURES if m.json], ids=lambda mini: mini.dataset)
class TestPysotJson:
    @pytest.mark.parametrize("images", [True, False])
    def test_json_and_folders_hold_the_same(self, mini, tmp_path, images):
        write(tmp_path / mini.json, json.dumps({mini.sequence: shifted(mini)}).encode())
        if images:
            for number in mini.numbers():
                write(tmp_path / mini.image(number), b"")
        sequence = open_one(tmp_path, mini, images=images)
        assert same(sequence, mini, tmp_path)
        assert (sequence.only_first_box, sequence.attributes) == (mini.server, ("Fast Motion",))
        assert same(open_one(tmp_path / mini.json, mini, images=images), mini, tmp_path)

    def test_a_missing_image_or_sequence_is_named(self, mini, tmp_path):
        write(tmp_path / mini.json, json.dumps({mini.sequence: shifted(mini)}).encode())
        assert str(tmp_path / mini.image(mini.first)) in refusal(tmp_path, mini)
        others = [e for e in datasets.load(mini.dataset, tmp_path, images=False) if e.name != mini.sequence]
        for entry in others[:1]:
            with pytest.raises(UserError, match=mini.json):
                entry.open()


def shifted(mini: Miniature) -> dict:
    """The JSON entry, in the benchmark's own origin: none of the miniatures is a probe."""
    item = mini.as_pysot()
    origin = np.array([mini.origin, mini.origin, 0, 0] * 2)
    item["gt_rect"] = [(rect + origin[: len(rect)]).tolist() for rect in item["gt_rect"]]
    return item
