"""Convert a drol_jax checkpoint back into a PySOT one: what is trained here runs in PySOT.

    python convert/flax_to_pysot.py WEIGHTS --config NAME|FILE --output FILE.pth [--force]

Moves numbers without arithmetic: what `pysot_to_flax` read comes out again bit for bit. Needs no PyTorch. Batch
normalisation's num_batches_tracked, which only training reads, is left out: PyTorch fills it in.
"""

import argparse
from pathlib import Path

from drol_jax import checkpoint
from drol_jax.convert.names import pysot as pysot_names
from drol_jax.convert.torch.writer import write_state_dict
from drol_jax.errors import UserError
from drol_jax.settings import load_model
from drol_jax.system.atomic import DelayedInterrupt, scratch_beside
from drol_jax.system.program import guarded


def convert(weights: str | Path, config: str | Path, output: Path, force: bool) -> None:
    """Read, rename, write; the file appears whole or not at all.

    Args:
      weights: folder or file of drol_jax weights, the name of bundled ones, or their address on the hub.
      config: the configuration whose network they are: a name or a YAML file.
      output: the file to write.
      force: replace an earlier file.

    Raises:
      UserError: no such weights or configuration, weights of another network, or the file cannot be written.
    """
    model = load_model(config)
    if output.exists() and not (force and output.is_file()):
        raise UserError(f"{output} exists; name another file, or allow overwriting it (--force)")
    variables = checkpoint.load(checkpoint.resolve(weights), model).variables
    arrays = pysot_names.SourceView(variables, model)
    with DelayedInterrupt() as held, scratch_beside(output, "a file") as scratch:
        fresh = scratch / "new"
        write_state_dict(fresh, pysot_names.expected(model), arrays.__getitem__)
        held.check()
        fresh.replace(output)
    print(f"saved {output}: {output.stat().st_size / 1e6:.2f} MB, {len(arrays)} arrays")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Convert a drol_jax checkpoint into a PySOT one (.pth).")
    parser.add_argument("weights", help="folder or file of weights, the name of bundled ones, or hf://owner/repository")
    parser.add_argument("--config", required=True, help="configuration whose network it is: a name or a YAML file")
    parser.add_argument("--output", required=True, type=Path, help="file to write")
    parser.add_argument("--force", action="store_true", help="replace an earlier file")
    arguments = parser.parse_args(argv)

    def work() -> int:
        convert(arguments.weights, arguments.config, arguments.output, arguments.force)
        return 0

    return guarded(work)
