"""What is measured: a tracker with weights, and its video. Lives in the measuring process."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import jax
import numpy as np

from drol_jax import checkpoint
from drol_jax.api import PRECISION, Tracker, load
from drol_jax.bench import recipe
from drol_jax.bench.film import Film, film_of
from drol_jax.bench.plan import OwnVideo
from drol_jax.checkpoint.variables import variable_shapes
from drol_jax.config import TemplateConfig
from drol_jax.datasets.sequence import Sequence
from drol_jax.image.crops import Frame
from drol_jax.image.frames import flatten
from drol_jax.image.source import FrameSource
from drol_jax.online.localize import Verdict
from drol_jax.results.settings import environment
from drol_jax.running.loop import Runner
from drol_jax.settings import load_settings
from drol_jax.system.compiling import compiler_options
from drol_jax.system.trees import unflatten_dict
from drol_jax.tracker.start import init, init_draws, weights_of
from drol_jax.tracker.state import TrackerState
from drol_jax.tracker.step import step
from drol_jax.zoo import home

SEED = 0


class Subject:
    """One configuration with weights."""

    def __init__(
        self,
        config: str,
        weights: str | None,
        precision: str | None,
        scratch: str,
        plugin: str | None = None,
        own: OwnVideo | None = None,
    ):
        self.settings = load_settings(config)
        fetched = home.kept_for(self.settings.name)
        sources = {"given": weights, "bundled": self.settings.weights, "fetched": fetched and str(fetched)}
        self.source, found = next(((name, place) for name, place in sources.items() if place), ("recipe", None))
        self.weights = found or self._made(Path(scratch))
        self._config, self._precision, self.plugin, self._own = config, precision, plugin, own
        self._trackers: dict[str, Tracker] = {}
        self._runners: dict[str, Runner] = {}

    def _made(self, scratch: Path) -> str:
        """A file of random numbers, where no weights are to be had: speed does not depend on them."""
        model = self.settings.config.model
        shapes = variable_shapes(model)
        name = "-".join(["recipe", self.settings.name])
        path = scratch / f"{name}.safetensors"
        if not path.exists():
            checkpoint.save(path, unflatten_dict(recipe.variables(shapes), sep="/"), model)
        return str(path)

    @property
    def variants(self) -> list[str]:
        """Variants to measure: the online subnet off, and on where the configuration has one."""
        return ["off", "on"] if self.settings.config.online.enabled else ["off"]

    def tracker(self, variant: str) -> Tracker:
        """Trackers by variant: "off" and "on" as in `variants`; "online" and "template" have the subnet, the one never
        a short-term template, the other always."""
        if variant not in self._trackers:
            # Only when asked for, so that the library's default is the library's.
            further: dict[str, Any] = {} if self._precision is None else {"precision": self._precision}
            further |= {"online": None if variant != "off" else False, "plugin": self.plugin, "cache": False}
            tracker = load(self._config, self.weights, **further)
            if variant in ("online", "template"):
                config = replace(tracker.config, template=TemplateConfig(update=variant == "template"))
                tracker = replace(tracker, settings=replace(tracker.settings, config=config))
            self._trackers[variant] = tracker
        return self._trackers[variant]

    def runner(self, variant: str) -> Runner:
        """The frame loop of a variant, with what it has compiled."""
        if variant not in self._runners:
            self._runners[variant] = Runner(self.tracker(variant))
        return self._runners[variant]

    def refits(self, variant: str, verdicts: np.ndarray) -> int | None:
        """How often the subnet was refitted in a run, from the verdicts of its frames, the first included.

        None where they do not tell: while the target is lost nothing is learned.
        """
        if variant == "off":
            return 0
        if self.settings.config.long_term.enabled:
            return None
        interval, hard = int(self.settings.hyper.refit_interval), Verdict.HARD_NEGATIVE
        return sum(int(v == hard or i % interval == 0) for i, v in enumerate(verdicts) if i)

    def describe(self) -> dict[str, Any]:
        device = jax.devices()[0]
        parts = self.tracker("off").config.parts
        found = {
            "name": self.settings.name,
            "weights": self.source,
            "weights_hash": self.tracker("off").weights_hash,
            "weights_path": str(checkpoint.resolve(self.weights)),
            "variants": self.variants,
            "platform": device.platform,
            "device": device.device_kind,
            "environment": environment(*([] if parts is None else [parts.digest])),
        }
        return found

    @cached_property
    def film(self) -> Film:
        """What it tracks."""
        return film_of(self._own)

    def sequence(self, count: int, sources: list[Any] | None = None) -> Sequence:
        """`count` frames for the frame loop, from memory unless sources are given."""
        frames: list[FrameSource] = sources or [lambda image=image: image for image in self.film.frames(count)]
        boxes = np.full((count, 4), np.nan)
        boxes[0] = self.film.box
        return Sequence(name="bench", frames=tuple(frames), boxes=boxes)


class Programs:
    """`init` and `step` of one tracker, compiled for one length of flattened frames, as the frame loop has them."""

    def __init__(self, tracker: Tracker, frame: Frame, box: np.ndarray):
        self._model, self._box = tracker.model, box
        model = tracker.model
        self.seconds = {}
        draws = None
        self._draws: Any = None
        if model.config.online.enabled:
            key = jax.random.key(SEED)
            self._draws = self._compile("draws", jax.jit(init_draws), model.config, key)
            draws = self._draws(model.config, key)
        first = jax.jit(init)
        self._init = self._compile("init", first, model, frame, box, draws)
        state = first.eval_shape(model, frame, box, draws)
        self._step = self._compile("step", jax.jit(step, donate_argnums=1), model, state, frame)

    def _compile(self, name: str, function: Any, *arguments: Any) -> Any:
        began = time.perf_counter()
        with matmul_precision():
            lowered = function.lower(*arguments)
            traced = time.perf_counter()
            options = compiler_options(name != "step", weights_of(*arguments) if name == "init" else ())
            program = lowered.compile(compiler_options=options or None)
        self.seconds[name] = {"trace_s": traced - began, "compile_s": time.perf_counter() - traced}
        return program

    def init(self, frame: Frame, seed: int = SEED) -> TrackerState:
        draws = None if self._draws is None else self._draws(self._model.config, jax.random.key(seed))
        return self._init(self._model, frame, self._box, draws)

    def step(self, state: TrackerState, frame: Frame) -> tuple[TrackerState, Any]:
        """Uses the state up: its memory is written over."""
        return self._step(self._model, state, frame)


def matmul_precision() -> Any:
    """What a tracker's own calls are compiled under."""
    return jax.default_matmul_precision(PRECISION)


def on_device(image: np.ndarray) -> Frame:
    """A decoded image as the frame loop hands it over."""
    return Frame(*jax.device_put(flatten(image)))


def seconds_of(call: Callable[[], Any]) -> tuple[float, Any]:
    """Wall time until everything that the call returns is there, and what it returned."""
    began = time.perf_counter()
    result = jax.block_until_ready(call())
    return time.perf_counter() - began, result
