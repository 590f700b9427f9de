"""Where pairs come from, as a training file says it."""

from dataclasses import dataclass, field

from drol_jax.config import SearchConfig
from drol_jax.train.pairs.batch import Source
from drol_jax.train.pairs.procedural import Procedural, ProceduralSettings


@dataclass(frozen=True, kw_only=True)
class SourceSettings:
    """The source."""

    procedural: ProceduralSettings = field(default_factory=ProceduralSettings)
    """Pairs rendered from the run's seed."""


def build(settings: SourceSettings, batch_size: int, search: SearchConfig, seed: int) -> Source:
    """The source of a run.

    Raises:
      UserError: its settings make no sense.
    """
    return Procedural(settings.procedural, batch_size, search.exemplar_size, search.instance_size, seed)


def has_masks(settings: SourceSettings) -> bool:
    """Whether its pairs have masks."""
    return True
