"""`init` and `step` as StableHLO programs: functions of plain arrays, for pictures of any size.

Weights and scalars are arguments: baked in, the compiler would fold them and answers would be others in the last bits.
States, draws and outputs are flat lists of arrays; `about` names them.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from drol_jax.api import PRECISION, Tracker
from drol_jax.errors import UserError
from drol_jax.image.crops import SUMMABLE, Frame
from drol_jax.model import Model
from drol_jax.system.optional import optional
from drol_jax.tracker.start import init, init_draws
from drol_jax.tracker.step import step

PIXELS = "pixels"
"""Symbol of how many pixels a picture has."""


class Programs:
    """The programs of one tracker, traced when they are asked for."""

    def __init__(self, tracker: Tracker, platforms: Sequence[str]):
        """
        Args:
          tracker: with plain kernels (`load(..., fast_kernels=False)`).
          platforms: what the programs are to run on, such as "cpu" and "cuda".

        Raises:
          UserError: the tracker computes with bfloat16.
        """
        if tracker.config.precision == "bfloat16":
            raise UserError("a tracker in bfloat16 is not exported: its weights have no NumPy type; take float32")
        self._tracker, self._platforms = tracker, list(platforms)
        self.weights, self._of_weights = jax.tree.flatten((tracker.variables, tracker.hyper))
        self._draws = jax.eval_shape(self._drawn, jax.ShapeDtypeStruct((), jnp.uint32))
        self._state = jax.eval_shape(self._started, self.weights, *self._first(32 * 32))
        _, self._output = jax.eval_shape(self._stepped, self.weights, self._state, *self._picture(32 * 32))

    @property
    def has_draws(self) -> bool:
        """Whether the first frame takes random values: with online learning."""
        return bool(jax.tree.leaves(self._draws))

    def about(self) -> dict[str, Any]:
        """What the lists of arrays are: names in their order, and of outputs the names."""
        state, draws, output = (_names(tree) for tree in (self._state, self._draws, self._output))
        return {"weights": _names((self._tracker.variables, self._tracker.hyper)), "state": state, "draws": draws} | {
            "output": output
        }

    def files(self) -> dict[str, bytes]:
        """The programs by name, as bytes.

        Raises:
          UserError: flatbuffers is missing.
        """
        optional("flatbuffers", "'drol_jax[export]'")
        return {name: bytes(program.serialize()) for name, program in self.exported().items()}

    def exported(self) -> dict[str, Any]:
        """The programs by name (`jax.export.Exported`): init, step, and draws where the tracker has them."""
        pixels = self._symbolic()
        weights = [jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in self.weights]
        found = {
            "init": self._export(self._init, weights, *self._first(pixels)),
            "step": self._export(self._step, weights, jax.tree.leaves(self._state), *self._picture(pixels)),
        }
        if self.has_draws:
            found["draws"] = self._export(self._draw, jax.ShapeDtypeStruct((), jnp.uint32))
        return found

    def _init(self, weights: list[Any], pixels: Any, size: Any, box: Any, draws: list[Any]) -> list[Any]:
        drawn = jax.tree.unflatten(jax.tree.structure(self._draws), draws)
        return jax.tree.leaves(self._started(weights, pixels, size, box, drawn))

    def _step(self, weights: list[Any], state: list[Any], pixels: Any, size: Any) -> tuple[list[Any], list[Any]]:
        before = jax.tree.unflatten(jax.tree.structure(self._state), state)
        after, output = self._stepped(weights, before, pixels, size)
        return jax.tree.leaves(after), jax.tree.leaves(output)

    def _draw(self, seed: Any) -> list[Any]:
        return jax.tree.leaves(self._drawn(seed))

    def _started(self, weights: list[Any], pixels: Any, size: Any, box: Any, draws: Any) -> Any:
        return init(self._model(weights), Frame(pixels, size), box, draws)

    def _stepped(self, weights: list[Any], state: Any, pixels: Any, size: Any) -> Any:
        return step(self._model(weights), state, Frame(pixels, size))

    def _drawn(self, seed: Any) -> Any:
        config = self._tracker.config
        return init_draws(config, jax.random.key(seed)) if config.online.enabled else None

    def _model(self, weights: list[Any]) -> Model:
        variables, hyper = jax.tree.unflatten(self._of_weights, weights)
        return Model(config=self._tracker.config, variables=variables, hyper=hyper)

    def _first(self, pixels: Any) -> tuple[Any, ...]:
        draws = self._draws if isinstance(pixels, int) else jax.tree.leaves(self._draws)
        return *self._picture(pixels), jax.ShapeDtypeStruct((4,), jnp.float32), draws

    @staticmethod
    def _picture(pixels: Any) -> tuple[Any, Any]:
        return jax.ShapeDtypeStruct((pixels, 3), jnp.uint8), jax.ShapeDtypeStruct((2,), jnp.int32)

    @staticmethod
    def _symbolic() -> Any:
        from jax import export

        (pixels,) = export.symbolic_shape(PIXELS, constraints=[f"{PIXELS} >= 1", f"{PIXELS} <= {SUMMABLE}"])
        return pixels

    def _export(self, function: Callable[..., Any], *arguments: Any) -> Any:
        from jax import export

        with jax.default_matmul_precision(PRECISION):
            return export.export(jax.jit(function), platforms=self._platforms)(*arguments)


def _names(tree: Any) -> list[str]:
    return [jax.tree_util.keystr(path, simple=True, separator="/") for path, _ in jax.tree.leaves_with_path(tree)]
