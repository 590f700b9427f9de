"""Readers and definitions against the published annotations, where they are at hand."""

import os
import tarfile
from pathlib import Path

import numpy as np
import pytest

from drol_jax import datasets
from drol_jax.datasets.benchmarks import benchmarks

SHARED = Path(os.environ.get("DROL_JAX_SHARED", Path(__file__).parents[3] / "shared"))
ANNOTATIONS = SHARED / "realdata" / "annotations"
LASOT = ANNOTATIONS / "LaSOT_test280_annos.tar.xz"

pytestmark = pytest.mark.skipif(
    not ANNOTATIONS.is_dir(), reason=f"no annotations under {ANNOTATIONS} (set DROL_JAX_SHARED)"
)


@pytest.mark.parametrize(
    ("dataset", "file", "sequences", "frames"),
    [
        ("UAV123", "", 123, 112578),
        ("UAV20L", "", 20, 58670),
        ("TC128", "", 129, 55346),
        ("DTB70", "", 70, 15777),
        ("UAVDT", "", 50, 37084),
        ("OTB100", "OTB/OTB2015_DaSiamRPN.json", 100, 59035),
        ("VOT2018", "VOT/VOT2018.json", 60, 21356),
        ("VOT2019", "VOT/VOT2019.json", 60, 19935),
        ("VOT2019", "VOT/VOT2019_fixed_tags.json", 60, 19935),
    ],
)
def test_every_published_annotation_reads_without_an_image(dataset, file, sequences, frames):
    entries = datasets.load(dataset, ANNOTATIONS / file, images=False)
    opened = [entry.open() for entry in entries]
    assert (len(opened), sum(map(len, opened))) == (sequences, frames)
    for sequence, row in zip(opened, benchmarks()[dataset].rows, strict=True):
        assert row.length == len(sequence), sequence.name
        assert np.nanmin(sequence.boxes[:, 2:]) >= 0
        assert set(sequence.tags) in (
            set(),
            {"camera_motion", "illum_change", "motion_change", "size_change", "occlusion"},
        )


def test_attributes_are_those_beside_the_annotations():
    """Two columns each of three benchmarks' files, by how many sequences carry them."""
    carriers = {
        dataset: [sum(code in row.attributes for row in benchmarks()[dataset].rows) for code in codes]
        for dataset, codes in {"UAV123": ("SV", "FOC"), "DTB70": ("FCM", "SOA"), "UAVDT": ("SO", "LTT")}.items()
    }
    beside = {
        "UAV123": ("UAV123/att", (0, 4)),
        "DTB70": ("DTB70/anno/att", (4, 9)),
        "UAVDT": ("UAVDT/anno/att", (3, 7)),
    }
    for dataset, (folder, columns) in beside.items():
        flags = np.array([path.read_text().split(",") for path in (ANNOTATIONS / folder).glob("*.txt")], int)
        assert carriers[dataset] == flags[:, columns].sum(axis=0).tolist(), dataset


@pytest.mark.skipif(not LASOT.is_file(), reason=f"{LASOT} is missing")
def test_lasots_own_toolkit(tmp_path):
    names = {"zebra-17", "lion-5", "tiger-6"}
    with tarfile.open(LASOT) as archive:
        wanted = [item for item in archive.getmembers() if Path(item.name).stem in names]
        archive.extractall(tmp_path, wanted, filter="data")
    entries = {entry.name: entry for entry in datasets.load("LaSOT", tmp_path, sorted(names), images=False)}
    for name in names:
        sequence = entries[name].open()
        assert len(sequence) == {row.name: row.length for row in benchmarks()["LaSOT"].rows}[name]
        absent = np.loadtxt(tmp_path / "annos" / "absent" / f"{name}.txt")
        np.testing.assert_array_equal(sequence.absent, absent == 1)
    assert (entries["lion-5"].open().boxes[552] == [0, 0, -1, -1]).all()  # as published


def test_a_real_sequence_of_vot_with_its_tags():
    (entry,) = datasets.load("VOT2017", SHARED / "realdata", only=["bag"])
    sequence = entry.open()
    assert sequence.polygons.shape == (196, 8)
    assert sequence.tags["size_change"].shape == (196,)
    assert sequence.frames[0].is_file()


def test_a_real_sequence_of_uav123_at_10_frames_a_second():
    (entry,) = datasets.load("UAV123@10fps", SHARED / "realdata", only=["wakeboard7"])
    fast = {e.name: e for e in datasets.load("UAV123", ANNOTATIONS, images=False)}["wakeboard7"].open()
    np.testing.assert_array_equal(entry.open().boxes, fast.boxes[::3])
