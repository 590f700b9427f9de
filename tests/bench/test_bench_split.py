"""The pieces of a step that are timed alone compute as the step does."""

import re
from dataclasses import replace

import jax
import jax.numpy as jnp
import pytest
import small_tracker
from small_tracker import BOX

from drol_jax.bench.parts import split
from drol_jax.bench.subject import on_device
from drol_jax.settings.variants import with_precision


def zeros_of(function, *args):
    return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(function, *args))


@pytest.mark.parametrize(("precision", "products"), [("tf32", "HIGH"), ("bfloat16", "DEFAULT")])
def test_the_networks_pieces_have_the_precision_of_the_tracker(precision, products, monkeypatch):
    asked = []

    class Traced(split.Jitted):
        """Instead of a program: which precisions it would ask for, and zeros."""

        def compiled(self, *args):
            asked.append(set(re.findall(r"precision[^\n]*?(DEFAULT|HIGHEST|HIGH)", self.plain.lower(*args).as_text())))
            return lambda *args: zeros_of(self.plain, *args)

    monkeypatch.setattr(split, "Jitted", Traced)
    plain = small_tracker.tracker(template_update=True)
    tracker = replace(plain, settings=with_precision(plain.settings, precision))
    image = small_tracker.picture()
    state = zeros_of(tracker.init, image, jnp.array(BOX))
    split.pieces(tracker, state, on_device(image))
    by_name = dict(zip(("crop", "network", "head", "online", "refit", "renewal"), asked, strict=True))
    for piece in ("network", "head", "renewal"):
        assert products in by_name[piece], piece
