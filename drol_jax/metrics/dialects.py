"""The conventions of one-pass evaluation, one frozen `Dialect` for each toolkit that papers quote.

The same result files give different scores in different toolkits: which frames count, what an absent target counts as,
whether the first frame is the groundtruth, at which threshold a curve is read. A dialect fixes all of it together, as
its toolkit does; mixing the parts of two gives figures that nobody can compare with anything. Read in the sources:

- `PYSOT`: STVIR/pysot and StrangerZhang/pysot-toolkit, `evaluation/ope_benchmark.py`, `utils/statistics.py`
- `GOT10K`: got-10k/toolkit 0.1.3, `experiments/{otb,uav123,lasot}.py`, `utils/metrics.py`
- `PYTRACKING`: visionml/pytracking, `analysis/extract_results.py`
- `STARK`: the same file as STARK, OSTrack and LoRAT carry it
- `LASOT`: HengLan/LaSOT_Evaluation_Toolkit, `utils/calc_seq_err_robust.m`
- `OTB`: the Visual Tracker Benchmark's `calcSeqErrRobust.m`, `genPerfMat.m`

All of them compare overlaps of continuous areas by strict ``>``, so that a perfect tracker scores 20/21 = 0.952 where
boxes are whole numbers. With decimals a perfect overlap may exceed 1 by rounding, and then counts at the last threshold
too where the toolkit does not cut it (`PYTRACKING`, `STARK`, `LASOT`, `OTB`). Distances between centres
``x + (w - 1) / 2`` are compared by ``<=``. Coordinates are the benchmark's own: some rules ask whether a coordinate is
positive.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from drol_jax.errors import UserError

PIXELS = tuple(float(pixel) for pixel in range(51))

# Spelled as the toolkits spell them: integer boxes do tie with thresholds, and the last bit decides.
_STEPS = tuple(np.arange(0, 1.05, 0.05).tolist())
_LINES = tuple(np.linspace(0, 1, 21).tolist())
# MATLAB counts the second half of a range from its end.
_COLON = tuple([0.05 * step for step in range(11)] + [1 - 0.05 * step for step in range(9, -1, -1)])
_HUNDREDTHS = tuple((np.arange(51) / 100).tolist())


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One toolkit's conventions. Frames are those of one sequence, boxes (x, y, w, h) in the benchmark's own origin."""

    name: str
    first_frame: Literal["scored", "groundtruth"]
    """The first predicted box counts as it stands, or is replaced by the groundtruth."""
    frames: Literal["all", "known"]
    """The denominator: every frame, or those whose groundtruth is not NaN."""
    valid: Literal["sized", "positive", "any"]
    """Frames whose overlap can be a hit: groundtruth with w, h > 0; with x, y, w, h > 0; or whatever the overlap
    says."""
    centre_valid: Literal["centre", "positive", "sized", "any"]
    """Frames whose distance is measured: groundtruth's centre > 0 on both axes; as `valid`."""
    centre_else: Literal["hit", "miss"]
    """What the other frames count as in precision."""
    normalised_else: Literal["hit", "miss"] = "hit"
    """What they count as in normalised precision."""
    absent: Literal["missed", "ignored"]
    """Frames that the benchmark marks as absent: a hit in no curve but counted, or treated as any other."""
    normalised_absent: Literal["miss", "hit"] = "miss"
    """What those count as in normalised precision, where they are not ignored."""
    repair: Literal["none", "empty", "unusable"]
    """Predicted boxes replaced by the one before: none; those of zero width or height; those of w or h <= 0 or NaN."""
    nan: Literal["scored", "refused"] = "scored"
    """What a predicted NaN, or a negative size after repair, is: a miss, or an error."""
    short: Literal["refused", "zeros", "cut"]
    """A result shorter than the groundtruth: an error; continued with zeros; or the groundtruth is cut to its
    length."""
    long: Literal["refused", "cut"]
    """A result longer than the groundtruth: an error, or cut to its length."""
    thresholds: tuple[float, ...] = _STEPS
    """[21] of overlap."""
    fractions: tuple[float, ...] = _HUNDREDTHS
    """[51] of the target's size, for normalised precision."""
    overlap: Literal["areas", "specked", "pixels"] = "areas"
    """How overlaps are rounded, which decides ties: from corners x + w, cut to 0..1; the same with 2.2e-16 added to the
    union; from last pixels x + w - 1, not cut."""
    normaliser: Literal["size", "size_and_speck", "size_or_one"] = "size"
    """What distances are divided by per axis: the groundtruth's size, the same plus 1e-16, or at least one pixel."""
    normalised_reading: Literal["at_0.2", "mean"] = "at_0.2"
    """Normalised precision is the curve's value at 0.2, or its mean over 0..0.5."""


