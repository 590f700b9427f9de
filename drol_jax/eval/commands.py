"""What ``python -m drol_jax.eval`` can do besides tracking a benchmark, and what its commands share."""

import os
from collections.abc import Callable, Sequence
from inspect import cleandoc
from pathlib import Path
from typing import Any, get_args

from tyro.constructors import PrimitiveConstructorSpec

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.system import commands
from drol_jax.system.commands import Command
from drol_jax.system.program import guarded

PROGRAM = "python -m drol_jax.eval"
DATASET_HELP = (
    "Benchmark, one of "
    + ", ".join(datasets.DATASETS)
    + ". Synth is built in, Synth@3 is rendered from seed 3. folders: "
    "whatever sequences lie under --data-root. Or a path: my.json, a definition or PySOT's annotations of a dataset."
)
DATA_ROOT = "DROL_JAX_DATA"

Load = Callable[..., list[datasets.SequenceEntry]]
"""What lists a dataset's sequences: `drol_jax.datasets.load`, or what stands in for it."""


COMMANDS = {
    "ablate": Command(module="drol_jax.eval.ablate_cli", about="repeat the paper's ablation study"),
    "calibrate": Command(module="drol_jax.eval.calibrate_cli", about="fit a tracker's confidence"),
    "doctor": Command(module="drol_jax.eval.doctor_cli", about="examine a benchmark on disk"),
    "film": Command(module="drol_jax.eval.film_cli", about="draw result files into a sequence's images"),
    "pack": Command(module="drol_jax.eval.pack_cli", about="pack result files for an evaluation server"),
    "render": Command(module="drol_jax.eval.render_cli", about="write renderings of Synth to disk"),
    "score": Command(module="drol_jax.eval.score_cli", about="score any tracker's result files"),
    "trax": Command(module="drol_jax.interop.trax_cli", about="serve a tracker to vot-toolkit"),
}
"""Commands by the program's first argument."""


def run_command(name: str, argv: Sequence[str]) -> int:
    """Run a command; misuse, such as a name that is none of `COMMANDS`, is one line and exit code 2, Ctrl-C 130."""
    return guarded(lambda: commands.run(COMMANDS, name, argv, ", or begin with an option"))


def describe(about: str | None) -> str:
    """The program's description with its commands below."""
    lines = [f"{PROGRAM} {name}: {command.about}" for name, command in COMMANDS.items()]
    return "\n\n".join([cleandoc(about or ""), *lines])


def data_root() -> Path:
    """Folder of the datasets unless the user names one: $DROL_JAX_DATA, else ./data."""
    return Path(os.environ.get(DATA_ROOT) or "data")


def one_of(words: Any) -> PrimitiveConstructorSpec[Any]:
    """How an option of ``words | None`` is read, where `words` is a Literal of strings and None is no word to type.

    Of the union itself tyro offers None too, and tells the choices in an order that changes from run to run.
    """
    choices = get_args(words)
    return PrimitiveConstructorSpec(
        nargs=1,
        metavar="{" + ",".join(choices) + "}",
        instance_from_str=lambda typed: typed[0],
        is_instance=lambda value: value is None or value in choices,
        str_from_instance=lambda value: [str(value)],
        choices=choices,
    )


def split_names(names: str | None, option: str) -> list[str] | None:
    """The names that an option lists with commas between them; None where it was not given.

    Raises:
      UserError: it holds no name.
    """
    if names is None:
        return None
    found = [name.strip() for name in names.split(",") if name.strip()]
    if not found:
        raise UserError(f"{option} {names!r} names no sequence; give names separated by commas")
    return found
