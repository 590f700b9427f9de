"""Arguments and wiring of ``python -m drol_jax.train``."""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from drol_jax.errors import UserError
from drol_jax.system.arguments import parse
from drol_jax.system.program import CacheArguments, guarded, make_ready, tell
from drol_jax.system.resources import configurations

if TYPE_CHECKING:  # jax starts only when the arguments are known
    from drol_jax.train.pairs.batch import Source

PROGRAM = "python -m drol_jax.train"
CONFIG_HELP = (
    f"A training file in YAML, or the name of one that comes with drol_jax: {', '.join(configurations('train'))}."
)


@dataclass(frozen=True, kw_only=True)
class Arguments(CacheArguments):
    """Train a Siamese network on image pairs, with no network, no videos and no other weights needed.

    The same command takes up an interrupted run where it stopped. The weights are in OUTPUT/weights, for
    --weights of the other programs; the curves in OUTPUT/curves.png, the log in OUTPUT/log.jsonl.

    Examples:

    python -m drol_jax.train --budget 2h

    python -m drol_jax.train --config my.yaml --output runs/mine --init siamrpn_alex_tiny

    Exit code: 0 trained, 2 misuse or trouble that the message names, 130 interrupted.
    """

    config: Annotated[str, tyro.conf.arg(help=CONFIG_HELP)] = "siamrpn_alex_tiny"
    budget: str | None = None
    """Wall time, such as 2h, 90m or 1h30m, in place of the file's: the number of steps is worked out from it once."""
    steps: int | None = None
    """Steps of the optimiser, in place of the file's."""
    init: str | None = None
    """Weights to begin with: bundled ones by name, a folder, a file, or hf://owner/repository. Default: the file's."""
    init_backbone: str | None = None
    """Weights whose backbone alone to begin with, such as those of another kind of tracker; in place of --init."""
    output: Path | None = None
    """The run's folder. Default: runs/NAME, in the working directory."""
    resume: Literal["automatic", "always", "never"] = "automatic"
    """Go on with the run that the folder holds: if there is one, or else fail (always), or fail if there is (never)."""
    distributed: bool = False
    """Train together with other processes, one a machine or a card, each started by the same command, with an --output
    that all share. SLURM (srun) and Open MPI tell them of each other."""
    coordinator: str | None = None
    """HOST:PORT of the first process, where nothing else tells: one command for each process, with --process from 0."""
    processes: int | None = None
    """How many there are."""
    process: int | None = None
    """Number of this one, from 0."""
    seed: int | None = None
    """Seed of first weights, pairs and draws. Default: the file's."""


def main(argv: Sequence[str] | None = None, source: "Source | None" = None) -> int:
    """Run the program.

    Args:
      argv: arguments after the program's name; default is the process's own.
      source: of pairs, in place of the training file's; for tests.

    Returns:
      The exit code: 0, 2 on misuse, 130 on Ctrl-C.

    Raises:
      SystemExit: after --help (0) and on arguments that do not parse (2).
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    arguments = parse(Arguments, argv, PROGRAM)
    return guarded(lambda: _train(arguments, shlex.join(["python", "-m", "drol_jax.train", *argv]), source))


def _train(arguments: Arguments, command: str, source: "Source | None") -> int:
    if arguments.steps is not None and arguments.budget is not None:
        raise UserError("--steps and --budget exclude each other; drop one")
    from drol_jax.train.settings import load_train_settings, revalidated

    settings = load_train_settings(arguments.config)
    if arguments.steps is not None or arguments.budget is not None:
        settings = replace(settings, steps=arguments.steps, budget=arguments.budget)
    if arguments.seed is not None:
        settings = replace(settings, seed=arguments.seed)
    if arguments.init is not None or arguments.init_backbone is not None:
        settings = replace(settings, initial=arguments.init, initial_backbone=arguments.init_backbone)
    settings = revalidated(settings)
    output = arguments.output or Path("runs") / settings.name
    make_ready(arguments, stores=1)  # shared, so that what threads take is kept too: two fifths of all its time
    from drol_jax.train.processes import Place, is_first, join

    place = Place(coordinator=arguments.coordinator, count=arguments.processes, number=arguments.process)
    if arguments.distributed:
        join(place)
    elif place != Place():
        raise UserError("--coordinator, --processes and --process are for --distributed; pass it too")
    say = tell if is_first() else lambda words: None
    from drol_jax.results.environments import noted
    from drol_jax.results.settings import environment
    from drol_jax.train.folder import RunFolder
    from drol_jax.train.loop import Loop, Stopped
    from drol_jax.train.outputs import write_outputs
    from drol_jax.train.progress import Silent, TrainMonitor
    from drol_jax.train.run import Run, steps_within

    run = Run.of(settings, source)
    earlier = RunFolder.earlier(output)
    steps = settings.steps
    if steps is None:
        assert settings.budget is not None
        # Worked out once: the learning rate of a run that goes on depends on it.
        known = earlier is not None and earlier.get("budget") == settings.budget
        steps = int(earlier["steps"]) if known and earlier else steps_within(run, settings.budget, say)
    folder = RunFolder.open(output, run.record(steps), arguments.resume)
    try:
        if is_first() and (apart := noted(output, environment())):
            say(f"note: {apart}: the steps so far were trained under others; choose another --output to train anew")
        plan = run.plan(steps)
        with TrainMonitor() if is_first() else Silent() as monitor:
            state = Loop(plan, folder, monitor).run()
        write_outputs(plan, state, folder, command)
    except Stopped as stop:
        say(f"interrupted after step {stop.step} of {steps}, which is kept in {output}; to go on: {command}")
        return 130
    finally:
        folder.close()
    say(f"trained {steps} steps: weights in {output / 'weights'}, curves in {output / 'curves.png'}")
    return 0
