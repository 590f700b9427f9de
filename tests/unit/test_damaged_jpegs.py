"""JPEGs that decode although they lack bytes in the middle are named by whoever reads them."""

import os
import sys
import threading
import warnings
from fractions import Fraction

import cv2
import numpy as np
import pytest

from drol_jax.image.complaints import listened, listening_pool
from drol_jax.image.frames import prefetch, read
from drol_jax.video.images import Images
from drol_jax.video.options import Mark

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="threads have a standard error of their own on Linux")


@pytest.fixture
def pictures(tmp_path):
    """Twelve images of noise, of which two lack bytes in the middle."""
    draws, paths = np.random.default_rng(5), []
    for number in range(12):
        data = bytearray(cv2.imencode(".jpg", draws.integers(0, 255, (64, 96, 3), np.uint8))[1].tobytes())
        if number in (4, 9):
            del data[len(data) // 2 : len(data) // 2 + 600]
        paths.append(tmp_path / f"{number:04d}.jpg")
        paths[-1].write_bytes(data)
    return paths


def named(messages):
    return [str(one.message).partition(": damaged, libjpeg says")[0] for one in messages]


def test_the_frame_loop_names_each_with_several_threads_at_work(pictures, capfd):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        images = list(prefetch(pictures, workers=4))
    assert len(images) == 12
    assert named(told) == [str(pictures[4]), str(pictures[9])]
    assert "JPEG" not in capfd.readouterr().err


def test_images_that_are_tracked_through_are_named(pictures):
    source = Images(pictures, "here", "name", Fraction(25))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for seen in source.frames(Mark()):
            seen.picture()
    assert named(told) == [str(pictures[4]), str(pictures[9])]


def test_other_words_go_on_and_the_process_keeps_its_files(pictures, tmp_path, capfd):
    def loud(path):
        os.write(2, b"something else\n")
        return read(path)

    before = threading.enumerate()
    with (tmp_path / "kept").open("w") as kept, listening_pool(1) as pool:
        assert pool.submit(listened, loud, pictures[0]).result()[1] == []
        kept.write("written")
        os.write(2, b"of the process\n")
    assert (tmp_path / "kept").read_text() == "written"
    assert capfd.readouterr().err == "something else\nof the process\n"
    assert not [one for one in threading.enumerate() if one not in before and one.name.startswith("drol-frames")]
