"""Result files of the field's toolkits: written as theirs, read back, found under any folder, packed for servers."""

import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from drol_jax.errors import UserError
from drol_jax.image.shapes import Mask
from drol_jax.metrics.regions import FAILED, INITIALISED, Regions
from drol_jax.results.formats import FORMATS, Run, read_run, write_run
from drol_jax.results.layout import find_trackers
from drol_jax.results.names import Names
from drol_jax.results.numbers import read_values
from drol_jax.results.regions import read_regions, write_regions
from drol_jax.results.submit import write_submission

BOXES = np.array([[10.0, 20, 30, 40], [11.6789, -0.00001, 30.5, 40.25]])
RUN = Run(Regions.from_boxes(BOXES), times=np.array([0.5, 0.25]), confidence=np.array([np.nan, 0.75]))
MIXED = Regions.from_rows([[INITIALISED], [1, 2, 3, 4], [1, 2, 3, 4, 5, 6, 7, 8.5], [FAILED], [0]])
MASK = Mask(18, 8, 3, 2, np.array([1, 2, 2, 1]))


@pytest.mark.parametrize(
    ("form", "path", "text"),
    [
        ("pysot", "a.txt", "10.0000,20.0000,30.0000,40.0000\n11.6789,0.0000,30.5000,40.2500\n"),
        ("got10k", "a.txt", "10.000,20.000,30.000,40.000\n11.679,0.000,30.500,40.250\n"),
        ("got10k-test", "a/a_001.txt", "10.000,20.000,30.000,40.000\n11.679,0.000,30.500,40.250\n"),
        ("pytracking", "a.txt", "10\t20\t30\t40\n11\t0\t30\t40\n"),
        ("trackingnet", "a.txt", "10.00,20.00,30.00,40.00\n11.68,0.00,30.50,40.25\n"),
        ("visdrone", "a.txt", "10.0000,20.0000,30.0000,40.0000\n11.6789,0.0000,30.5000,40.2500\n"),
        ("vot", "baseline/a/a_001.txt", "10.0000,20.0000,30.0000,40.0000\n11.6789,0.0000,30.5000,40.2500\n"),
    ],
)
def test_each_toolkits_files_are_written_as_it_writes_them(tmp_path, form, path, text):
    assert write_run(tmp_path, "a", RUN, form) == tmp_path / path
    assert (tmp_path / path).read_text() == text


@pytest.mark.parametrize(
    ("form", "path", "text"),
    [
        ("got10k", "times/a_time.txt", "0.50000000\n0.25000000\n"),
        ("got10k-test", "a/a_time.txt", "0.50000000\n0.25000000\n"),
        ("pytracking", "a_time.txt", "0.500000\n0.250000\n"),
        ("pysot-longterm", "longterm/a/a_time.txt", "0.500000\n0.250000\n"),
        ("pysot-longterm", "longterm/a/a_001_confidence.value", "\n0.750000\n"),
        ("vot", "baseline/a/a_001_time.value", "0.50000000\n0.25000000\n"),
        ("vot", "baseline/a/a_001_confidence.value", "\n0.750000\n"),
    ],
)
def test_times_and_confidences_lie_where_each_toolkit_has_them(tmp_path, form, path, text):
    write_run(tmp_path, "a", RUN, form)
    assert (tmp_path / path).read_text() == text


@pytest.mark.parametrize("form", list(FORMATS))
@given(boxes=arrays(np.float64, (3, 4), elements=st.floats(-500, 2000)))
@settings(max_examples=12, deadline=None)
def test_what_is_written_reads_back_to_its_precision(tmp_path_factory, form, boxes):
    run = Run(Regions.from_boxes(boxes), times=np.array([1.0, 2, 3]))
    path = write_run(tmp_path_factory.mktemp("run"), "seq", run, form)
    back = read_run(path, regions=FORMATS[form].regions)
    decimals = FORMATS[form].decimals
    np.testing.assert_allclose(back.regions.boxes, boxes, rtol=0, atol=1 if decimals is None else 0.6 * 10**-decimals)
    if FORMATS[form].times:
        assert back.times is not None
        assert back.times.tolist() == [1, 2, 3]


def test_got10k_keeps_a_column_of_times_for_each_repetition(tmp_path):
    write_run(tmp_path, "a", RUN, "got10k-test")
    again = Run(RUN.regions, times=np.array([1.5, 1.25]))
    path = write_run(tmp_path, "a", again, "got10k-test", number=2)
    assert (tmp_path / "a" / "a_time.txt").read_text() == "0.50000000,1.50000000\n0.25000000,1.25000000\n"
    for file, times in ((path, [1.5, 1.25]), (path.with_name("a_001.txt"), [0.5, 0.25])):
        back = read_run(file).times
        assert back is not None
        assert back.tolist() == times