PYSOT = Dialect(
    name="pysot",
    first_frame="scored",
    frames="all",
    valid="sized",
    centre_valid="centre",
    centre_else="hit",
    absent="missed",
    repair="none",
    short="refused",
    long="refused",
    normaliser="size_and_speck",
)
GOT10K = Dialect(
    name="got10k",
    first_frame="groundtruth",
    frames="known",
    valid="any",
    centre_valid="any",
    centre_else="miss",
    normalised_else="miss",
    absent="ignored",
    repair="none",
    short="cut",
    long="cut",
    overlap="specked",
    thresholds=_LINES,
    fractions=tuple(np.linspace(0, 0.5, 51).tolist()),
    normaliser="size_or_one",
    normalised_reading="mean",
)
PYTRACKING = Dialect(
    name="pytracking",
    first_frame="groundtruth",
    frames="all",
    valid="positive",
    centre_valid="positive",
    centre_else="miss",
    absent="missed",
    repair="empty",
    nan="refused",
    short="zeros",
    long="cut",
    overlap="pixels",
)
STARK = replace(PYTRACKING, name="stark", valid="sized", centre_valid="sized")
LASOT = Dialect(
    name="lasot",
    first_frame="groundtruth",
    frames="all",
    valid="positive",
    centre_valid="positive",
    centre_else="hit",
    absent="missed",
    repair="unusable",
    short="refused",
    long="cut",
    overlap="pixels",
    thresholds=_COLON,
)
OTB = replace(LASOT, name="otb", absent="ignored", long="refused")

DIALECTS = {dialect.name: dialect for dialect in (PYSOT, GOT10K, PYTRACKING, STARK, LASOT, OTB)}

_DEFAULTS = {"NFS": "pytracking", "AVisT": "pytracking", "LaSOTExt": "lasot", "TNL2K": "lasot", "LasHeR": "lasot"}
_DEFAULTS |= {"PTB-TIR": "otb", "LSOTB-TIR": "otb"}
"""Benchmarks whose published scores are not those of PySOT's toolkit, by the beginning of their names."""


def dialect(name: str, benchmark: str = "") -> Dialect:
    """A dialect by name, with what its toolkit makes special about a benchmark.

    Args:
      name: one of DIALECTS, in any case; "ostrack" is "stark".
      benchmark: the dataset's name.

    Raises:
      UserError: no such dialect.
    """
    folded = name.casefold().replace("ostrack", "stark")
    if folded not in DIALECTS:
        raise UserError(f"unknown dialect {name!r}; choose one of {', '.join(DIALECTS)}")
    chosen, benchmark = DIALECTS[folded], benchmark.casefold()
    if folded in ("pytracking", "stark"):
        if benchmark.startswith(("uav123", "uav20l")):
            return replace(chosen, centre_else="hit")
        if benchmark == "lasot":
            return replace(chosen, short="refused")
        if benchmark == "avist":  # infinite distances for lasot alone; elsewhere unseen frames have the distance -1
            return replace(chosen, normalised_absent="hit")
    if folded == "pysot" and benchmark == "lasot":
        return replace(chosen, long="cut")
    return chosen


def default_dialect(benchmark: str) -> Dialect:
    """The dialect of a benchmark's published scores."""
    names = (name for start, name in _DEFAULTS.items() if benchmark.casefold().startswith(start.casefold()))
    return dialect(next(names, "pysot"), benchmark)
