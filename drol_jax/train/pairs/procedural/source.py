"""The rendered source of training pairs."""

from functools import partial

import jax
import jax.numpy as jnp

from drol_jax.errors import UserError
from drol_jax.train.pairs.batch import ALL, Pairs
from drol_jax.train.pairs.procedural import layout
from drol_jax.train.pairs.procedural.dice import Dice
from drol_jax.train.pairs.procedural.layout import Layout, View
from drol_jax.train.pairs.procedural.painting import Canvas, paint
from drol_jax.train.pairs.procedural.scenery import show
from drol_jax.train.pairs.procedural.sensor import developed
from drol_jax.train.pairs.procedural.settings import ProceduralSettings


class Procedural:
    """Endless pairs, rendered on JAX's default device.

    Args:
      settings: what the pairs are like.
      batch_size: pairs in a batch.
      exemplar, instance: rows and columns of templates and search regions.
      seed: >= 0. Sources of different seeds share no pair.

    Raises:
      UserError: a setting out of its range, a size that is not positive, an instance smaller than the exemplar, or a
        negative seed.
    """

    def __init__(
        self, settings: ProceduralSettings, batch_size: int, exemplar: int = 127, instance: int = 287, seed: int = 0
    ) -> None:
        if batch_size < 1 or seed < 0:
            raise UserError(f"procedural pairs: batch size {batch_size} must be positive and seed {seed} not negative")
        if not 16 <= exemplar <= instance:
            raise UserError(f"procedural pairs: sizes {exemplar} and {instance}; give 16 <= exemplar <= instance")
        settings.check()
        self._settings = settings
        self._sizes = (batch_size, exemplar, instance)
        self._key = jax.random.key(seed, impl="threefry2x32")
        # One by one, a CPU keeps an image in its cache and skips what is not in it; a GPU wants them all at once.
        self._one_by_one = jax.default_backend() == "cpu"

    def batch(self, index: int, rows: slice = ALL) -> Pairs:
        """Batch number `index`, >= 0, or some of its rows: depends on the settings, the sizes, the seed and the number
        alone."""
        laid = _lay_out(*self._sizes, self._settings, jax.random.fold_in(self._key, index))
        return _render_all(*self._sizes[1:], self._one_by_one, jax.tree.map(lambda x: x[rows], laid))


# Two programs: one of both takes twice as long to compile.
@partial(jax.jit, static_argnums=(0, 1, 2))
def _lay_out(size: int, exemplar: int, instance: int, settings: ProceduralSettings, key: jax.Array) -> Layout:
    values = jax.random.uniform(key, (size, layout.DRAWS))
    return jax.vmap(lambda row: layout.layout(Dice(row), settings, exemplar, instance))(values)


@partial(jax.jit, static_argnums=(0, 1, 2))
def _render_all(exemplar: int, instance: int, one_by_one: bool, laid: Layout) -> Pairs:
    render = partial(_render, exemplar, instance)
    return jax.lax.map(render, laid) if one_by_one else jax.vmap(render)(laid)


def _render(exemplar: int, instance: int, laid: Layout) -> Pairs:
    template, _ = _image(laid.template, exemplar)
    search, seen = _image(laid.search, instance)
    mask = ((seen > 0.5) & laid.positive).astype(jnp.uint8)
    return Pairs(template=template, search=search, box=laid.box, positive=laid.positive, mask=mask)


def _image(view: View, side: int) -> tuple[jax.Array, jax.Array]:
    """uint8 [side, side, 3], and float32 [side, side] how much of the target is seen."""
    canvas = show(view.place, view.window, side), jnp.zeros((side, side))

    def add(canvas: Canvas, actor: layout.Actor) -> tuple[Canvas, None]:
        def painted(canvas: Canvas) -> Canvas:
            return paint(canvas, actor.thing, actor.pose, actor.patch, actor.shown, actor.target)

        return jax.lax.cond(actor.shown, painted, lambda canvas: canvas, canvas), None

    (image, seen), _ = jax.lax.scan(add, canvas, view.actors)
    line = jnp.arange(side)
    left, top, right, bottom = view.camera.border
    inside = ((line >= top) & (line <= bottom))[:, None] & ((line >= left) & (line <= right))
    return developed(image, view.camera), seen * inside
