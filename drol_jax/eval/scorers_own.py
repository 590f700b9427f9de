"""Scorers of benchmarks of one pass that have measures of their own."""

from collections.abc import Mapping, Sequence

import numpy as np

from drol_jax import datasets
from drol_jax.eval.scorers import BySequence, same_length, size_of
from drol_jax.metrics import oxuva, videocube
from drol_jax.report.columns import Column, Numbers
from drol_jax.results.groundtruth import own_boxes
from drol_jax.results.runs import Run


class VideoCubeScorer(BySequence):
    """Success, precision and normalised precision of global instance tracking."""

    dialect, regions = "videocube", False
    convention = (
        "VideoCube's toolkit; boxes cut to the image, hidden and cut frames not counted, groundtruth as it stands"
    )
    columns = (
        Column("auc", "SUC", "success, mean of 101 thresholds of the overlap"),
        Column("precision_20", "PRE", "precision below 20 px"),
        Column("normalised_precision", "N-PRE", "centres inside the groundtruth's box"),
        Column("success_50", "SR.50", "overlap above 0.5"),
        Column("success_diou", "DIoU", "success of the overlap less the distance of centres"),
        Column("success_giou", "GIoU", "success of the overlap less the space around both"),
    )

    def judge(self, sequence: datasets.Sequence, runs: Mapping[int, Run]) -> list[videocube.GlobalScores]:
        groundtruth, size = own_boxes(sequence), size_of(sequence)
        gone = np.zeros(len(groundtruth), bool) if sequence.absent is None else sequence.absent
        for run in runs.values():
            same_length(run.regions, len(groundtruth))
        return [videocube.score(run.regions.boxes, groundtruth, size, gone) for run in runs.values()]

    def numbers(self, judged: Sequence[list[videocube.GlobalScores]]) -> Numbers:
        mean = _mean(judged)
        return {
            "auc": float(mean.success.mean()),
            "precision_20": mean.precision_at_20,
            "normalised_precision": mean.inside,
            "success_50": mean.success_at_05,
            "success_diou": float(mean.distance_success.mean()),
            "success_giou": float(mean.generalised_success.mean()),
        }

    def curves(self, judged: Sequence[list[videocube.GlobalScores]]) -> dict[str, list[float]]:
        mean = _mean(judged)
        # As many pixels as the other dialects' curves have; the toolkit's go to 400.
        return {"success": mean.success.tolist(), "precision": mean.precision[:51].tolist()}

    def remarks(self, judged: Sequence[list[videocube.GlobalScores]]) -> tuple[str, ...]:
        never = sum(all(run.inside == 0 for run in runs) for runs in judged)
        if not 0 < never < len(judged):
            return ()
        return (f"note: N-PRE is the mean without the {never} sequences in which it is zero, as the toolkit has it.",)


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
        for run in runs.values():
            same_length(run.regions, len(sequence))
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


def _mean(judged: Sequence[list[videocube.GlobalScores]]) -> videocube.GlobalScores:
    """Mean over sequences of the means over repetitions."""
    return videocube.mean([videocube.mean(runs, zeros=True) for runs in judged], zeros=False)
