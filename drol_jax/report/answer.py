"""Whether one tracker is better than the others, in words."""

from collections.abc import Sequence

from drol_jax.report.result import BenchmarkResult

LEVEL = 0.05
"""Largest p at which a difference counts as shown, for each pair by itself."""


def answer(result: BenchmarkResult) -> str:
    """What the paired differences say of the tracker that they are of; empty where there are none.

    A difference is shown where p is at most `LEVEL` and the 95 % interval does not hold zero.
    """
    if not result.differences or result.compared is None:
        return ""
    sign = 1 if result.compared.larger_is_better else -1
    first = next(iter(result.differences))[0]
    better, worse, open_ = [], [], []
    for (_, second), gap in result.differences.items():
        low, high = sorted(sign * side for side in gap.interval)
        shown = gap.p <= LEVEL and low * high > 0
        (open_ if not shown else better if low > 0 else worse).append(second)
    count = len(result.covered)
    words = [f"{first} is better than {_listed(better)}"] if better else []
    words += [f"{first} is worse than {_listed(worse)}"] if worse else []
    words += [f"{first} is not shown to be better than {_listed(open_)}, nor worse"] if open_ else []
    kind = "In part" if len(words) > 1 else "Yes" if better else "No" if worse else "That cannot be said"
    text = f"{kind}: by {result.compared.head}, over {count} sequence{'s' * (count > 1)}, {'; '.join(words)}."
    least = 2.0 ** (1 - count)
    if open_ and least > LEVEL:
        return f"{text} So few sequences cannot show any difference: p is never below {least:.2g}."
    return f"{text} Other sequences might turn that order round." if open_ else text


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
