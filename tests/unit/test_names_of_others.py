"""Names and values that others wrote: they stay on their line, no terminal obeys them, and no text breaks at them."""

import io

import pytest

from drol_jax.datasets.text import checked_name
from drol_jax.errors import UserError
from drol_jax.system import atomic, terminal
from drol_jax.system.names import in_utf8
from drol_jax.system.opencv import spelled
from drol_jax.system.program import guarded, tell

HOSTILE = ["a\nb", "a\rb", "\x1b[2J", "\x9b31m", "\u2028", "\u202egpj", "\x00", "\udcff"]
LATIN = b"caf\xe9".decode(errors="surrogateescape")


@pytest.mark.parametrize("name", HOSTILE)
def test_an_error_is_one_line_without_what_a_terminal_obeys(name, capsys):
    def run():
        error = UserError(f"{name}: wrong")
        error.add_note(name)
        raise error

    assert guarded(run) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 2 and len(told.splitlines()) == 2
    assert told.replace("\n", "").isprintable()


def test_a_note_of_several_lines_keeps_them(capsys):
    tell("one\ntwo \x1b[2J")
    assert capsys.readouterr().err == "one\ntwo \\x1b[2J\n"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_table_holds_nothing_that_a_terminal_obeys(name):
    shown = io.StringIO()
    table = terminal.table(["name"])
    table.add_row(name)
    table.add_row(terminal.plain(name))
    to = terminal.console(shown)
    to.print(table)
    to.print(name)
    assert shown.getvalue().replace("\n", "").isprintable()


def test_letters_of_other_tongues_stay_as_they_are():
    name = "Žluťoučký kůň 漢字 \N{FAMILY}"
    assert str(UserError(name)) == in_utf8(name) == spelled(name) == terminal.plain(name).plain == name


def test_bytes_that_are_not_utf8_are_spelled_in_texts_and_refused_as_names_of_sequences(tmp_path):
    atomic.write_text(tmp_path / "a.csv", LATIN)
    assert (tmp_path / "a.csv").read_text() == in_utf8(LATIN) == "caf\\udce9"
    with pytest.raises(UserError, match="not in UTF-8; give it another"):
        checked_name(LATIN, tmp_path)
    with pytest.raises(UserError, match="not in UTF-8, and OpenCV opens no other"):
        spelled(tmp_path / LATIN)
