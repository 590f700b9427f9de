"""Where pairs come from, as a training file says it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from drol_jax.config import SearchConfig
from drol_jax.datasets import RENDERED_FROM
from drol_jax.errors import UserError
from drol_jax.train.pairs.batch import Pairs, Source
from drol_jax.train.pairs.disk_crop511 import Crop511Settings, crop511
from drol_jax.train.pairs.disk_sequences import SequencesSettings, dataset_named, sequences
from drol_jax.train.pairs.mixture import Mixture
from drol_jax.train.pairs.photos import Photos, PhotosSettings
from drol_jax.train.pairs.procedural import Procedural, ProceduralSettings


@dataclass(frozen=True, kw_only=True)
class SourceSettings:
    """One source: one of procedural, crop511, sequences and photos."""

    share: float = 1.0
    """How often a batch is this source's, in proportion to the others."""
    procedural: ProceduralSettings | None = None
    """Pairs rendered from the run's seed."""
    crop511: Crop511Settings | None = None
    """Images that PySOT's tools have cut."""
    sequences: SequencesSettings | None = None
    """Any dataset that this library reads."""
    photos: PhotosSettings | None = None
    """Objects composed over photographs."""

    @property
    def has_masks(self) -> bool:
        return self.procedural is not None


def source_complaints(settings: Sequence[SourceSettings], held_out: Sequence[int]) -> Iterator[str]:
    """What is wrong with a list of sources.

    Args:
      held_out: seeds of Synth that tracking is tried on while training.
    """
    if not settings or not sum(source.share for source in settings) > 0:
        yield "sources hold none with a share; name one, such as procedural"
    for place, source in enumerate(settings):
        kinds = [source.procedural, source.crop511, source.sequences, source.photos]
        if sum(kind is not None for kind in kinds) != 1:
            yield f"sources.{place} must be one of procedural, crop511, sequences and photos"
        if source.share < 0:
            yield f"sources.{place}.share is {source.share!r}, wanted 0 or more"
        if source.sequences is None:
            continue
        try:
            dataset, _, rendered_from = dataset_named(source.sequences.dataset).partition(RENDERED_FROM)
        except UserError as error:
            yield f"sources.{place}.sequences.dataset: {error}"
            continue
        if dataset != "Synth":
            continue
        seed = int(rendered_from or source.sequences.render_seed)
        if seed == 0 or seed in held_out:
            whose = "is the benchmark's own" if seed == 0 else "is among evaluation.seeds"
            yield f"sources.{place}.sequences.render_seed {seed} {whose}, which training must not see; choose another"


def build(
    settings: Sequence[SourceSettings], batch_size: int, search: SearchConfig, seed: int, *, masks: bool
) -> Source[Pairs]:
    """The source of a run.

    Args:
      masks: whether its pairs need masks.

    Raises:
      UserError: its settings make no sense, a dataset is missing, or masks are needed and a source has none.
    """
    without = [place for place, source in enumerate(settings) if source.share and not source.has_masks]
    if masks and without:
        raise UserError(f"the network has a mask branch, and pairs of sources.{without[0]} have no masks; leave it out")
    built = [_one(source, batch_size, search, seed + place) for place, source in enumerate(settings)]
    return Mixture(built, [source.share for source in settings], seed, masks=masks)


def _one(source: SourceSettings, batch_size: int, search: SearchConfig, seed: int) -> Source[Pairs]:
    sizes = (batch_size, search.exemplar_size, search.instance_size, seed)
    if source.crop511 is not None:
        return crop511(source.crop511, *sizes)
    if source.sequences is not None:
        return sequences(source.sequences, *sizes)
    if source.photos is not None:
        return Photos(source.photos, *sizes)
    assert source.procedural is not None
    return Procedural(source.procedural, *sizes)
