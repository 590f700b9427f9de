"""A training run: what it needs, from its settings, and how many steps it takes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import jax
import numpy as np
import optax
from jax.sharding import Mesh

from drol_jax import checkpoint
from drol_jax.checkpoint.variables import weights_hash
from drol_jax.errors import UserError
from drol_jax.settings import Settings, load_settings
from drol_jax.settings.yaml_file import plain
from drol_jax.train import sources
from drol_jax.train.features import Features
from drol_jax.train.feed import ahead, devices_mesh, everywhere, own_part
from drol_jax.train.initial import fresh_variables, with_backbone
from drol_jax.train.optimiser import optimiser, release_step
from drol_jax.train.pairs.batch import Source
from drol_jax.train.pairs.mixture import Mixture
from drol_jax.train.pairs.reused import Reused
from drol_jax.train.processes import of_the_first
from drol_jax.train.settings import TrainSettings, counted, seconds_of
from drol_jax.train.state import Step, TrainState, begin, step
from drol_jax.train.teacher import ADAPTERS, Teacher

TIMED = 6
"""Steps that the number of steps is worked out from."""
SPARE = 0.05
"""Share of the budget that is left for what is not steps."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """Everything about a run but what changes from step to step and where it lies."""

    settings: TrainSettings
    tracker: Settings
    source: Source[Any]
    mesh: Mesh
    variables: Any
    """That it begins with."""
    initial_hash: str
    teacher: Teacher | None

    @classmethod
    def of(cls, settings: TrainSettings, source: Source[Any] | None = None) -> "Run":
        """Read and make what the settings name.

        Args:
          source: in place of the settings' own.

        Raises:
          UserError: settings that do not go together, weights of another network.
        """
        tracker = load_settings(settings.config)
        config = tracker.config
        mesh = devices_mesh(settings.batch_size)
        if settings.initial is None:
            variables = fresh_variables(config.model, settings.seed)
            if settings.initial_backbone is not None:
                variables = with_backbone(variables, settings.initial_backbone, config.model)
            found = weights_hash(variables)
        else:
            loaded = checkpoint.load(checkpoint.resolve(settings.initial), config.model)
            variables, found = loaded.variables, loaded.hash
        if source is None:
            source = sources.build(
                settings.sources, settings.batch_size, config.search, settings.seed, masks=config.model.mask
            )
        if settings.features is not None:
            if jax.process_count() > 1:
                raise UserError("features are kept by one process; leave features out, or train without --distributed")
            search = config.search
            source = Features(
                source,
                settings.features,
                config.model,
                variables,
                {"sources": plain(settings.sources), "seed": settings.seed},
                settings.batch_size,
                (search.exemplar_size, search.instance_size),
                settings.seed,
            )
        elif settings.reuse.times > 1:
            source = Reused(source, settings.reuse)
        teacher = None if settings.teacher is None else Teacher.of(settings.teacher, config)
        if teacher is not None and (adapters := teacher.adapters(config.model, settings.seed)):
            variables = {**variables, "params": {**variables["params"], ADAPTERS: adapters}}
        optimiser(settings.optimiser, settings.schedule, 1, variables["params"])  # names in its settings are checked
        return cls(
            settings=settings,
            tracker=tracker,
            source=source,
            mesh=mesh,
            variables=variables,
            initial_hash=found,
            teacher=teacher,
        )

    def record(self, steps: int) -> dict[str, Any]:
        """What decides the run's numbers, as plain data."""
        training = counted(self.settings)
        for place in ("initial", "initial_backbone"):  # the numbers count, not where they lie
            training.pop(place)
        if training["features"] is not None:
            training["features"].pop("folder")
        if self.teacher is not None:
            training["teacher"] |= {"weights": self.teacher.hash, "config": plain(self.teacher.config.model)}
        config = plain(self.tracker.config)
        return {
            "training": training,
            "network": config["model"],
            "geometry": config["search"],
            "fidelity": config["fidelity"],
            "initial_weights": self.initial_hash,
            "steps": steps,
            "budget": self.settings.budget,
        }

    def plan(self, steps: int) -> "Plan":
        return Plan(self, steps)


class Plan:
    """A run whose number of steps is known: the optimiser, and the compiled step."""

    def __init__(self, run: Run, steps: int):
        self.run, self.steps = run, steps
        settings = run.settings
        self.release = release_step(settings.schedule, steps)

    @cached_property
    def optimiser(self) -> optax.GradientTransformation:
        settings = self.run.settings
        return optimiser(settings.optimiser, settings.schedule, self.steps, self.run.variables["params"])

    def begin(self) -> TrainState:
        """The state before the first step, on all devices."""
        return self.placed(begin(self.run.variables, self.optimiser, self.run.settings.seed))

    def placed(self, state: TrainState) -> TrainState:
        """The state on all devices."""
        return self._everywhere(state)

    def _everywhere(self, tree: Any) -> Any:
        if jax.process_count() > 1:  # equal in all of them, and arrays of one's own go to no other's devices
            tree = jax.tree.map(np.asarray, tree)
        return jax.device_put(tree, everywhere(self.run.mesh))

    def step_function(self, *, backbone_learns: bool) -> Step:
        """A step, jitted; it takes its state's memory for the next."""
        settings = self.run.settings
        one = partial(
            step,
            config=self.run.tracker.config,
            loss=settings.loss,
            optimiser=self.optimiser,
            average=settings.average,
            backbone_learns=backbone_learns,
            teacher=self.run.teacher,
            by_block=round(settings.teacher.by_block * self.steps) if settings.teacher else 0,
        )
        jitted = jax.jit(one, donate_argnums=0, out_shardings=everywhere(self.run.mesh))
        if self.run.teacher is None:
            return jitted
        return partial(jitted, teacher_variables=self._everywhere(self.run.teacher.variables))


def steps_within(run: Run, budget: str, tell: Callable[[str], None]) -> int:
    """How many steps fit into a budget, by timing a few with the pairs that they need; nothing of them is kept.

    Returns:
      At least 1.

    Raises:
      UserError: the budget is no span of time.
    """
    began = time.monotonic()
    seconds = seconds_of(budget)
    plan = run.plan(1000)
    share = run.settings.schedule.release
    kinds = {True: 1 - share, False: share}
    per_step = 0.0
    for learns, weight in kinds.items():
        if weight > 0:
            per_step += weight * _seconds_a_step(plan, learns)
    left = seconds * (1 - SPARE) - (time.monotonic() - began)
    steps = of_the_first(max(int(left / per_step), 1))
    tell(f"{per_step:.2f} s a step: {steps} steps within {budget}")
    return steps


def _seconds_a_step(plan: Plan, learns: bool) -> float:
    function, state = plan.step_function(backbone_learns=learns), plan.begin()
    source = plan.run.source
    for index in source.beginnings() if isinstance(source, Mixture | Reused) else ():
        jax.block_until_ready(
            own_part(source, index, plan.run.mesh, plan.run.settings.batch_size)
        )  # a source compiles with its first batch, a minute on a GPU
    with ahead(plan.run.source, 0, TIMED + 2, plan.run.mesh, plan.run.settings.batch_size) as batches:
        started = 0.0
        for index, pairs in enumerate(batches):
            state, scalars = function(state, pairs)
            jax.block_until_ready(scalars)
            if index == 1:  # compiled, and batches are made ahead as they will be
                started = time.monotonic()
    return (time.monotonic() - started) / TIMED
