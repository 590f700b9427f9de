"""`Model`: a tracker as one value, which `init` and `step` take first. `Hyper` becomes a pytree here."""

from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.config import Config, Hyper
from drol_jax.nets import Network

WHOLE = ("refit_interval", "template_interval")

jax.tree_util.register_static(Config)
jax.tree_util.register_dataclass(Hyper)


def hyper_arrays(hyper: Hyper) -> Hyper:
    """The same scalars, every leaf a JAX array: float32, int32 for the two intervals."""

    def array(name: str) -> jax.Array:
        value, kind = getattr(hyper, name), np.int32 if name in WHOLE else np.float32
        # By way of numpy: jax compiles a program that makes an array of a plain number, which a start would wait for.
        return jnp.asarray(np.asarray(value, kind) if isinstance(value, int | float) else value, kind)

    return Hyper(**{f.name: array(f.name) for f in fields(Hyper)})


@partial(jax.tree_util.register_dataclass, data_fields=["variables", "hyper"], meta_fields=["config"])
@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """A configuration, its network's weights and its scalars.

    A pytree whose `config` is static: `jax.jit` compiles once for each configuration and needs no `static_argnums`.
    To run many settings at once, give `vmap` a model as `in_axes`: `replace(model, variables=None, hyper=0)`.
    """

    config: Config
    variables: Any
    """Network weights, a pytree."""
    hyper: Hyper
    """Scalars that a researcher sweeps; arrays (`hyper_arrays`)."""

    @property
    def network(self) -> Network:
        """The Siamese network with its weights."""
        return Network(self.config.model, self.variables, self.config.precision)

    @property
    def scalars(self) -> "Model":
        """The model without weights: what the online subnet needs of it."""
        return Model(config=self.config, variables=None, hyper=self.hyper)
