"""A plug-in's measures as further columns of any scorer of one-pass evaluation."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from drol_jax import datasets
from drol_jax.errors import UserError, reason
from drol_jax.eval.scorers import Carried, Scorer
from drol_jax.report.columns import Column, Numbers
from drol_jax.results.groundtruth import own_boxes
from drol_jax.results.runs import Run

Metrics = Mapping[str, Callable[..., float]]


class WithMetrics:
    """A scorer whose numbers a plug-in's stand beside; means over sequences, as the scorer's."""

    def __init__(self, scorer: Scorer, metrics: Metrics):
        self._scorer, self._metrics = scorer, metrics
        self.dialect, self.regions = scorer.dialect, scorer.regions
        self.convention = scorer.convention
        own = (Column(f"own_{name}", name, f"{name}, of a plug-in", share=False) for name in metrics)
        self.columns = (*scorer.columns, *own)

    def judge(self, sequence: datasets.Sequence, runs: Mapping[int, Run]) -> tuple[Any, dict[str, float]]:
        groundtruth = own_boxes(sequence)
        judged, found = self._scorer.judge(sequence, runs), {}
        for name, metric in self._metrics.items():
            try:
                numbers = [float(metric(run.regions.boxes[: len(groundtruth)], groundtruth)) for run in runs.values()]
            except Exception as error:
                raise UserError(f"the plug-in's metric {name} fails on {sequence.name}: {reason(error)}") from error
            found[f"own_{name}"] = float(np.mean(numbers))
        return judged, found

    def numbers(self, judged: Sequence[tuple[Any, dict[str, float]]]) -> Numbers:
        means = {f"own_{name}": float(np.mean([own[f"own_{name}"] for _, own in judged])) for name in self._metrics}
        return {**self._scorer.numbers([one for one, _ in judged]), **means}

    def curves(self, judged: Sequence[tuple[Any, dict[str, float]]]) -> dict[str, list[float]]:
        return self._scorer.curves([one for one, _ in judged])

    def parts(self, judged: Sequence[tuple[Any, dict[str, float]]]) -> tuple[np.ndarray, np.ndarray] | None:
        return self._scorer.parts([one for one, _ in judged])

    def attributes(self, judged: Mapping[str, Any], carried: Carried) -> dict[str, tuple[int, Numbers]]:
        return self._scorer.attributes({name: one for name, (one, _) in judged.items()}, carried)

    def remarks(self, judged: Sequence[tuple[Any, dict[str, float]]]) -> tuple[str, ...]:
        return self._scorer.remarks([one for one, _ in judged])
