"""Scorers of VOT's three kinds of evaluation."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval.protocols import check_anchors, check_started
from drol_jax.eval.scorers import BySequence, Carried, same_lengths, size_of
from drol_jax.metrics import longterm, multistart, restart
from drol_jax.metrics.eao import INTERVALS, eao_curve, eao_parts
from drol_jax.metrics.regions import FAILED, Regions
from drol_jax.metrics.vot import Supervised, supervised, supervised_by_tag
from drol_jax.report.columns import Column, Numbers
from drol_jax.results.groundtruth import own_regions
from drol_jax.results.runs import Run

ONE_SEQUENCE = "note: there is no EAO of one sequence alone, nor of an attribute in it."


class VotScorer:
    """VOT's supervised restart."""

    regions = True

    def __init__(self, dialect: restart.VotDialect, dataset: str):
        self.dialect: restart.VotDialect = dialect
        self._interval = INTERVALS.get(dataset) if dialect != "got10k" else None
        self.convention = {
            "pysot": "PySOT's toolkit; accuracy over all frames, EAO of curve[low-1..high-1]",
            "vot": "vot-toolkit; accuracy and failures weighted by sequence length, EAO of curve[low..high]",
            "got10k": "got10k's toolkit; exact areas, accuracy and failures weighted by tags, no EAO",
        }[dialect]
        meaning = {"pysot": "failures a hundred frames", "vot": "failures a sequence", "got10k": "failures a tag"}
        between = f", lengths {self._interval[0]} to {self._interval[1]}" if self._interval else " (no interval known)"
        self.columns = (
            Column("eao", "EAO", "expected average overlap" + between),
            Column("accuracy", "A", "mean overlap"),
            Column("robustness", "R", meaning[dialect], larger_is_better=False, share=False),
            Column("lost", "lost", "failures in one pass", larger_is_better=False, share=False),
        )

    def judge(self, sequence: datasets.Sequence, runs: Mapping[int, Run]) -> restart.Judged:
        groundtruth = groundtruth_regions(sequence)
        check_started(sequence, runs, "restarts after failures")
        check_shapes(groundtruth, runs, self.dialect)
        ordered = [runs[number].regions for number in sorted(runs)]
        counted = restart.counted(ordered, self.dialect)
        cut = self.dialect == "pysot" and len({len(regions) for regions in counted}) == 1
        if cut and len(ordered[0]) < 2 <= len(groundtruth):
            raise UserError(f"one line for {len(groundtruth)} frames, so that nothing was tracked; track it again")
        if not cut:
            same_lengths(runs, len(groundtruth))
        judged = restart.judge(groundtruth, ordered, size_of(sequence), self.dialect, sequence.tags, cut=cut)
        if judged.silent is not None:
            raise UserError(
                f"frames {judged.silent[1]} and {judged.silent[1] + 1} (counted from 0) share no pixel with the "
                "groundtruth and no failure (code 2) is written, so that this is one pass and no run that is restarted "
                "after failures; pass --protocol ope to score boxes as one pass, or track it with restarts"
            )
        return judged

    def numbers(self, judged: Sequence[restart.Judged]) -> Numbers:
        # One sequence alone has no expectation to speak of.
        return _vot_numbers(supervised(judged, self._interval if len(judged) > 1 else None, self.dialect))

    def parts(self, judged: Sequence[restart.Judged]) -> tuple[np.ndarray, np.ndarray] | None:
        return None if self._interval is None else eao_parts(judged, self._interval, self.dialect)

    def remarks(self, judged: Sequence[restart.Judged]) -> tuple[str, ...]:
        passed = sum(one.passed_over > 0 for one in judged)
        first = (
            f"note: of repetitions that are not fifteen the first alone counts, as in PySOT's toolkit; {passed} "
            "sequences have others that differ from it.",
        )
        return (*(first if passed else ()), *self._of_eao(judged))

    def _of_eao(self, judged: Sequence[restart.Judged]) -> tuple[str, ...]:
        """Why there is no EAO, in words."""
        if self._interval is None:  # the first column's meaning says so
            return ()
        if len(judged) == 1:
            return (ONE_SEQUENCE,)
        if self.numbers(judged)["eao"] is not None:
            return ()
        longest, low = max(one.frames for one in judged), self._interval[0]
        return (f"note: there is no EAO, as it begins with runs of {low} frames and the longest here has {longest}.",)

    def curves(self, judged: Sequence[restart.Judged]) -> dict[str, list[float]]:
        if self.dialect == "got10k":
            return {}
        curve = eao_curve(judged, self.dialect)
        return {"expected_overlap": [float(value) for value in curve[~np.isnan(curve)]]}

    def attributes(self, judged: Mapping[str, restart.Judged], carried: Carried) -> dict[str, tuple[int, Numbers]]:
        if self.dialect != "pysot":
            return {}
        table = supervised_by_tag(list(judged.values()), self._interval)
        return {tag: (frames, _vot_numbers(reached)) for tag, (frames, reached) in table.items()}


