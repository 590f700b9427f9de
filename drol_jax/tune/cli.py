"""Arguments and wiring of ``drol-jax tune``."""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from drol_jax import datasets
from drol_jax.config import Fidelity, Precision
from drol_jax.errors import UserError, reason
from drol_jax.eval.commands import DATASET_HELP, Load, data_root, one_of, split_names
from drol_jax.eval.placing import EngineArguments, ray_options
from drol_jax.system.arguments import parse
from drol_jax.system.program import guarded
from drol_jax.system.resources import DEFAULT_CONFIG, config_help

PROGRAM = "drol-jax tune"


@dataclass(frozen=True)
class Arguments(EngineArguments):
    """Search a tracker's settings by Optuna (extra: tune), on some sequences of a benchmark by one pass.

    Many settings go through a sequence in one pass for as long as they do the same. OUTPUT has chosen.yaml, a
    configuration with the best settings, tune.json, tune.html and the study. The others of the dataset's sequences tell
    what the choice gains. The same command takes up an interrupted search.

    Exit code: 0 done, 2 misuse, 130 interrupted.

    Examples:

    drol-jax tune --space fusion=0.2:0.9 window_influence=0.2:0.6 --trials 200

    drol-jax tune --dataset OTB100 --penalty-k 0.05,0.5,0.05 --lr 0.35,0.5,0.05 --window-influence 0.1,0.8,0.05
    """

    space: tuple[str, ...] = ()
    """What is searched: fusion=0.2:0.9 (a range), refit_interval=2:20:2 (one with steps), fusion=0.2,0.5 (a list).
    Names are those of the configuration's section hyper; others have their section before them, as in
    search.instance_size=255,287, and are compiled for each value."""
    penalty_k: str | None = None
    """START,STOP,STEP as to PySOT's hp_search: hyper.penalty_k."""
    lr: str | None = None
    """The same: hyper.size_lr."""
    window_influence: str | None = None
    """The same: hyper.window_influence."""
    search_region: str | None = None
    """The same: search.instance_size."""
    trials: int | None = None
    """Settings in all. Default: 100, or where all dimensions are lists every combination."""
    together: int = 64
    """Settings that are tried at once; each takes memory of its own where it does something else than the others."""
    no_prune: bool = False
    """Try all settings on all sequences, hopeless ones too."""
    dataset: Annotated[str, tyro.conf.arg(help=DATASET_HELP)] = "Synth"
    data_root: Path = field(default_factory=data_root)
    """Folder that holds the datasets, or one dataset. Default: $DROL_JAX_DATA, else ./data."""
    config: Annotated[str, tyro.conf.arg(help=config_help())] = DEFAULT_CONFIG
    weights: str | None = None
    """Converted weights, a folder or file, or hf://owner/repository on the hub. Default: the bundled ones."""
    sequences: str | None = None
    """Sequences to search on, separated by commas. Default: every second one."""
    held_out: str | None = None
    """Sequences that tell the gain, separated by commas. Default: all others."""
    dialect: str | None = None
    """Whose arithmetic scores. Default: that of the benchmark's published scores."""
    measure: str | None = None
    """Measure to improve, by its key in scores.json, such as auc or precision_20. Default: the dialect's first."""
    fidelity: Annotated[Fidelity | None, one_of(Fidelity)] = None
    """Fidelity in place of the configuration's own."""
    precision: Annotated[Precision | None, one_of(Precision)] = None
    """Precision of the network's products, in place of the configuration's."""
    plugin: str | None = None
    """A Python file with parts of your own, or the name of an installed plug-in. Its code is run."""
    seed: int = 0
    """Of the search. Two searches of one seed go through the same trials, whatever stops them."""
    storage: str | None = None
    """Where Optuna keeps the study, a URL such as postgresql://host/db, for a team. Default: OUTPUT/study.db."""
    output: Path | None = None
    """Folder for what comes of it. Default: results/DATASET/tune/NAME."""


def main(argv: Sequence[str] | None = None, load: Load = datasets.load) -> int:
    """Run the program.

    Args:
      argv: arguments after the program's name; default is the process's own.
      load: lists a dataset's sequences; tests pass their own.

    Returns:
      The exit code: 0, 2 on misuse, 130 on Ctrl-C.

    Raises:
      SystemExit: after --help (0) and on arguments that do not parse (2).
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    arguments = parse(Arguments, argv, PROGRAM)
    return guarded(lambda: _checked(arguments, load, f"{PROGRAM} {shlex.join(argv)}"))


def _checked(arguments: Arguments, load: Load, command: str) -> int:
    """Refuse what can be refused before anything is loaded, and run."""
    from drol_jax.system.optional import optional
    from drol_jax.tune.space import HP_SEARCH, read_space
    from drol_jax.tune.study import INSTALL

    if arguments.lanes == "auto":
        raise UserError("--lanes auto is of eval, whose sequences are tracked once; give a number")
    for name in ("together", "lanes", "trials"):
        if (number := getattr(arguments, name)) is not None and number < 1:
            raise UserError(f"--{name} {number}: at least one is needed")
    ray_options(arguments)
    space = read_space(arguments.space, {option: getattr(arguments, option) for option in HP_SEARCH})
    wanted = split_names(arguments.sequences, "--sequences")
    held_out = split_names(arguments.held_out, "--held-out")
    optional("optuna", INSTALL)
    entries = load(arguments.dataset, arguments.data_root, None, 0)
    from drol_jax.tune.program import run
    from drol_jax.tune.split import split

    return run(arguments, space, split(entries, wanted, held_out, arguments.dataset), command, load)


def made(folder: Path) -> Path:
    """The folder, which is there from now on.

    Raises:
      UserError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make {folder}: {reason(error)}; choose another --output") from error
    return folder