def test_a_code_has_no_place_in_a_file_of_boxes(tmp_path):
    with pytest.raises(UserError, match=r"a: frame 0 .* holds no box, and the format pytracking"):
        write_run(tmp_path, "a", Run(MIXED), "pytracking")
    with pytest.raises(UserError, match="unknown result format 'otb'; choose one of pysot"):
        write_run(tmp_path, "a", RUN, "otb")


@pytest.mark.parametrize("name", ["a.txt", "a.bin"])
def test_region_files_hold_codes_boxes_and_polygons(tmp_path, name):
    write_regions(tmp_path / name, MIXED)
    back = read_regions(tmp_path / name)
    np.testing.assert_array_equal(back.codes, MIXED.codes)
    np.testing.assert_array_equal(back.boxes, MIXED.boxes)
    np.testing.assert_array_equal(back.corners, MIXED.corners)


@pytest.mark.parametrize("name", ["a.txt", "a.bin"])
def test_region_files_hold_masks_as_vot_toolkit_writes_them(tmp_path, name):
    write_regions(tmp_path / name, Regions.from_rows([[INITIALISED], MASK, [1, 2, 3, 4, 5, 9]]))
    if name == "a.txt":
        assert (tmp_path / name).read_text().splitlines()[1] == "m18,8,3,2,1,2,2,1"
    back = read_regions(tmp_path / name)
    np.testing.assert_array_equal(back.shape(1).pixels, [[0, 1, 1], [0, 0, 1]])
    np.testing.assert_array_equal(back.shape(2), [[1, 2], [3, 4], [5, 9]])
    assert back.is_shape.tolist() == [False, True, True]


def test_the_binary_form_is_vot_toolkits(tmp_path):
    write_regions(tmp_path / "a.bin", MIXED[:3])
    assert (tmp_path / "a.bin").read_bytes() == (
        struct.pack("<hI", 1, 3)
        + struct.pack("<BI", 0, 1)
        + struct.pack("<B4f", 1, 1, 2, 3, 4)
        + struct.pack("<BH8f", 2, 4, 1, 2, 3, 4, 5, 6, 7, 8.5)
    )


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", b"1\n1,2,3\n", r"a\.txt, line 2: .* is no code"),
        ("a.txt", b"1\n7\n", r"line 2: .* is no code"),
        ("a.txt", b"1\n\n1,2,3,4\n", r"line 2: '' holds no numbers"),
        ("a.txt", b"1\nm1,2,3,4,5,9\n", "line 2: .* is no mask"),
        ("a.bin", struct.pack("<hI", 1, 2) + struct.pack("<BI", 0, 1), "ends in the middle of region 1"),
        ("a.bin", struct.pack("<hI", 9, 0), "no binary region file of version 1"),
        ("a.bin", struct.pack("<hIBhhHHHH", 1, 1, 3, 0, 0, 2, 2, 1, 5), "region 0 is a mask of more pixels"),
        ("a.bin", struct.pack("<hIB", 1, 1, 4), "region 0 is a point"),
    ],
)
def test_broken_region_files_are_named(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=words):
        read_regions(tmp_path / name)


def test_an_empty_line_of_values_is_no_value(tmp_path):
    (tmp_path / "v").write_text("\n0.5\n\n0.25")
    np.testing.assert_array_equal(read_values(tmp_path / "v"), [np.nan, 0.5, np.nan, 0.25])
    (tmp_path / "v").write_text("0.5\nhigh\n")
    with pytest.raises(UserError, match="line 2: 'high' is no number"):
        read_values(tmp_path / "v")


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("Jogging-1", "Jogging-1"),
        ("jogging_1", "Jogging-1"),
        ("Jogging.2", "Jogging-2"),
        ("Jogging2", "Jogging-2"),
        ("uav_car1_1", "car1_1"),
        ("car1_1", "car1_1"),
        ("car11", "car11"),
        ("Human4", "Human4-2"),
        ("readme", None),
    ],
)
def test_names_are_taken_in_every_toolkits_spelling(spelling, name):
    names = Names(["Jogging-1", "Jogging-2", "car1_1", "car11", "Human4-2"], {"Human4": "Human4-2"}, "UAV123")
    assert names.find(spelling) == name


def test_a_spelling_that_two_sequences_share_is_neither():
    assert Names(["car1_1", "car11"]).find("car-11") is None


