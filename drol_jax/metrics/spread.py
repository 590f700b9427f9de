"""How sure a score is: spread over seeds, and whether two trackers differ by more than the choice of sequences.

Over seeds: mean, sample standard deviation, and the 95 % confidence interval of the mean by Student's t distribution
(mean ± t · deviation / √n with n - 1 degrees of freedom), which supposes roughly normal scores.

Between trackers: their scores on the same sequences are paired. The interval of the mean difference is a percentile
bootstrap over sequences; the p-value is that of the sign-flip permutation test, which asks how often a difference as
large would come from exchanging the two trackers at random, sequence by sequence: of all exchanges with up to 13
sequences, of 10,000 drawn ones with more. Both suppose that sequences are independent, nothing else, and draw from a
seeded generator.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

DRAWS = 10_000


@dataclass(frozen=True)
class Spread:
    """A mean over seeds."""

    mean: float
    deviation: float | None
    """Sample standard deviation (n - 1); None for a single seed."""
    interval: tuple[float, float] | None
    """95 % confidence interval of the mean by Student's t; None for a single seed."""


@dataclass(frozen=True)
class Difference:
    """Mean of one tracker's scores minus another's, over the same sequences."""

    mean: float
    interval: tuple[float, float]
    """Percentile bootstrap, 95 %."""
    p: float
    """Two-sided, sign-flip permutation test; in (0, 1]."""


def over_seeds(values: Sequence[float]) -> Spread:
    """Mean, deviation and interval of a score under several seeds.

    Raises:
      ValueError: no value.
    """
    if not len(values):
        raise ValueError("no values")
    mean = float(np.mean(values))
    if len(values) == 1:
        return Spread(mean, None, None)
    deviation = float(np.std(values, ddof=1))
    half = t975(len(values) - 1) * deviation / len(values) ** 0.5
    return Spread(mean, deviation, (mean - half, mean + half))


def t975(degrees: int) -> float:
    """97.5 % quantile of Student's t distribution.

    Args:
      degrees: of freedom, at least 1.
    """
    from scipy.special import stdtrit  # takes a while, and a single seed needs none

    return float(stdtrit(degrees, 0.975))


def paired(first: Sequence[float], second: Sequence[float], seed: int = 0) -> Difference:
    """Compare two trackers' scores on the same sequences.

    Args:
      first, second: one score a sequence, in the same order; at least two.
      seed: of the resampling.

    Raises:
      ValueError: fewer than two sequences, or different numbers of them.
    """
    gaps = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    if gaps.ndim != 1 or len(gaps) < 2:
        raise ValueError("give the scores of both trackers on the same two or more sequences")
    rng, mean = np.random.default_rng(seed), float(gaps.mean())
    drawn = rng.multinomial(len(gaps), np.full(len(gaps), 1 / len(gaps)), DRAWS) @ gaps / len(gaps)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Difference(mean, (float(low), float(high)), _flips(gaps, rng))


Parts = tuple[np.ndarray, np.ndarray]
"""Numerators and denominators [sequences, lengths] of a measure that is the mean over lengths of sums over sums."""


def paired_parts(first: Parts, second: Parts, gap: float, seed: int = 0) -> Difference:
    """Compare two trackers by a measure of all sequences together, such as the expected average overlap.

    As `paired`: sequences are drawn for the interval, and exchanged between the trackers for p.

    Args:
      gap: the measure's own difference.

    Raises:
      ValueError: fewer than two sequences, or different numbers of them.
    """
    count = len(first[0])
    if count < 2 or len(second[0]) != count:
        raise ValueError("give the parts of both trackers on the same two or more sequences")
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(count, np.full(count, 1 / count), DRAWS).astype(np.float64)
    low, high = np.percentile(_value(drawn, first) - _value(drawn, second), [2.5, 97.5])
    every = 2**count <= DRAWS
    own = (np.arange(2**count)[:, None] >> np.arange(count) & 1 if every else rng.integers(0, 2, (DRAWS, count))) * 1.0
    mixed = (
        tuple(own @ a + (1 - own) @ b for a, b in zip(*pair, strict=True))
        for pair in ((first, second), (second, first))
    )
    one, other = (_mean_share(*parts) for parts in mixed)
    whole = np.ones((1, count))
    seen = abs(float((_value(whole, first) - _value(whole, second))[0]))
    as_large = int((np.abs(one - other) >= seen * (1 - 1e-12)).sum())
    return Difference(gap, (float(low), float(high)), as_large / len(own) if every else (1 + as_large) / (1 + DRAWS))


def _value(drawn: np.ndarray, parts: Parts) -> np.ndarray:
    return _mean_share(drawn @ parts[0], drawn @ parts[1])


def _mean_share(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Mean over the lengths that anything is known of; zero where nothing is."""
    shares = np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)
    return shares.sum(1) / np.maximum((bottom > 0).sum(1), 1)


def _flips(gaps: np.ndarray, rng: np.random.Generator) -> float:
    """Share of sign flips that give a mean as large: of all where they are few, else of draws."""
    count = len(gaps)
    every = 2**count <= DRAWS
    signs = np.arange(2**count)[:, None] >> np.arange(count) & 1 if every else rng.integers(0, 2, (DRAWS, count))
    as_large = int((np.abs((signs * 2 - 1) @ gaps) >= abs(gaps.sum()) * (1 - 1e-12)).sum())
    # Drawn ones are joined by the observed arrangement, so that p is never zero; among all it is already.
    return as_large / len(signs) if every else (1 + as_large) / (1 + DRAWS)
