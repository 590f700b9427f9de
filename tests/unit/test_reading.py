"""Files of others: bounded, regular, and told by name where they are not."""

import os
import threading
import tracemalloc
from pathlib import Path

import pytest

from drol_jax.checkpoint import card as cards
from drol_jax.errors import UserError
from drol_jax.image.frames import read
from drol_jax.settings import load_settings
from drol_jax.system import reading
from drol_jax.tracks.starts import read_starts
from drol_jax.train.settings import load_train_settings

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
TRAPS = {
    "a list where a word belongs": "BACKBONE: {TYPE: [alexnetlegacy]}",
    "an alias that holds itself": "model: &a {inner: *a}",
    "a list that holds itself": "model: &a [*a]",
    "aliases that grow ninefold a line": BOMB,
    "two hundred thousand braces": "{" * 200_000,
    "many levels": "model: " + "{a: " * 40 + "1" + "}" * 40,
    "a key twice": "model: {width: 1, width: 2}",
    "a key that is a list": "? [a, b]\n: 1",
    "half a million bytes": "# " + "x" * 500_000,
    "an integer that no float holds": f"seed: {'9' * 400}",
    "the same in hexadecimal": f"hyper: {{lr: 0x{'f' * 400}}}",
    "a date that is none": "name: 2001-99-99",
    "a merge of what is no mapping": "model: {<<: 3}",
    "a merge of itself": "model: &a {<<: *a}",
    "two documents": "model: {}\n---\nmodel: {}",
    "a sign that no text may hold": "name: a\0b",
    "bytes that are no such code": "name: !!binary '%%%'",
    "a tag that asks for code": "model: !!python/object/apply:os.system [ls]",
}


@pytest.mark.parametrize("load", [load_settings, load_train_settings])
@pytest.mark.parametrize("trap", TRAPS)
def test_a_yaml_file_that_is_a_trap_is_refused_in_one_line_with_its_name(tmp_path, trap, load):
    path = tmp_path / "trap.yaml"
    path.write_text(TRAPS[trap])
    with pytest.raises(UserError, match=r"trap\.yaml") as error:
        load(path)
    assert "\n" not in str(error.value)


def test_what_is_wrong_is_told_with_its_line(tmp_path):
    path = tmp_path / "trap.yaml"
    path.write_text("seed: 1\n\nmodel: &a\n  inner: *a\n")
    with pytest.raises(UserError, match=r"line 3: .*an alias holds itself"):
        load_settings(path)


@pytest.mark.parametrize(
    "mistake", ["name: x\nmodel: '" + "a" * 200_000 + "'", "".join(f"k{n}: 1\n" for n in range(3000))]
)
def test_however_large_a_mistake_is_it_is_told_in_few_words(tmp_path, mistake):
    path = tmp_path / "trap.yaml"
    path.write_text(mistake)
    with pytest.raises(UserError, match=r"trap\.yaml") as error:
        load_settings(path)
    assert len(str(error.value)) < 3000


def test_an_alias_that_is_used_as_it_is_meant_is_read(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("name: &word own\nweights: *word\nmodel: {inner: 1}\nhyper: {}\n")
    with pytest.raises(UserError, match=r"inner"):  # so far it is understood
        load_settings(path)


@pytest.mark.parametrize(
    "document", ['{"a": 1, "a": 2}', "[" * 100_000, "{", "1e", b"\xff", "9" * 10_000 + "x", "[" + "9" * 400 + "]"]
)
def test_a_json_document_that_is_none_is_refused_as_a_value(document):
    with pytest.raises(ValueError):  # noqa: PT011
        reading.parsed(document)


@pytest.mark.parametrize("content", ["[]", "3", '{"format": "x"}', '{"format": 1, "format": 1}', "[" * 100_000, "{}"])
def test_a_card_that_is_none_is_damaged(tmp_path, content):
    with pytest.raises(UserError, match="damaged"):
        cards.parsed(content, tmp_path, {})


@pytest.fixture(params=["pipe", "folder", "socket link", "sparse"])
def no_file(request, tmp_path):
    path = tmp_path / "file.yaml"
    if request.param == "pipe":
        os.mkfifo(path)
    elif request.param == "folder":
        path.mkdir()
    elif request.param == "socket link":
        path.symlink_to("/dev/zero")
    else:
        with path.open("wb") as file:
            file.truncate(2 * 2**30)
    return path


@pytest.mark.parametrize("load", [load_settings, load_train_settings, read_starts, read])
def test_what_is_no_file_or_too_large_is_refused_at_once(no_file, load):
    arguments = (None,) if load is read_starts else ()
    with pytest.raises(UserError, match=r"file\.yaml"):
        load(no_file, *arguments)


def test_a_file_of_the_largest_size_is_read(tmp_path):
    path = tmp_path / "some"
    path.write_bytes(b"12345")
    assert reading.content(path, 5) == b"12345"
    with pytest.raises(OSError, match="more than"):
        reading.content(path, 4)


def test_no_more_memory_is_asked_for_than_a_file_has(tmp_path):
    path = tmp_path / "some"
    path.write_bytes(b"x" * 2**17)
    tracemalloc.start()
    try:
        assert len(reading.content(path, 2**30)) == 2**17
        assert tracemalloc.get_traced_memory()[1] < 2**19
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("length", [0, 1, 2**16, 2**16 + 1, 2**17 + 3])
def test_what_comes_through_a_pipe_is_read_to_its_end(length):
    reads, writes = os.pipe()
    whole = bytes(range(256)) * (length // 256 + 1)

    def write():
        with open(writes, "wb") as file:
            file.write(whole[:length])

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert reading.content(Path(f"/dev/fd/{reads}"), 2**20) == whole[:length]
    finally:
        thread.join()
        os.close(reads)


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no terminals of this kind")
@pytest.mark.parametrize("typed", ["", "1,2,3,4\n", "1,2,3,4\n5,6,7,8\n"])
def test_one_ctrl_d_ends_what_is_typed(typed):
    keyboard, terminal = os.openpty()
    try:
        os.write(keyboard, f"{typed}\x04of the next reader\n\x04\x04\x04".encode())
        assert reading.content(Path(f"/dev/fd/{terminal}")) == typed.encode()
    finally:
        os.close(keyboard)
        os.close(terminal)
