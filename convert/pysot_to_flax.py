"""Convert a PySOT, DROL or NanoTrack checkpoint into a drol_jax one.

    python convert/pysot_to_flax.py CHECKPOINT --config NAME|FILE --output DIR [--force]

Reads the files of any PyTorch from 0.4 on, needs no PyTorch, and runs nothing that the file may hold. Every array must
be there, none may be left over, all shapes must fit, and the converted network must give the source network's answer
on a fixed input; otherwise nothing is written.
"""

import sys
from pathlib import Path

import numpy as np
import pysot_names
import source_forward
import source_nanotrack
import torch_files
from conversion import check_and_save, fixed_pictures, run

from drol_jax.config import ModelConfig
from drol_jax.errors import UserError


def convert(source: Path, model: ModelConfig, output: Path, force: bool) -> None:
    """Read, rename, compare, save.

    Raises:
      UserError: the file is no state dict of this network, or the folder cannot be written.
    """
    state = torch_files.read_state_dict(source)
    if wrong := pysot_names.problems(state, model):
        raise UserError(f"{source} is not {model.backbone} with a {model.head} head: {wrong}")
    skipped = [name for name in state if pysot_names.ignored(name, model)]
    print(f"{source}: {len(state) - len(skipped)} arrays of {model.backbone} with a {model.head} head")
    if skipped:
        print(f"left out, for no tracker reads them: {', '.join(skipped)}")
    wide = [name for name, array in state.items() if array.dtype == np.float64]
    if wide:
        print(f"rounded from float64 to float32: {', '.join(wide)}")
    # The source network answers before it is taken apart, so that its arrays and ours are never all there at once.
    answers = source_answer(state, model)
    variables = pysot_names.to_flax(state, model, consume=True)
    check_and_save(variables, model, lambda z, x: answers, source, output, "pysot_to_flax", force)


def source_answer(state: dict[str, np.ndarray], model: ModelConfig) -> dict[str, np.ndarray]:
    """PySOT's answer on the fixed pictures, which it takes as BGR and channels first."""
    z, x = (picture[..., ::-1].transpose(2, 0, 1) for picture in fixed_pictures())
    with np.errstate(all="ignore"):  # What a senseless network gives is for the comparison to judge.
        forward = source_nanotrack.answer if model.anchor_free else source_forward.answer
        return forward(state, model, z, x)


def main(argv: list[str] | None = None) -> int:
    return run(convert, "Convert a PySOT, DROL or NanoTrack checkpoint (.pth) into a drol_jax one.", argv)


if __name__ == "__main__":
    sys.exit(main())
