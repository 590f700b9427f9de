"""`load` and `Tracker`: a configuration and its weights, bound to `init` and `step`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import jax
import numpy as np

from drol_jax import checkpoint
from drol_jax.config import Config, Fidelity, Hyper, Precision
from drol_jax.errors import UserError
from drol_jax.image.crops import Frame
from drol_jax.image.frames import CAPACITIES, capacity
from drol_jax.image.inputs import Box, Image, checked_box, checked_frame, on_device
from drol_jax.image.masks import full_frame, rotated_box
from drol_jax.image.shapes import Mask
from drol_jax.model import Model, hyper_arrays
from drol_jax.nets.inference.fold import fold
from drol_jax.nets.inference.precision import reduced
from drol_jax.nets.inference.prepare import laid_out, prepare
from drol_jax.online.draws import InitDraws
from drol_jax.settings import Settings, load_settings, without_online
from drol_jax.settings.plugins import load_plugin, with_plugin
from drol_jax.settings.variants import with_fidelity, with_precision
from drol_jax.system.compiling import Jitted, multiplies_bfloat16
from drol_jax.system.program import keep_compiled_unless_told
from drol_jax.tracker.checks import check_state, explained
from drol_jax.tracker.correct import correct
from drol_jax.tracker.details import Details, details
from drol_jax.tracker.start import init, init_draws, weights_of
from drol_jax.tracker.state import StepOutput, TrackerState
from drol_jax.tracker.step import step
from drol_jax.zoo import home

_init = Jitted(init, once=True, weights=weights_of)
_step = Jitted(step, static_argnames="stats")
_correct = Jitted(correct, static_argnames="template")
_details = Jitted(details)
_draws = Jitted(init_draws, once=True)

PRECISION = "highest"
"""Precision of all products outside the network: float32 in full, also where the device has faster lesser ones."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Tracker:
    """One configuration with its weights. Holds no track: states go in and out."""

    settings: Settings
    variables: Any
    """Network weights with normalisation folded in (`nets.inference.fold`); on a CPU with faster forms of the kernels
    beside them, on a GPU with kernels in the order that it reads them in (`nets.inference.prepare`)."""
    hyper: Hyper
    """Scalars on the device; `dataclasses.replace` gives a tracker with others, without recompilation."""
    weights_hash: str

    def __post_init__(self) -> None:
        # A plain number among them would be another type to compiled code.
        object.__setattr__(self, "hyper", hyper_arrays(self.hyper))

    def __repr__(self) -> str:
        online = "on" if self.config.online.enabled else "off"
        return f"Tracker({self.name!r}, online learning {online}, weights {self.weights_hash[:12] or 'without a hash'})"

    @property
    def name(self) -> str:
        return self.settings.name

    @cached_property
    def config(self) -> Config:
        """That of the settings, with what they leave to the device decided: the type of the online memory's samples."""
        config = self.settings.config
        if config.online.samples != "auto":
            return config
        samples = "bfloat16" if multiplies_bfloat16() else "float32"
        return replace(config, online=replace(config.online, samples=samples))

    @cached_property
    def model(self) -> Model:
        """Configuration, weights and scalars as the one value that `drol_jax.init` and `drol_jax.step` take."""
        return Model(config=self.config, variables=self.variables, hyper=self.hyper)

    @property
    def seed(self) -> int:
        return self.settings.seed

    def init(
        self, frame: Image, box: Box, key: jax.Array | None = None, *, draws: InitDraws | None = None
    ) -> TrackerState:
        """Start a track.

        Args:
          frame: `Frame`, or uint8 image [H, W, 3] RGB, [H, W] or [H, W, 1] grey; numpy or JAX.
          box: (x, y, w, h) of the target, pixels, 0-based, overlapping the image. One that reaches out of the image
            where as two corners it would lie inside is warned of.
          key: JAX random key of the online subnet's draws; by default made from the configuration's seed.
          draws: the draws themselves, in place of a key.

        Raises:
          UserError: what is wrong with the frame or the box. Under jit and vmap only shapes and types are checked.
        """
        return started(self, frame, box, key, draws, partial(_step.ahead, self.model, stats=False))

    def step(self, state: TrackerState, frame: Image, *, stats: bool = False) -> tuple[TrackerState, StepOutput]:
        """Follow the target into the next frame.

        Args:
          state: from `init` or the `step` before.
          frame: as in `init`; another size than the first frame's is taken at its own pixel coordinates. Arrays of
            numpy share compiled code whatever their size (see `warmup`), JAX arrays with those of their own size.
          stats: tell in `StepOutput.refit` how the refit went, for one product more.

        Raises:
          UserError: the frame is no image, or the state is none of this configuration.
        """
        check_state(state, self.config, frame)
        image = on_device(checked_frame(frame))
        with jax.default_matmul_precision(PRECISION), explained(state, self.config):
            return _step(self.model, state, image, stats=stats)

    def correct(self, state: TrackerState, frame: Image, box: Box, *, template: bool = False) -> TrackerState:
        """Put the target where a person says that it is, and learn from that (`drol_jax.tracker.correct`).

        Args:
          state: from `step` of this frame, or of the one before.
          frame, box: as in `init`.
          template: whether the box also becomes the track's template.

        Returns:
          The state to go on from with the next frame.

        Raises:
          UserError: what is wrong with the frame or the box, or the state is none of this configuration.
        """
        check_state(state, self.config, frame)
        image = checked_frame(frame)
        place = checked_box(box, image)
        with jax.default_matmul_precision(PRECISION):
            return _correct(self.model, state, on_device(image), place, template=template)

    def details(self, state: TrackerState, frame: Image) -> Details:
        """The maps that `step` chooses by from this state in this frame (`drol_jax.tracker.details`).

        Args:
          state, frame: as in `step`, whose answer they do not change.

        Raises:
          UserError: the frame is no image, or the state is none of this configuration.
        """
        check_state(state, self.config, frame)
        with jax.default_matmul_precision(PRECISION):
            return _details(self.model, state, on_device(checked_frame(frame)))

    def warmup(self, height: int, width: int) -> None:
        """Compile what images of up to this size need, so that the first track starts at once.

        Images in numpy arrays are padded to few lengths (`drol_jax.image.frames.CAPACITIES`), so that a handful of
        compilations serves all sizes. They come from the persistent cache where it is on, as in the programs.

        Args:
          height, width: of the largest image expected, pixels.

        Raises:
          UserError: they are not whole and positive.
        """
        if not all(isinstance(side, int | np.integer) and side > 0 for side in (height, width)):
            raise UserError(f"warmup for images of {width} by {height}: give whole pixels, 1 or more")
        largest = capacity(height, width)
        for pixels in (*(c for c in CAPACITIES if c < largest), largest):
            grey = np.full((32, pixels // 32, 3), 128, np.uint8)
            jax.block_until_ready(self.step(self.init(grey, (4, 4, 16, 16)), grey))

    def polygon(self, output: StepOutput, height: int, width: int) -> np.ndarray | None:
        """The rotated box of a step's mask, computed on the host.

        Args:
          output: of one step, unbatched.
          height, width: the image's size.

        Returns:
          float64 [8], x and y of four corners, pixels, 0-based; None without a mask branch.
        """
        return self.outline(output, height, width)[0]

    def outline(self, output: StepOutput, height: int, width: int) -> tuple[np.ndarray | None, Mask | None]:
        """The rotated box of a step's mask, as `polygon`, and the pixels in which the mask is above its threshold."""
        if output.mask is None:
            return None, None
        exact, threshold = self.config.fidelity == "exact", float(self.hyper.mask_threshold)
        mask = full_frame(output.mask.probability, output.mask.box, height, width, exact=exact)
        return rotated_box(mask, threshold, output.box), Mask.of(mask > threshold)


def forget_starts() -> None:
    """Let go of the programs that start tracks (`Jitted.forget`), in a process that is to start no more."""
    for program in (_init, _draws):
        program.forget()


def started(
    tracker: Tracker,
    frame: Image,
    box: Box,
    key: jax.Array | None,
    draws: InitDraws | None,
    ahead: Callable[[TrackerState, Frame | jax.Array], None],
) -> TrackerState:
    """`Tracker.init`, which compiles what comes next while it compiles itself.

    Args:
      frame, box, key, draws: as there.
      ahead: called with a state, shapes alone, and the frame, if there is anything to compile: it begins to compile
        what follows the state into the next frame, and comes back at once.
    """
    image = checked_frame(frame)
    start, image = checked_box(box, image), on_device(image)
    with jax.default_matmul_precision(PRECISION):
        if draws is None and tracker.config.online.enabled:
            draws = _draws(tracker.config, jax.random.key(tracker.seed) if key is None else key)
        given = tracker.model, image, start, draws
        _init.compile_before(lambda state: ahead(state, image), *given)
        return _init(*given)


def load(
    config: str | Path,
    weights: str | Path | None = None,
    *,
    online: bool | None = None,
    fidelity: Fidelity | None = None,
    precision: Precision | None = None,
    fast_kernels: bool = True,
    plugin: str | Path | None = None,
    cache: bool = True,
) -> Tracker:
    """A tracker by the name of its configuration.

    Args:
      config: name of a bundled configuration, or a YAML file (ours, PySOT's or DROL's).
      weights: converted weights, a folder or a .safetensors file; the name of bundled ones or of those that
        `drol-jax weights get` fetched; or their address on the Hugging Face hub,
        `hf://owner/repository[@revision][/path]`. By default the configuration's, else fetched ones of it.
      online: False switches the online subnet off, and with it the short-term template: the baseline. True insists
        on a configuration that has it; None leaves it as configured.
      fidelity: `published` or `exact`, in place of the configuration's; the tracker's name then ends in it.
      precision: `float32`, `tf32` or `bfloat16`, likewise.
      fast_kernels: on a CPU, also keep the kernels in the form that it convolves fastest with
        (`nets.inference.prepare`): a third to a half of the network's time, for two to three times the weights' memory
        beside them.
      plugin: a Python file that assigns a `Plugin` to PLUGIN, or the name of an installed one; its code is run. The
        tracker's name then ends in the plug-in's.
      cache: keep compiled code in ~/.cache/drol_jax, so that the next process need not compile again; where jax was
        told of a folder for it already (JAX_COMPILATION_CACHE_DIR), that one stays. False leaves all as it is.

    Raises:
      UserError: unknown configuration, key, fidelity or precision, missing weights, weights of another configuration.
    """
    if cache:
        keep_compiled_unless_told()
    settings = load_settings(config)
    if fidelity is not None:
        settings = with_fidelity(settings, fidelity)
    if precision is not None:
        settings = with_precision(settings, precision)
    if plugin is not None:
        settings = with_plugin(settings, load_plugin(plugin))
    if online is False:
        settings = without_online(settings)
    elif online and not settings.config.online.enabled:
        raise UserError(f"configuration {settings.name} has the online subnet off; set online.enabled in its file")
    weights = settings.weights if weights is None else weights
    if weights is None:
        weights = home.kept_for(settings.name)
    if weights is None:
        fetch = f"fetch them ({cure}), or " if (cure := home.cure(settings.name)) else ""
        raise UserError(
            f"configuration {settings.name} has no bundled weights: {fetch}convert a checkpoint with "
            "drol-jax convert pysot and pass what it wrote as weights (--weights DIR)"
        )
    loaded = checkpoint.load(checkpoint.resolve(weights), settings.config.model)
    variables = fold(settings.config.model, loaded.variables)
    if fast_kernels and jax.default_backend() == "cpu" and settings.config.precision != "bfloat16":
        variables = prepare(settings.config.model, variables)
    variables = reduced(jax.device_put(variables), settings.config.precision)
    if jax.default_backend() == "gpu":
        variables = laid_out(variables)
    return Tracker(
        settings=settings,
        variables=variables,
        hyper=settings.hyper,
        weights_hash=loaded.hash,
    )
