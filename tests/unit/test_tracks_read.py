"""Reading our own lines: what was written comes back, and what is broken is named with its line."""

import json
from dataclasses import replace

import pytest
from track_tables import ODD, VIDEO, table

from drol_jax.errors import UserError
from drol_jax.tracks.formats import FORMATS, Stream
from drol_jax.tracks.read import parse, read_tracks

ROWS = [row for rows in table() for row in rows]


class TestRead:
    def text(self, rows=ROWS) -> str:
        form = FORMATS["jsonl"]
        assert isinstance(form, Stream)
        return form.begin(VIDEO) + form.lines(rows, {})

    def test_gives_back_all_that_was_written(self):
        video, rows = parse(self.text())
        assert video == VIDEO
        assert [replace(row, time=0.0) for row in rows] == [
            replace(row, time=0.0, box=row.box and (row.box[0], row.box[1], round(row.box[2], 3), row.box[3]))
            for row in ROWS
        ]
        assert max(abs(a.time - b.time) for a, b in zip(rows, ROWS, strict=True)) < 1e-6
        assert {row.name for row in rows} == {"anna", ODD}

    def test_names_of_images_are_kept(self):
        form = FORMATS["jsonl"]
        assert isinstance(form, Stream)
        video = replace(VIDEO, rate=None, frames=None, images=("a.png", "b.png"))
        assert parse(form.begin(video))[0] == video

    def test_a_last_line_that_was_cut_off_is_dropped(self):
        whole = self.text()
        assert parse(whole[:-5])[1] == parse(whole)[1][:-1]

    @pytest.mark.parametrize(
        ("line", "told"),
        [
            ("{", "line 3: no JSON"),
            ("[]", "line 3: '\\[\\]' is not an object"),
            ('{"frame": 0}', "line 3: the key 'box' is missing"),
            ("", "line 3: no JSON"),
        ],
    )
    def test_a_broken_line_is_named(self, line, told):
        head, first, rest = self.text().split("\n", 2)
        with pytest.raises(UserError, match=told):
            parse("\n".join([head, first, line, rest]))

    @pytest.mark.parametrize(
        ("key", "value", "told"),
        [
            ("frame", -1, "-1 is no number from 0 on"),
            ("frame", True, "True is no number"),
            ("box", [1, 2, 3], "a box of 3 numbers"),
            ("box", [1, 2, 3, 10**400], "line 2: the integer 1000.* has 401 digits"),
            ("box", 5, "line 2"),
            ("box", [1, 2, 3, float("nan")], "nan is no finite number"),
            ("state", "gone", "'gone' is not a valid TargetState"),
            ("name", 3, "3 is no text"),
            ("overlap", 3, "line 2"),
        ],
    )
    def test_a_value_that_cannot_be_is_named_with_its_line(self, tmp_path, key, value, told):
        head, first, rest = self.text().split("\n", 2)
        path = tmp_path / "t.jsonl"
        path.write_text("\n".join([head, json.dumps(json.loads(first) | {key: value}), rest]))
        with pytest.raises(UserError, match=told) as error:
            read_tracks(path)
        assert str(error.value).startswith(f"{path}, line 2: ") and "\n" not in str(error.value)

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            ("", "line 1: no whole line"),
            ('{"a": 1}\n', "no file of tracks of ours"),
            ('{"drol_jax": "tracks", "version": 9, "video": {}}\n', "version 9 .* update drol_jax"),
            ('{"drol_jax": "tracks", "version": 1, "video": {}}\n', "the key 'frames' is missing"),
            ('{"drol_jax": "tracks", "version": 1, "video": 3}\n', "line 1"),
        ],
    )
    def test_another_file_is_refused(self, content, told):
        with pytest.raises(UserError, match=told):
            parse(content)

    def test_a_missing_file_is_told(self, tmp_path):
        with pytest.raises(UserError, match=r"none\.jsonl: No such file"):
            read_tracks(tmp_path / "none.jsonl")
