"""Convert a drol_jax checkpoint back into a PySOT one: what is trained here runs in PySOT.

    drol-jax convert to-pysot WEIGHTS --config NAME|FILE --output FILE.pth [--force]

Moves numbers without arithmetic: what `pysot_to_flax` read comes out again bit for bit. Needs no PyTorch. Batch
normalisation's num_batches_tracked, which only training reads, is left out: PyTorch fills it in.
"""

from drol_jax import checkpoint
from drol_jax.convert.arguments import FromOurs
from drol_jax.convert.names import pysot as pysot_names
from drol_jax.convert.torch.writer import write_state_dict
from drol_jax.errors import UserError
from drol_jax.settings import load_model
from drol_jax.system import atomic
from drol_jax.system.interrupts import DelayedInterrupt


def convert(given: FromOurs) -> None:
    """Read, rename, write; the file appears whole or not at all.

    Raises:
      UserError: no such weights or configuration, weights of another network, or the file cannot be written.
    """
    output = given.output
    model = load_model(given.config)
    if output.exists() and not (given.force and output.is_file()):
        raise UserError(f"{output} exists; name another file, or allow overwriting it (--force)")
    variables = checkpoint.load(checkpoint.resolve(given.weights), model).variables
    arrays = pysot_names.SourceView(variables, model)
    with DelayedInterrupt() as held, atomic.scratch(output, "choose a file you may write") as scratch:
        fresh = scratch / "new"
        write_state_dict(fresh, pysot_names.expected(model), arrays.__getitem__)
        held.check()
        atomic.replace(fresh, output)
    print(f"saved {output}: {output.stat().st_size / 1e6:.2f} MB, {len(arrays)} arrays")
