"""Convert a checkpoint of the original SiamMask release (foolwood/SiamMask) into a drol_jax one.

    drol-jax convert siammask SiamMask_DAVIS.pth --config FILE --output DIR|FILE.safetensors [--force]

The release's experiments/siammask_sharp is the network of PySOT's siammask_r50_l3 under other names: the same dilated
ResNet-50 up to stage 3, adjust layer, heads, mask branch and decoder, and images that come as BGR in 0..255. Its
experiments/siamrpn_resnet is the same without masks. Its experiments/siammask_base has no decoder and is refused: the
tracker here takes the decoder's masks. The checks are those of `pysot_to_flax`.
"""

from collections.abc import Iterable

from drol_jax.config import ModelConfig
from drol_jax.convert.arguments import FromTorch
from drol_jax.convert.conversion import Job, job_of
from drol_jax.convert.pysot_to_flax import convert_state
from drol_jax.convert.torch import files as torch_files
from drol_jax.errors import UserError

PREFIXES = {
    "backbone.": "features.features.",
    "neck.": "features.",
    "rpn_head.": "rpn_model.",
    "mask_head.": "mask_model.mask.",
    "refine_head.": "refine_model.",
}
"""PySOT's beginning of a name -> the release's."""


def spelling(name: str) -> str:
    """PySOT's name of an array -> the release's."""
    return next(theirs + name.removeprefix(ours) for ours, theirs in PREFIXES.items() if name.startswith(ours))


def convert(given: FromTorch) -> None:
    """Read, rename, compare, save.

    Raises:
      UserError: the file is no such network, the configuration is another one, or the weights cannot be written.
    """
    job = job_of(given)
    _check_network(job.model)
    state = torch_files.read_state_dict(job.source, given.part)
    if wrong := _other_release(state, job):
        raise UserError(f"{job.source} {wrong}")
    convert_state(state, job, "siammask_to_flax", spelling)


def _check_network(model: ModelConfig) -> None:
    wanted = {"backbone": "resnet50", "head": "depthwise_rpn", "layers": (3,), "adjust_channels": (256,)}
    wanted |= {"head_channels": 256}
    if wrong := [
        f"{key} {getattr(model, key)} (not {value})" for key, value in wanted.items() if getattr(model, key) != value
    ]:
        raise UserError(
            f"the configuration's network is not SiamMask's: {', '.join(wrong)}; take one such as PySOT's "
            "experiments/siammask_r50_l3/config.yaml"
        )


def _other_release(names: Iterable[str], job: Job) -> str:
    """What else the names tell that the file is, and the cure; empty where they tell nothing."""
    parts = {name.partition(".")[0] for name in names}
    if parts & {"backbone", "rpn_head"}:
        return "has PySOT's names: convert it with drol-jax convert pysot"
    if job.model.mask and "mask_model" in parts and "refine_model" not in parts:
        return (
            "has a mask branch without a decoder (the release's siammask_base), whose coarse masks no tracker here "
            "reads: take a checkpoint of siammask_sharp, such as SiamMask_DAVIS.pth or SiamMask_VOT.pth"
        )
    if job.model.mask and "rpn_model" in parts and "mask_model" not in parts:
        return "has no masks (the release's siamrpn_resnet): take a configuration without them"
    return ""
