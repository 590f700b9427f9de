"""Files of start boxes that a test writes, and what is told of those that cannot be right."""

import json

import pytest
from track_tables import VIDEO

from drol_jax.errors import UserError
from drol_jax.tracks.starts import Start, read_starts

ANNA = Start(0, "anna", (1.0, 2.0, 30.0, 40.0))


def read(tmp_path, content, name="first.txt", video=VIDEO):
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return read_starts(path, video)


def refused(tmp_path, content, told, **other) -> str:
    with pytest.raises(UserError, match=told) as error:
        read(tmp_path, content, **other)
    message = str(error.value)
    assert "first.txt" in message and "\n" not in message
    return message