@pytest.mark.parametrize(
    ("form", "below"), [("pysot", ""), ("pysot", "OTB100"), ("got10k-test", "x/y"), ("vot", "results"), ("got10k", "a")]
)
def test_trackers_are_found_in_any_layout(tmp_path, form, below):
    for tracker in ("A", "B"):
        write_run(tmp_path / below / tracker, "Deer", RUN, form)
        (tmp_path / below / tracker / "details").mkdir(exist_ok=True)
    names = Names(["Deer", "Dog"])
    assert [(t.name, list(t.files)) for t in find_trackers(tmp_path, names)] == [("A", ["Deer"]), ("B", ["Deer"])]
    assert [t.name for t in find_trackers(tmp_path / below / "A", names)] == ["A"]


def test_repetitions_and_anchors_are_told_apart_by_number(tmp_path):
    for number in (1, 2):
        write_run(tmp_path / "T", "ants", RUN, "vot", number=number)
    write_regions(tmp_path / "T" / "baseline" / "ants" / "ants_00000050.bin", MIXED)
    (found,) = find_trackers(tmp_path, Names(["ants"]))
    assert sorted(found.files["ants"]) == [1, 2, 50]


def test_files_of_no_sequence_are_told(tmp_path):
    write_run(tmp_path, "Deer", RUN)
    write_run(tmp_path, "Elephant", RUN)
    assert find_trackers(tmp_path, Names(["Deer"]))[0].stray == ("Elephant.txt",)


def test_another_experiment_is_no_tracker_and_is_offered(tmp_path):
    write_run(tmp_path / "T", "ants", RUN, "vot", experiment="realtime")
    with pytest.raises(UserError, match="it holds the experiments realtime, choose one with --experiment"):
        find_trackers(tmp_path, Names(["ants"]))
    assert find_trackers(tmp_path, Names(["ants"]), "realtime")[0].name == "T"


def test_folders_without_results_are_named(tmp_path):
    with pytest.raises(UserError, match="does not exist; check --results"):
        find_trackers(tmp_path / "none", Names(["Deer"]))
    with pytest.raises(UserError, match="holds no result file of any sequence"):
        find_trackers(tmp_path, Names(["Deer"]))


FRAMES = {"s1": 2, "s2": 2}
RESULTS = {"s1": [RUN], "s2": [RUN]}


@pytest.mark.parametrize(
    ("benchmark", "members"),
    [
        ("TrackingNet", ["s1.txt", "s2.txt"]),
        ("GOT-10k", ["s1/s1_001.txt", "s1/s1_time.txt", "s2/s2_001.txt", "s2/s2_time.txt"]),
        ("lasot", ["s1.txt", "s2.txt"]),
        ("VOT2022", [*(f"baseline/{s}/{s}_001{tail}" for s in FRAMES
                       for tail in (".txt", "_confidence.value", "_time.value")), "manifest.yml"]),
    ],
)  # fmt: skip
def test_submissions_hold_what_the_server_expects(tmp_path, benchmark, members):
    path = write_submission(tmp_path / "a.zip", benchmark, RESULTS, FRAMES)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == members
        if benchmark == "TrackingNet":
            assert archive.read("s1.txt") == b"10.00,20.00,30.00,40.00\n11.68,0.00,30.50,40.25\n"
    first = path.read_bytes()
    assert write_submission(tmp_path / "b.zip", benchmark, RESULTS, FRAMES).read_bytes() == first


@pytest.mark.parametrize(
    ("benchmark", "results", "words"),
    [
        ("TrackingNet", {"s1": [RUN]}, "1 of 2 sequences of TrackingNet have no result: s2"),
        ("TrackingNet", RESULTS | {"s3": [RUN]}, "has no sequences s3"),
        ("LaSOT", RESULTS | {"s2": [Run(RUN.regions[:1])]}, "s2: 1 boxes for 2 frames"),
        ("GOT-10k", RESULTS | {"s2": [Run(RUN.regions)]}, "s2 has no times a frame"),
        ("TrackingNet", RESULTS | {"s2": [RUN, RUN]}, "s2 has 2 repetitions"),
        ("OTB100", RESULTS, "OTB100 takes no submissions"),
    ],
)
def test_a_submission_that_a_server_would_reject_is_not_written(tmp_path, benchmark, results, words):
    with pytest.raises(UserError, match=words):
        write_submission(tmp_path / "a.zip", benchmark, results, FRAMES)
    assert not (tmp_path / "a.zip").exists()
