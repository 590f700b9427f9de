"""`Model`: a tracker as one value, which `init` and `step` take first."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax

from drol_jax.config import Config, Hyper
from drol_jax.nets import Network

jax.tree_util.register_static(Config)


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
    """Scalars that a researcher sweeps; `Hyper.on_device()`."""

    @property
    def network(self) -> Network:
        """The Siamese network with its weights."""
        return Network(self.config.model, self.variables, self.config.precision)

    @property
    def scalars(self) -> "Model":
        """The model without weights: what the online subnet needs of it."""
        return Model(config=self.config, variables=None, hyper=self.hyper)
