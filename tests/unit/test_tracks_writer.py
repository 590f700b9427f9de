"""Writing tracks while they grow: whatever happens, what is on the disk is whole."""

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from track_tables import VIDEO, row, table

from drol_jax.errors import UserError
from drol_jax.tracks.appending import Appended
from drol_jax.tracks.formats import FORMATS
from drol_jax.tracks.read import read_tracks
from drol_jax.tracks.writer import TableWriter, existing, files

ROWS = [row for rows in table() for row in rows]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def written(folder: Path, formats=tuple(FORMATS), video=VIDEO) -> dict[str, bytes]:
    with TableWriter(folder, "match", formats, video) as writer:
        for rows in table():
            writer.write(rows)
    return contents(folder)


def test_all_formats_are_written_and_nothing_else_is_left(tmp_path):
    made = written(tmp_path / "new" / "out")
    assert sorted(made) == sorted(path.name for path in files(tmp_path, "match", FORMATS))
    assert all(made.values())


def test_streams_hold_each_frame_as_soon_as_it_is_written(tmp_path):
    with TableWriter(tmp_path, "match", ["csv", "jsonl", "mot"], VIDEO) as writer:
        for number, rows in enumerate(table(), 1):
            writer.write(rows)
            assert read_tracks(tmp_path / "match.jsonl")[1][-1].frame == number - 1
            assert (tmp_path / "match.csv").read_text().count(",anna,") == number
        names = (tmp_path / "match.mot.names.csv").read_text()
    assert names.startswith("id,name\n1,anna\n2,")


def test_a_stream_is_appended_to_in_one_call_a_frame(tmp_path):
    blocks = []
    file = Appended(tmp_path / "a.csv", "head\n", write=lambda _, data: blocks.append(data) or len(data))
    file.append("one\ntwo\n")
    file.append("three\n")
    file.close()
    assert blocks == [b"one\ntwo\n", b"three\n"]


def test_a_full_disk_leaves_whole_frames_and_says_so(tmp_path):
    def full(file: int, data: bytes) -> int:
        if os.fstat(file).st_size > 8:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return os.write(file, data[:6])

    file = Appended(tmp_path / "a.csv", "h\n", write=full)
    file.append("1\n")
    with pytest.raises(UserError, match=r"a\.csv: No space left on device; free space"):
        file.append("22222222\n")
    assert (tmp_path / "a.csv").read_text() == "h\n1\n"
    file.append("3\n")
    file.close()
    assert (tmp_path / "a.csv").read_text() == "h\n1\n3\n"


def test_documents_are_written_again_after_some_seconds_and_at_the_end(tmp_path):
    clock, frames = Clock(), table()
    path = tmp_path / "match.coco.json"
    with TableWriter(tmp_path, "match", ["coco"], VIDEO, every=30, clock=clock) as writer:
        writer.write(frames[0])
        assert not path.exists()
        clock.now = 30
        writer.write(frames[1])
        assert len(json.loads(path.read_text())["images"]) == 2
        clock.now = 59
        writer.write(frames[2])
        assert len(json.loads(path.read_text())["images"]) == 2
    assert len(json.loads(path.read_text())["images"]) == 3


def test_the_pause_grows_with_the_time_that_a_document_takes(tmp_path):
    class Slow(Clock):
        def __call__(self) -> float:
            self.now += 5  # also between the start and the end of a writing
            return self.now

    clock, path = Slow(), tmp_path / "match.cvat.xml"
    with TableWriter(tmp_path, "match", ["cvat"], VIDEO, every=1, clock=clock) as writer:
        writer.write(table()[0])
        before = path.stat().st_mtime_ns
        for _ in range(10):
            writer.write(table()[1])
        assert path.stat().st_mtime_ns == before


def test_an_interrupted_run_goes_on_to_the_same_bytes(tmp_path):
    whole = written(tmp_path / "whole")
    folder = tmp_path / "cut"
    killed = TableWriter(folder, "match", FORMATS, VIDEO)
    for rows in table()[:5]:
        killed.write(rows)
    with (folder / "match.jsonl").open("a") as file:  # a kill in the middle of a line
        file.write('{"frame": 5, "ti')
    video, rows = read_tracks(folder / "match.jsonl")
    with TableWriter(folder, "match", FORMATS, video, rows=rows) as writer:
        for later in table()[5:]:
            writer.write(later)
    assert contents(folder) == whole


def test_all_formats_can_be_made_of_our_own_lines(tmp_path):
    written(tmp_path)
    video, rows = read_tracks(tmp_path / "match.jsonl")
    TableWriter(tmp_path, "again", FORMATS, video, rows=rows).close()
    made = contents(tmp_path)
    assert all(made[name] == made[f"again{name.removeprefix('match')}"] for name in made if name.startswith("match"))


def test_the_number_of_frames_is_mended_when_it_is_known(tmp_path):
    writer = TableWriter(tmp_path, "match", ["jsonl", "csv", "cvat"], replace(VIDEO, frames=90))
    for rows in table():
        writer.write(rows)
    writer.close(VIDEO)
    writer.close()
    video, rows = read_tracks(tmp_path / "match.jsonl")
    assert video == VIDEO and len(rows) == len(ROWS)
    assert "<size>12</size>" in (tmp_path / "match.cvat.xml").read_text()


def test_files_that_are_there_are_not_overwritten(tmp_path):
    written(tmp_path, ["csv"])
    before = contents(tmp_path)
    assert existing(tmp_path, "match", ["csv", "coco"]) == [tmp_path / "match.csv"]
    with pytest.raises(UserError, match=r"match\.csv is there already; choose another --output or delete it"):
        TableWriter(tmp_path, "match", ["csv", "coco"], VIDEO)
    assert contents(tmp_path) == before


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot make folder .*file/out: Not a directory"):
        TableWriter(tmp_path / "file" / "out", "match", ["csv"], VIDEO)


def test_a_document_that_cannot_be_written_leaves_the_others_and_the_streams(tmp_path):
    writer = TableWriter(tmp_path, "match", ["csv", "coco", "cvat"], VIDEO)
    (tmp_path / "match.coco.json").mkdir()
    writer.write(table()[0])
    with pytest.raises(UserError, match=r"cannot write .*match\.coco\.json"):
        writer.close()
    assert (tmp_path / "match.csv").read_text().splitlines()[1].startswith("0,")
    assert "<track" in (tmp_path / "match.cvat.xml").read_text()


def test_a_failing_run_keeps_its_own_error_and_its_rows(tmp_path):
    def run() -> None:
        with TableWriter(tmp_path, "match", ["coco", "cvat"], VIDEO) as writer:
            (tmp_path / "match.coco.json").mkdir()
            writer.write(table()[0])
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine") as told:
        run()
    assert "<track" in (tmp_path / "match.cvat.xml").read_text()
    assert "match.coco.json" in told.value.__notes__[0]


def test_rows_of_a_frame_may_be_none(tmp_path):
    with TableWriter(tmp_path, "match", FORMATS, VIDEO) as writer:
        writer.write([])
        writer.write([row(3)])
    assert len(read_tracks(tmp_path / "match.jsonl")[1]) == 1
