"""Convert a checkpoint of PySOT, DROL, NanoTrack or siamfc-pytorch into a drol_jax one.

    drol-jax convert pysot CHECKPOINT --config NAME|FILE --output DIR|FILE.safetensors [--force]
        [--part NAME] [--check CHECKOUT [--check-seed N]]

Reads the files of any PyTorch from 0.4 on, needs no PyTorch, and runs nothing that the file may hold. Every array must
be there, none may be left over, all shapes must fit, and the converted network must give the source network's answer
on a fixed input; otherwise nothing is written. With --check it must also give the answer that the source's own code
gives in PyTorch on random inputs.
"""

import numpy as np

from drol_jax.config import ModelConfig
from drol_jax.convert.arguments import ToOursChecked
from drol_jax.convert.conversion import Job, Maps, check_and_save, fixed_images, job_of
from drol_jax.convert.names import pysot as pysot_names
from drol_jax.convert.names.owner import hint, owners
from drol_jax.convert.names.pysot import Spelling, as_in_pysot
from drol_jax.convert.names.siamfc_pytorch import as_pysot, is_siamfc_pytorch
from drol_jax.convert.source import checkout as source_checkout
from drol_jax.convert.source import forward as source_forward
from drol_jax.convert.torch import files as torch_files
from drol_jax.errors import UserError


def convert(given: ToOursChecked) -> None:
    """Read, rename, compare, save.

    Raises:
      UserError: the file is no state dict of this network, or the weights cannot be written.
    """
    job = job_of(given)
    if job.check is not None:
        source_checkout.check_arguments(job)
    state = torch_files.read_state_dict(job.source, given.part)
    if is_siamfc_pytorch(state):
        print(f"{job.source}: names of siamfc-pytorch, whose first layer takes RGB and whose variances lack 1e-6")
        state = as_pysot(state)
    convert_state(state, job, "pysot_to_flax")


def convert_state(state: dict[str, np.ndarray], job: Job, converter: str, spelling: Spelling = as_in_pysot) -> None:
    """`convert` from the arrays on, which are taken out of `state`.

    Args:
      state: the file's arrays by its names.
      job: what was asked for.
      converter: its name, for the card.
      spelling: PySOT's name of an array -> the file's.
    """
    model = job.model
    if wrong := pysot_names.problems(state, model, spelling):
        owned = owners(state) if spelling is as_in_pysot else []
        trouble = f"{job.source} is not {model.backbone} with a {model.head} head"
        raise UserError(f"{trouble}, the network of --config {job.config}{hint(owned) or f': {wrong}'}")
    skipped = [name for name in state if pysot_names.ignored(name, model)]
    print(f"{job.source}: {len(state) - len(skipped)} arrays of {model.backbone} with a {model.head} head")
    if skipped:
        # A normalisation has one each, and a network dozens.
        counters = [name for name in skipped if name.endswith(pysot_names.COUNTER)]
        told = [name for name in skipped if name not in counters]
        told += [f"{len(counters)} named {pysot_names.COUNTER}"] if counters else []
        print(f"left out, for no tracker reads them: {', '.join(told)}")
    half = sum(array.dtype == np.float16 for array in state.values())
    if half:
        print(f"{half} arrays are of half precision (float16) in the file, and stay as coarse")
    wide = [name for name, array in state.items() if array.dtype == np.float64]
    if wide:
        print(f"rounded from float64 to float32: {', '.join(wide)}")
    # The source network answers before it is taken apart, so that its arrays and ours are never all there at once.
    answers = source_answer(state, model, spelling)
    variables = pysot_names.to_flax(state, model, spelling, consume=True)
    further = None if job.check is None else source_checkout.compare
    check_and_save(variables, job, lambda z, x: answers, converter, further)


def source_answer(state: dict[str, np.ndarray], model: ModelConfig, spelling: Spelling = as_in_pysot) -> Maps:
    """The source's answer on the fixed images, which it takes as BGR and channels first."""
    z, x = (image[..., ::-1].transpose(2, 0, 1) for image in fixed_images())
    renamed = {name: state[spelling(name)] for name in pysot_names.expected(model)}
    with np.errstate(all="ignore"):  # What a senseless network gives is for the comparison to judge.
        return source_forward.answer(renamed, model, z, x)
