"""`surveyed`: a network looked at layer by layer while flax traces it."""

from typing import Any

import flax.linen as nn
import jax

from drol_jax.config import ModelConfig
from drol_jax.nets.inference.facts import ConvFacts, Path, Survey
from drol_jax.nets.kernels.blocks import space_to_depth
from drol_jax.nets.layers import Conv, Norm
from drol_jax.nets.siamese import SiameseNet, init_variables
from drol_jax.system.trees import flatten_dict


def surveyed(config: ModelConfig) -> Survey:
    """Trace how a network's variables are made, layer by layer."""
    within: list[Any] = []  # methods of the whole network that are running
    made: dict[int, tuple[Path, Any]] = {}
    norms: dict[Path, Path] = {}
    searched: dict[Path, ConvFacts] = {}
    forms: dict[Path, Any] = {}

    def look(call, args, kwargs, context):
        layer, method = context.module, context.method_name
        if hasattr(layer, "kernel_init"):  # random kernels would take as long to trace as all else
            object.__setattr__(layer, "kernel_init", nn.initializers.zeros)
        if isinstance(layer, Conv):  # nor do shapes depend on the forms in which convolutions are computed
            forms.setdefault(layer.path, layer.conv_general_dilated)
            object.__setattr__(layer, "conv_general_dilated", None)
        if isinstance(layer, SiameseNet):
            within.append(method)
            try:
                return call(*args, **kwargs)
            finally:
                within.pop()
        result = call(*args, **kwargs)
        if method != "__call__" or not {"template", "search", "match"}.intersection(within):
            return result
        if isinstance(layer, Conv):
            made[id(result)] = layer.path, result  # kept, so that its identity stays its own
            if "search" in within:
                searched[layer.path] = _facts(layer, args[0].shape[-1], forms[layer.path])
        elif isinstance(layer, Norm) and id(args[0]) in made:
            norms[made.pop(id(args[0]))[0]] = layer.path  # its result may be the same object, and is no convolution's
        return result

    with nn.intercept_methods(look):
        tree = jax.eval_shape(lambda: init_variables(config, jax.random.key(0)))
    shapes = {path: tuple(leaf.shape) for path, leaf in sorted(flatten_dict(tree).items())}
    return Survey(shapes=shapes, norms=norms, searched=searched)


def _facts(layer: Conv, channels: int, form: Any) -> ConvFacts:
    return ConvFacts(
        size=layer.size,
        channels=channels,
        outputs=layer.features,
        groups=layer.feature_group_count,
        stride=layer.stride(),
        in_blocks=form is space_to_depth,
    )
