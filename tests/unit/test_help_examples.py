"""What --help shows as examples is what the program takes."""

import shlex
from importlib import import_module
from inspect import getdoc

import pytest

from drol_jax.convert.cli import CONVERTERS
from drol_jax.export.cli import EXPORTS
from drol_jax.system import subprograms
from drol_jax.system.arguments import parse
from drol_jax.weights.cli import COMMANDS

TABLES = [COMMANDS, CONVERTERS, EXPORTS]
PROGRAMS = {
    "drol_jax.bench.cli": "python -m drol_jax.bench ",
    "drol_jax.eval.ablate_cli": "python -m drol_jax.eval ablate ",
    "drol_jax.eval.cli": "python -m drol_jax.eval ",
    "drol_jax.eval.pack_cli": "python -m drol_jax.eval pack ",
    "drol_jax.eval.render_cli": "python -m drol_jax.eval render ",
    "drol_jax.eval.score_cli": "python -m drol_jax.eval score ",
    "drol_jax.studio.cli": "drol-jax studio ",
    "drol_jax.tracking.cli": "drol-jax track ",
}


@pytest.mark.parametrize("table", TABLES, ids=["weights", "convert", "export"])
def test_examples_of_a_command_begin_with_it_and_parse(table):
    for name, command in table.items():
        for words in command.examples:
            first, *rest = shlex.split(words)
            assert first == name
            parse(command.arguments, rest, name)


@pytest.mark.parametrize("module", PROGRAMS)
def test_a_program_has_two_examples_or_more_and_takes_them(module):
    arguments = import_module(module).Arguments
    _, _, behind = (getdoc(arguments) or "").partition("Examples:\n")
    lines = [line for line in behind.splitlines() if line.startswith(("drol-jax", "python"))]
    assert len(lines) >= 2
    for line in lines:
        assert line.startswith(PROGRAMS[module])
        parse(arguments, shlex.split(line.removeprefix(PROGRAMS[module])), module)


def test_the_help_of_a_program_shows_an_example_of_each_command():
    shown = subprograms.examples("drol-jax weights", COMMANDS)
    assert shown.splitlines() == [f"  drol-jax weights {command.examples[0]}" for command in COMMANDS.values()]
