"""What a network is made of, without the trace that tells where it is known."""

from functools import cache

from drol_jax.config import ModelConfig
from drol_jax.nets.inference.facts import Survey
from drol_jax.nets.inference.shipped import shipped
from drol_jax.system import kept


@cache
def survey(config: ModelConfig) -> Survey:
    """A network's survey: the one that ships, else one learned by tracing how its variables are made, which computes
    nothing and is kept on disk."""
    return shipped(config) or learned(config)


@kept.once
def learned(config: ModelConfig) -> Survey:
    """The same, of any network."""
    from drol_jax.nets.inference.surveying import surveyed  # brings flax along: most starts find the survey on disk

    return surveyed(config)
