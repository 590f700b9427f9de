"""The scorer of OxUvA, which has measures of its own."""

from collections.abc import Mapping, Sequence

import numpy as np

from drol_jax import datasets
from drol_jax.eval.scorers import BySequence, same_lengths, size_of
from drol_jax.metrics import oxuva
from drol_jax.report.columns import Column, Numbers
from drol_jax.results.groundtruth import own_boxes
from drol_jax.results.runs import Run


class OxuvaScorer(BySequence):
    """Rates of targets found and of absences told, over the labelled frames of all tracks."""

    dialect, regions = "oxuva", False
    convention = (
        "OxUvA's toolkit; labelled frames but the first, boxes cut to the image, right from an overlap of 0.5 on"
    )
    columns = (
        Column("largest_mean", "MaxGM", "largest geometric mean, where a random share is called absent"),
        Column("positive_rate", "TPR", "targets found"),
        Column("negative_rate", "TNR", "absences told"),
        Column("geometric_mean", "GM", "geometric mean of TPR and TNR"),
    )

    def judge(self, sequence: datasets.Sequence, runs: Mapping[int, Run]) -> list[oxuva.Verdicts]:
        absent = np.zeros(len(sequence), bool) if sequence.absent is None else sequence.absent
        same_lengths(runs, len(sequence))
        size, truth = size_of(sequence), own_boxes(sequence)
        return [oxuva.judge(run.regions.boxes, truth, absent, size) for run in runs.values()]

    def numbers(self, judged: Sequence[list[oxuva.Verdicts]]) -> Numbers:
        total = oxuva.Verdicts.total(one for runs in judged for one in runs)
        return {column.key: getattr(total, column.key) for column in self.columns}

    def curves(self, judged: Sequence[list[oxuva.Verdicts]]) -> dict[str, list[float]]:
        return {}

    def remarks(self, judged: Sequence[list[oxuva.Verdicts]]) -> tuple[str, ...]:
        total = oxuva.Verdicts.total(one for runs in judged for one in runs)
        if total.negative_rate is None:
            return ("note: no TNR, and no geometric mean: no frame is labelled as without the target.",)
        if total.negative_rate == 0:
            return ("note: no absence is told, which box files do by NaN and OxUvA's by a word.",)
        return ()
