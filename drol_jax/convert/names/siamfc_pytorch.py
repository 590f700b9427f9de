"""The SiamFC that most people train in PyTorch (huanglianghua/siamfc-pytorch), as PySOT's arrays.

Its AlexNetV1 is PySOT's alexnetlegacy2 with a sequence of its own for every layer (`backbone.conv1.0`). It differs in
three things, which are turned here: it takes images as RGB, PySOT's as BGR; its normalisation adds 1e-6 to a variance,
PySOT's 1e-5, which the variance then lacks; it has no bias on the response, which no tracking reads. That it scales the
response by a thousandth changes nothing: maps are scaled to one another before they are read.
"""

import re
from collections.abc import Collection, Mapping

import numpy as np

from drol_jax.convert.names.backbones import SEQUENCES
from drol_jax.convert.names.heads import RESPONSE_BIAS

THEIRS, OURS = 1e-6, 1e-5
"""What the normalisations add to a variance."""
NAME = re.compile(r"(?:backbone\.|features?\.)?conv(?P<layer>[1-5])\.(?P<place>[01])\.(?P<leaf>\w+)")


def is_siamfc_pytorch(names: Collection[str]) -> bool:
    """Whether all of a file's arrays have its names."""
    return bool(names) and all(NAME.fullmatch(name) for name in names)


def as_pysot(state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Its arrays under PySOT's names, with PySOT's colours and PySOT's variances.

    Args:
      state: arrays of which `is_siamfc_pytorch` holds.
    """
    convolutions, norms = SEQUENCES["alexnetlegacy2"]
    found = {RESPONSE_BIAS: np.zeros(1, np.float32)}
    for name, array in state.items():
        match = NAME.fullmatch(name)
        assert match is not None
        layer, is_norm = int(match["layer"]) - 1, match["place"] == "1"
        places = norms if is_norm else convolutions
        place = places[layer] if layer < len(places) else f"{convolutions[layer]}.{match['place']}"
        if is_norm and match["leaf"] == "running_var":
            array = array + np.asarray(THEIRS - OURS, array.dtype)
        if not is_norm and layer == 0 and match["leaf"] == "weight" and array.ndim == 4:
            array = array[:, ::-1]
        found[f"backbone.features.{place}.{match['leaf']}"] = array
    return found
