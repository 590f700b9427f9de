"""What may be written over: neither what is read, nor what is no file."""

import os
from pathlib import Path

import pytest

from drol_jax.errors import UserError
from drol_jax.system.atomic import spare
from drol_jax.tracking.kept import identity

ADDRESS = "rtsp://camera/" + "x" * 300
"""Longer than a file's name may be."""


def test_what_is_read_is_not_written_over_by_whatever_name(tmp_path):
    film, link = tmp_path / "film.mp4", tmp_path / "link"
    film.write_bytes(b"film")
    link.symlink_to("film.mp4")
    spare([film, tmp_path / "absent"], [tmp_path, tmp_path / "other", Path(ADDRESS)])
    with pytest.raises(UserError, match=r"film\.mp4 is what is read, and would be written over; choose another"):
        spare([tmp_path / "absent", film], [tmp_path, link])


def test_a_pipe_a_folder_or_a_device_in_place_of_a_file_is_named(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "full").symlink_to("/dev/full")
    for path in (tmp_path / "pipe", tmp_path / "full", tmp_path):
        with pytest.raises(UserError, match=rf"{path} is no regular file"):
            spare([path], [])


def test_the_address_of_a_stream_may_be_long():
    assert identity(ADDRESS) is None
