"""The arrays of PySOT's heads: one function for each kind of them, and SiamMask's branch and decoder."""

from collections.abc import Callable, Mapping

from drol_jax.config import ModelConfig
from drol_jax.config.network import backbone_facts
from drol_jax.convert.names import nanotrack
from drol_jax.convert.names.entries import Entry, convolution, norm
from drol_jax.errors import UserError

RESPONSE_BIAS = "backbone.corr_bias"
"""SiamFC's, which neither tracking here nor DROL's adds. Only alexnetlegacy2 among DROL's AlexNets has a place for it:
with another one DROL tells that the file's array is not used, and runs the network."""
BRANCH_PARTS = (("conv_kernel", "template"), ("conv_search", "search"), ("head", "hidden"))


def siamfc_entries(model: ModelConfig) -> list[Entry]:
    """SiamFC's one array.

    Raises:
      UserError: PySOT has no such network.
    """
    if backbone_facts(model).stages:
        raise UserError(
            f"neither PySOT nor DROL has a SiamFC with {model.backbone}: a network of that kind stays in drol_jax"
        )
    return [Entry(RESPONSE_BIAS, "params/head/bias", "vector")]


def upchannel_entries(model: ModelConfig) -> list[Entry]:
    entries = []
    for branch in ("cls", "loc"):
        for side in ("template", "search"):
            entries += convolution(f"rpn_head.{side}_{branch}_conv", f"head/{side}_{branch}", True)
    return entries + convolution("rpn_head.loc_adjust", "head/loc_adjust", True)


def multi_entries(model: ModelConfig) -> list[Entry]:
    entries = []
    for i in range(len(model.layers)):
        entries += _depthwise(f"rpn_head.rpn{i + 2}", f"head/levels_{i}")
    for name in ("cls_weight", "loc_weight") * model.weighted:
        entries.append(Entry(f"rpn_head.{name}", f"params/head/{name}", "vector"))
    return entries


def depthwise_entries(model: ModelConfig) -> list[Entry]:
    return _depthwise("rpn_head", "head")


def mask_entries(model: ModelConfig) -> list[Entry]:
    """SiamMask's branch and decoder, where the network has them."""
    if not model.mask:
        return []
    entries, path = _branch("mask_head", "mask_head/branch"), "mask_head/decoder"
    for source, ours in (("v", "fine"), ("h", "deep")):
        for level in range(3):
            for i in range(2):
                name = f"refine_head.{source}{level}.{2 * i}"
                entries += convolution(name, f"{path}/{ours}{level}_conv{i}", True)
    entries += convolution("refine_head.deconv", f"{path}/spread", True, "transposed_kernel")
    for i in range(3):
        # PySOT counts the joins from the coarsest on.
        entries += convolution(f"refine_head.post{i}", f"{path}/join{2 - i}", True)
    return entries


def _depthwise(source: str, path: str) -> list[Entry]:
    return [e for branch in ("cls", "loc") for e in _branch(f"{source}.{branch}", f"{path}/{branch}")]


def _branch(source: str, path: str) -> list[Entry]:
    entries = []
    for part, ours in BRANCH_PARTS:
        entries += convolution(f"{source}.{part}.0", f"{path}/{ours}_conv", False)
        entries += norm(f"{source}.{part}.1", f"{path}/{ours}_norm")
    return entries + convolution(f"{source}.head.3", f"{path}/output_conv", True)


ENTRIES: Mapping[str, Callable[[ModelConfig], list[Entry]]] = {
    "siamfc": siamfc_entries,
    "upchannel_rpn": upchannel_entries,
    "multi_rpn": multi_entries,
    "depthwise_rpn": depthwise_entries,
    "points": nanotrack.head_entries,
}
"""`HeadFacts.kind` -> its arrays, in the order of the network."""
