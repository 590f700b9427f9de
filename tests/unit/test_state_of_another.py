"""A state whose template another network made is told as that, and an error of its own stays what it is."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import pytest

from drol_jax.config import Config
from drol_jax.errors import UserError
from drol_jax.nets.siamese import SiameseNet
from drol_jax.settings import load_settings
from drol_jax.tracker.checks import explained


def template_of(config: Config):
    """Zeros in the shapes of a network's template."""
    image = jnp.zeros((1, config.search.exemplar_size, config.search.exemplar_size, 3))
    made = jax.eval_shape(
        lambda key: SiameseNet(config.model).init_with_output(key, image, method="template")[0], jax.random.key(0)
    )
    return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape), made)


@pytest.mark.parametrize("trouble", [ValueError("not enough values to unpack"), AssertionError()])
@pytest.mark.parametrize(("name", "blamed"), [("siamfc_alex_tiny", True), ("siamrpn_alex_tiny", False)])
def test_only_another_networks_template_is_to_blame(name, blamed, trouble):
    state = SimpleNamespace(template=template_of(load_settings(name).config))
    kind, config = UserError if blamed else type(trouble), load_settings("siamrpn_alex_tiny").config
    with pytest.raises(kind) as caught, explained(state, config):  # pyright: ignore
        raise trouble
    assert isinstance(caught.value, UserError) or caught.value is trouble
