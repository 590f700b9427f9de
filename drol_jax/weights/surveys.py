"""``python -m drol_jax.weights.surveys``: write the surveys that ship anew, as ``make surveys`` does."""

from drol_jax.nets.inference.shipped import ship
from drol_jax.nets.inference.surveying import surveyed
from drol_jax.settings import load_model
from drol_jax.system.resources import configurations


def main() -> None:
    """Write those of all configurations that come with drol_jax."""
    ship({model: surveyed(model) for model in map(load_model, configurations())})


if __name__ == "__main__":
    main()
