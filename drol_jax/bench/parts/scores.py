"""Success and precision on a benchmark's sequences, in one pass: what a lesser type of product costs."""

from pathlib import Path
from typing import Any

import numpy as np

from drol_jax import datasets
from drol_jax.bench.plan import spread
from drol_jax.bench.subject import SEED, Subject
from drol_jax.errors import UserError
from drol_jax.eval.plugged import plugged
from drol_jax.metrics import ope
from drol_jax.metrics.dialects import default_dialect
from drol_jax.results.groundtruth import own_boxes
from drol_jax.running.sequences import LockstepRunner


def measure(
    subject: Subject, dataset: str, data_root: str | None, sequences: list[str] | None, repeat: int, lanes: int
) -> dict[str, Any]:
    """{variant: {"auc", "precision": means over the sequences, spread over draws, "draws", "sequences", "frames"}}.

    Args:
      dataset, data_root, sequences: as `drol_jax.datasets.load` takes them, or a dataset of the subject's plug-in.
      repeat: draws of the online subnet; without it there is nothing to draw, and one run.
      lanes: sequences at once.

    Raises:
      UserError: a sequence cannot be read or tracked, or has no groundtruth to score by.
    """
    load = plugged(subject.plugin, datasets.load).load
    entries = load(dataset, None if data_root is None else Path(data_root), sequences)
    opened = [entry.open() for entry in entries]
    for sequence in opened:
        if sequence.only_first_box:
            raise UserError(
                f"{dataset}: of {sequence.name} the first box alone is known; give a dataset with the groundtruth"
            )
    found = {}
    for variant in subject.variants:
        runner = LockstepRunner(subject.tracker(variant), lanes)
        draws = [_scores(runner, opened, dataset, SEED + i) for i in range(repeat if variant == "on" else 1)]
        found[variant] = {
            "auc": spread([scores.auc for scores in draws]),
            "precision": spread([scores.precision_at_20 for scores in draws]),
            "draws": len(draws),
            "sequences": len(opened),
            "frames": sum(map(len, opened)),
        }
    return found


def _scores(runner: LockstepRunner, sequences: list[datasets.Sequence], dataset: str, seed: int) -> ope.Scores:
    every = []
    for sequence, outcome in zip(sequences, runner.run_all(sequences, seed), strict=True):
        if isinstance(outcome, Exception):
            raise outcome
        boxes = np.add(outcome.boxes, (sequence.origin, sequence.origin, 0, 0))
        every.append(ope.score(boxes, own_boxes(sequence), default_dialect(dataset), sequence.absent))
    return ope.mean(every)
