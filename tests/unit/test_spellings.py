"""Box files of other programs: read where they mean one thing, else refused in words that are true."""

import numpy as np
import pytest

from drol_jax.datasets.text import read_boxes
from drol_jax.errors import UserError
from drol_jax.results.formats import read_run
from drol_jax.results.layout import find_trackers
from drol_jax.results.names import Names, Sure

ROWS = [[20.0, 20, 30, 20], [21, 20, 30, 20], [22, 21, 30, 20]]
HEADS = "frame,x,y,w,h\n"


def lines(numbers):
    return [f"{number},{x:g},{y:g},{w:g},{h:g}" for number, (x, y, w, h) in zip(numbers, ROWS, strict=True)]


@pytest.mark.parametrize("encoding", ["utf-32", "utf-16", "utf-8-sig"])
def test_every_unicode_that_bears_its_mark_is_read(tmp_path, encoding):
    path = tmp_path / "a.txt"
    path.write_bytes((HEADS + "\r\n".join(lines([3, 4, 5]))).encode(encoding))
    np.testing.assert_array_equal(read_run(path).regions.boxes, ROWS)
    np.testing.assert_array_equal(read_boxes(path), ROWS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1,20,,30,20\n2,21,,30,20\n", "line 1: '1,20,,30,20' is not four numbers"),
        (HEADS + "\n".join(lines([1, 3, 4])), "line 3: '3,21,20,30,20' is of another frame than the next"),
        (HEADS + "\n".join(lines([1, 2, 2])), "line 4: .* lines are missing or out of order"),
        ("," + HEADS.partition(",")[2] + "\n".join(lines([0, 2, 1])), "line 3: .* lines are missing or out of order"),
    ],
)
@pytest.mark.parametrize("read", [read_run, read_boxes])
def test_a_number_or_a_frame_that_is_missing_is_told(tmp_path, text, words, read):
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(UserError, match=words):
        read(tmp_path / "a.txt")


def test_decimal_commas_are_no_polygon(tmp_path):
    (tmp_path / "a.txt").write_text("1\n20,5;20,0;30,0;20,0\n")
    with pytest.raises(UserError, match=r"line 2: .* holds commas and semicolons"):
        read_run(tmp_path / "a.txt", regions=True)


@pytest.mark.parametrize(
    ("dataset", "spelling", "sure"),
    [
        ("UAV123", "uav123_boat3", Sure.PREFIXED),
        ("UAV123", "UAV_boat3", Sure.PREFIXED),
        ("OTB100", "otb100_boat3", Sure.PREFIXED),
        ("my-set", "my-set_boat3", Sure.PREFIXED),
        ("UAV20L", "uav123_boat3", None),
    ],
)
def test_a_benchmark_s_own_name_is_a_prefix_too(dataset, spelling, sure):
    match = Names(["boat3", "boat4"], dataset=dataset).match(spelling)
    assert (None if match is None else match.sure) == sure


def test_archives_in_place_of_results_are_to_be_unpacked(tmp_path):
    names = Names(["boat3"])
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "net.zip").write_bytes(b"PK")
    with pytest.raises(UserError, match=r"it holds run/net.zip\); unpack net.zip"):
        find_trackers(tmp_path, names)
    with pytest.raises(UserError, match=r"net.zip is a file, and a folder of results is wanted; unpack it"):
        find_trackers(tmp_path / "run" / "net.zip", names)