class MultiStartScorer(BySequence):
    """VOT's anchor-based experiment."""

    dialect, regions = "vot", True
    convention = "vot-toolkit, anchor-based (VOT2020 and later)"
    columns = (
        Column("eao", "EAO", f"expected average overlap, lengths {multistart.INTERVAL[0]} to {multistart.INTERVAL[1]}"),
        Column("accuracy", "A", "mean overlap until a failure"),
        Column("robustness", "R", "share of frames before a failure"),
    )

    def judge(self, sequence: datasets.Sequence, runs: Mapping[int, Run]) -> tuple[int, list[multistart.Anchored]]:
        groundtruth, size = groundtruth_regions(sequence), size_of(sequence)
        if any(len(run.regions.frames_of(FAILED)) for run in runs.values()):
            raise UserError("failures (code 2) are written: these are restarts, and runs from anchors are scored here")
        marks = check_anchors(sequence, runs)
        anchored = []
        for anchor, run in runs.items():
            forward = None if marks is None else bool(marks[anchor] > 0)
            try:
                anchored.append(multistart.judge_run(groundtruth, run.regions, anchor, size, forward))
            except ValueError as error:
                raise UserError(f"{error}; track it again") from None
        return len(groundtruth), anchored

    def numbers(self, judged: Sequence[tuple[int, list[multistart.Anchored]]]) -> Numbers:
        reached = multistart.multistart(judged)
        eao = reached.eao if len(judged) > 1 else None  # one sequence alone has no expectation to speak of
        return {"eao": eao, "accuracy": reached.accuracy, "robustness": reached.robustness}

    def remarks(self, judged: Sequence[tuple[int, list[multistart.Anchored]]]) -> tuple[str, ...]:
        if len(judged) == 1:
            return (ONE_SEQUENCE,)
        longest, (low, high) = max(len(run.overlaps) for _, runs in judged for run in runs), multistart.INTERVAL
        if longest > (low + high) / 2:
            return ()
        return (
            f"note: the longest run has {longest} frames, and EAO averages lengths {low} to {high}: what no run "
            "reaches counts as 0, as in vot-toolkit.",
        )

    def parts(self, judged: Sequence[tuple[int, list[multistart.Anchored]]]) -> tuple[np.ndarray, np.ndarray] | None:
        return multistart.eao_parts([runs for _, runs in judged])

    def curves(self, judged: Sequence[Any]) -> dict[str, list[float]]:
        return {}


class LongTermScorer(BySequence):
    """Precision, recall and F over thresholds of confidence."""

    regions = True

    def __init__(self, dialect: longterm.LongTermDialect):
        self.dialect: longterm.LongTermDialect = dialect
        self.convention = {"pysot": "PySOT's toolkit", "vot": "vot-toolkit"}[dialect] + "; best of 100 thresholds"
        self.columns = (
            Column("f", "F", "harmonic mean of precision and recall"),
            Column("precision", "Pr", "precision"),
            Column("recall", "Re", "recall"),
        )

    def judge(self, sequence: datasets.Sequence, runs: Mapping[int, Run]) -> longterm.Confident:
        groundtruth, run = groundtruth_regions(sequence), runs[min(runs)]
        if len(run.regions.frames_of(FAILED)):
            raise UserError("failures (code 2) are written: this is a run with restarts, and one pass is scored here")
        same_lengths({min(runs): run}, len(groundtruth))
        check_shapes(groundtruth, runs, self.dialect)
        if run.confidence is None or len(run.confidence) != len(groundtruth):
            raise UserError("its file of confidences is missing or of another length; track it again")
        if np.isnan(run.confidence).all():
            raise UserError("its file of confidences holds none; track it again")
        return longterm.judge(groundtruth, run.regions, run.confidence, size_of(sequence), self.dialect)

    def numbers(self, judged: Sequence[longterm.Confident]) -> Numbers:
        precision, recall, f = longterm.longterm(judged, self.dialect).best
        return {"f": f, "precision": precision, "recall": recall}

    def curves(self, judged: Sequence[longterm.Confident]) -> dict[str, list[float]]:
        reached = longterm.longterm(judged, self.dialect)
        return {name: getattr(reached, name).tolist() for name in ("precision", "recall", "f")}


def groundtruth_regions(sequence: datasets.Sequence) -> Regions:
    """A sequence's polygons, or its boxes, in the benchmark's own origin; where it is absent, a code."""
    groundtruth = own_regions(sequence)
    if sequence.absent is None:
        return groundtruth
    codes = np.where(sequence.absent, np.int8(0), groundtruth.codes)
    return replace(groundtruth, codes=codes)


def check_shapes(groundtruth: Regions, runs: Mapping[int, Run], dialect: str) -> None:
    """Raise a UserError where a dialect cannot compare what groundtruth or results hold."""
    if dialect != "vot" and any(
        regions.is_shape.any() for regions in (groundtruth, *(r.regions for r in runs.values()))
    ):
        raise UserError(
            f"masks, and polygons of other than four corners, are not scored in the dialect {dialect}; "
            "pass --dialect vot"
        )


def _vot_numbers(reached: Supervised) -> Numbers:
    return {
        # Of sequences too short for any length of the interval it is not a number.
        "eao": None if reached.eao is None or np.isnan(reached.eao) else reached.eao,
        "accuracy": reached.accuracy,
        "robustness": reached.robustness,
        "lost": reached.lost,
    }
