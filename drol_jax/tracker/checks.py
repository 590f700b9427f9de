"""What a user hands to `step` as a state: whether it is one, and of the tracker that takes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp

from drol_jax.config import Config
from drol_jax.errors import UserError
from drol_jax.online.memory import in_halves
from drol_jax.tracker.state import TrackerState


def check_state(state: Any, config: Config, frame: Any) -> None:
    """Whether a state can go into a step. Reads shapes alone, so that it costs nothing and works under jit.

    Args:
      frame: the step's other argument, which may have taken the state's place.

    Raises:
      UserError: it is no state, or one of another configuration.
    """
    if not isinstance(state, TrackerState):
        if isinstance(frame, TrackerState):
            raise UserError("the state comes first: tracker.step(state, frame)")
        kind = "None" if state is None else f"a {type(state).__name__}"
        if isinstance(state, tuple):
            kind += ": step gives (state, output), of which the next step takes the state"
        raise UserError(f"a state is what init or the step before gave, not {kind}")
    for part, has, wants in _facts(state, config):
        if has != wants:
            raise UserError(
                f"the state is of another configuration: {part} {_told(has)}, here {_told(wants)}; start the track "
                "with the tracker that follows it"
            )


@contextmanager
def explained(state: TrackerState, config: Config) -> Iterator[None]:
    """Say of a step that cannot be taken because the state's template is another network's that it is so.

    Raises:
      UserError: in place of the error, where the template does not have the shapes that the network makes.
    """
    try:
        yield
    except Exception as error:  # whatever the network finds wrong first
        from drol_jax.nets.siamese import SiameseNet  # brings flax along, which a step does without

        def template(key: jax.Array, image: jax.Array) -> Any:
            return SiameseNet(config.model).init_with_output(key, image, method="template")[0]

        side = config.search.exemplar_size
        image = jax.ShapeDtypeStruct((1, side, side, 3), jnp.float32)
        wants = _shapes(jax.eval_shape(template, jax.random.key(0), image))
        if _shapes(state.template) != wants:
            raise UserError(
                "the state is of another configuration: its template is of another network than this tracker's; start "
                "the track with the tracker that follows it"
            ) from error
        raise


def _shapes(tree: Any) -> tuple[Any, list[tuple[int, ...]]]:
    leaves, form = jax.tree.flatten(tree)
    return form, [leaf.shape for leaf in leaves]


def _facts(state: TrackerState, config: Config) -> list[tuple[str, Any, Any]]:
    """(part, what the state has, what the configuration wants)."""
    online, wanted = state.online, config.online
    facts: list[tuple[str, Any, Any]] = [
        ("online learning", online is not None, wanted.enabled),
        ("the short-term template", state.short_term is not None, config.short_term_template),
        ("the long-term tracker's state", state.lost is not None, config.long_term.enabled),
    ]
    if online is not None and wanted.enabled:
        facts += [
            ("samples in memory", online.memory.weights.shape[-1], wanted.memory_size),
            ("channels of the online filter", online.filter.shape[-1], wanted.channels),
            ("samples in bfloat16", in_halves(online.memory), wanted.samples == "bfloat16"),
        ]
    return facts


def _told(value: Any) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)
