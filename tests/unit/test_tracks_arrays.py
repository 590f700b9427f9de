"""Tracks in Python: columns as arrays, and other libraries' tables where these are installed."""

import re
import subprocess
import sys
from functools import partial
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from track_tables import FRAMES, ODD, VIDEO, mask_of, row, seen, table

from drol_jax.errors import UserError
from drol_jax.tracks.arrays import Tracks

ROWS = [row for rows in table() for row in rows]
TRACKS = Tracks(VIDEO, ROWS)


def fake(name: str) -> ModuleType:
    """A module that gives back what it is called with."""
    module = ModuleType(name)
    vars(module).update(DataFrame=dict, Detections=SimpleNamespace)
    return module


def missing(name: str) -> ModuleType:
    raise ModuleNotFoundError(f"No module named {name!r}")


def test_is_a_sequence_of_rows():
    assert len(TRACKS) == len(ROWS) and TRACKS[3] is ROWS[3] and list(TRACKS) == ROWS
    assert TRACKS.names == ("anna", ODD)


def test_boxes_have_a_row_for_each_frame_and_nan_where_the_target_is_not_seen():
    for name in TRACKS.names:
        boxes = TRACKS.boxes(name)
        assert boxes.shape == (FRAMES, 4) and boxes.dtype == np.float64
        for frame in range(FRAMES):
            np.testing.assert_array_equal(boxes[frame], seen().get((frame, name), [np.nan] * 4))


def test_frames_that_were_left_out_have_no_row():
    tracks = Tracks(VIDEO, [row(0), row(5), row(10, "bert")])
    np.testing.assert_array_equal(tracks.frames, [0, 5, 10])
    np.testing.assert_array_equal(np.isnan(tracks.boxes("bert")[:, 0]), [True, True, False])


def test_confidence_is_told_where_there_is_a_row():
    np.testing.assert_array_equal(TRACKS.confidence("anna"), [0.875] * 4 + [0.125] * 3 + [0.875] * 5)
    assert np.isnan(TRACKS.confidence(ODD)[:2]).all() and not np.isnan(TRACKS.confidence(ODD)[2:]).any()


def test_an_unknown_target_is_told_with_the_nearest():
    with pytest.raises(UserError, match="no target 'ana'; the nearest is 'anna'; the targets are 'anna', "):
        TRACKS.boxes("ana")


def test_a_table_without_rows_has_no_targets():
    empty = Tracks(VIDEO, [])
    assert empty.names == () and len(empty.frames) == 0 and len(empty) == 0
    with pytest.raises(UserError, match="the targets are none"):
        empty.boxes("anna")


def test_a_data_frame_has_the_columns_of_the_csv():
    columns = TRACKS.to_pandas(load=fake)
    assert list(columns) == ["frame", "time", "name", "x", "y", "w", "h", "confidence", "state", "overlap"]
    assert {len(column) for column in columns.values()} == {len(ROWS)}
    assert np.isnan(columns["x"]).sum() == sum(row.box is None for row in ROWS)


def test_detections_of_a_frame_are_corners_with_ids_and_names():
    found = TRACKS.to_supervision(2, load=fake)
    np.testing.assert_array_equal(found.xyxy, [[12, 20, 52.0625, 50.5], [-5, 150, 25, 210]])
    assert found.tracker_id.tolist() == [1, 2] and found.class_id.tolist() == [0, 1]
    assert found.data["class_name"].tolist() == ["anna", ODD]
    assert found.mask is None  # one of the two has none


def test_detections_have_masks_where_all_targets_do():
    np.testing.assert_array_equal(TRACKS.to_supervision(1, load=fake).mask, [mask_of(1)])


def test_a_frame_without_boxes_has_no_detections():
    assert TRACKS.to_supervision(99, load=fake).xyxy.shape == (0, 4)


def test_the_real_supervision_takes_what_it_is_given():
    supervision = pytest.importorskip("supervision", reason="the extra `supervision` is not installed")
    found = TRACKS.to_supervision(2)
    assert isinstance(found, supervision.Detections) and len(found) == 2
    np.testing.assert_array_equal(found.xyxy, [[12, 20, 52.0625, 50.5], [-5, 150, 25, 210]])
    assert len(TRACKS.to_supervision(99)) == 0 and TRACKS.to_supervision(1).mask is not None


def test_a_recording_has_boxes_and_confidences_of_every_frame(tmp_path):
    rerun = pytest.importorskip("rerun", reason="the extra `rerun` is not installed")
    path = tmp_path / "tracks.rrd"
    TRACKS.to_rerun(path, [(0, np.zeros((8, 8, 3), np.uint8))])
    told = subprocess.run([sys.executable, "-m", "rerun", "rrd", "print", path], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    for entity in ("/video", "/video/target1", "/video/target2", "/confidence/target1"):
        assert entity in told.stdout
    with pytest.raises(UserError, match="there is no folder"):
        TRACKS.to_rerun(tmp_path / "none" / "tracks.rrd")
    assert rerun.__version__


@pytest.mark.parametrize(
    ("name", "install"),
    [("pandas", "pandas"), ("supervision", "'drol_jax[supervision]'"), ("rerun", "'drol_jax[rerun]'")],
)
def test_a_library_that_is_not_there_is_told_with_the_cure(name, install):
    convert = {"pandas": TRACKS.to_pandas, "supervision": partial(TRACKS.to_supervision, 0)}
    with pytest.raises(UserError, match=f"{name} cannot be imported .*; pip install {re.escape(install)}$"):
        convert.get(name, partial(TRACKS.to_rerun, "tracks.rrd"))(load=missing)
