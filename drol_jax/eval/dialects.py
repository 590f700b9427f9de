"""Which dialects score a benchmark, and which of them is its published scores'."""

from collections.abc import Sequence

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval.scorers import Got10kScorer, OpeScorer, Scorer
from drol_jax.eval.scorers_oxuva import OxuvaScorer
from drol_jax.eval.scorers_videocube import VideoCubeScorer
from drol_jax.eval.scorers_vot import LongTermScorer, MultiStartScorer, VotScorer
from drol_jax.metrics.dialects import DIALECTS, default_dialect, dialect


def scorers(
    dataset: str, kind: str, asked: str | None = None, *, anchored: bool = False, pad_short: bool = False
) -> list[Scorer]:
    """Scorers of a benchmark: the one asked for, or else that of its published scores, then the others.

    Args:
      dataset: its name.
      kind: "ope", "vot", "longterm", "got10k" or "r-ope".
      asked: a dialect's name; None for the default.
      anchored: the results of a VOT benchmark are runs from anchors (VOT2020 and later).
      pad_short: continue short results of one-pass evaluation with their last box.

    Raises:
      UserError: the benchmark is not scored in such a dialect.
    """
    if kind == "got10k":
        return _first(dataset, [Got10kScorer()], asked or "got10k")
    if kind == "longterm":
        return _first(dataset, [LongTermScorer("pysot"), LongTermScorer("vot")], asked or "pysot")
    if kind == "vot" and anchored:
        return _first(dataset, [MultiStartScorer()], asked or "vot")
    if kind == "vot":
        return _first(dataset, [VotScorer(name, dataset) for name in ("pysot", "vot", "got10k")], asked or "pysot")
    known = datasets.known(dataset)
    if kind == "r-ope":
        if known is None or known.measures != "videocube":
            raise UserError(f"{dataset} is not scored as R-OPE, which is VideoCube's; choose another --protocol")
        return _first(dataset, [VideoCubeScorer(restarts=True)], asked or "videocube")
    match known.measures if known is not None else "overlap":
        case "oxuva":  # of most frames nothing is known, so that no dialect of overlaps fits
            return _first(dataset, [OxuvaScorer()], asked or "oxuva")
        case "videocube":
            own: list[Scorer] = [VideoCubeScorer()]
        case "overlap":
            own = []
    every = [OpeScorer(dialect(name, dataset), pad_short=pad_short) for name in DIALECTS]
    if own and (asked is None or asked.casefold() == own[0].dialect):
        return _first(dataset, [*own, *every], own[0].dialect)
    chosen = dialect(asked, dataset) if asked else default_dialect(dataset)
    return _first(dataset, [*own, *every], chosen.name)


def _first(dataset: str, every: Sequence[Scorer], asked: str) -> list[Scorer]:
    first = [scorer for scorer in every if scorer.dialect == asked.casefold()]
    if not first:
        known = ", ".join(scorer.dialect for scorer in every)
        raise UserError(f"{dataset} is not scored in the dialect {asked!r}; choose one of {known}")
    return first + [scorer for scorer in every if scorer is not first[0]]
