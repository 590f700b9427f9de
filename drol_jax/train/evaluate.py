"""How well a network tracks while it is being trained: sequences of Synth that the benchmark does not hold."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.api import Tracker
from drol_jax.datasets.synth import load_synth
from drol_jax.metrics import ope
from drol_jax.model import hyper_arrays
from drol_jax.running.loop import Runner
from drol_jax.settings import Settings, without_online
from drol_jax.train.settings import EvaluationSettings


class Evaluator:
    """Tracks the same sequences with one set of weights after another; what is compiled is kept."""

    def __init__(self, tracker: Settings, settings: EvaluationSettings):
        """Take a tracker configuration; its online subnet is left out.

        Raises:
          UserError: an unknown sequence.
        """
        self._settings = without_online(tracker)
        self._sequences = [entry for seed in settings.seeds for entry in load_synth(seed, settings.sequences or None)]
        self._runner: Runner | None = None

    def scores(self, variables: Any) -> dict[str, float]:
        """Means over the sequences: `auc` of the success curve, and `precision` at 20 pixels; each 0 to 1.

        Args:
          variables: the network's, wherever they lie.

        Raises:
          UserError: a result is not finite.
        """
        tracker = Tracker(
            settings=self._settings,
            variables=jax.tree.map(jnp.asarray, jax.device_get(variables)),
            hyper=hyper_arrays(self._settings.hyper),
            weights_hash="",
        )
        self._runner = Runner(tracker, like=self._runner)
        found = []
        for entry in self._sequences:
            sequence = entry.open()
            boxes = self._runner.run(sequence, self._settings.seed).boxes
            scored = ope.score(boxes, sequence.boxes, absent=sequence.absent)
            found.append((scored.auc, scored.precision_at_20))
        auc, precision = np.mean(found, axis=0)
        return {"auc": float(auc), "precision": float(precision)}
