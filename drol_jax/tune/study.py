"""A search that Optuna keeps: which settings come next, which are given up, and what is known so far.

A trial's settings are drawn from a generator of its own, seeded by the search's seed and the trial's number, so that a
search that is stopped and taken up goes through the same trials. Trials that were under way belong to whoever holds
their claim: a process that died leaves them to the next.
"""

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drol_jax.errors import UserError
from drol_jax.results.manifest import differences
from drol_jax.system.claims import Claim, claim
from drol_jax.system.optional import optional
from drol_jax.tune.space import Dimension, Space

INSTALL = "'drol_jax[tune]'"
FACTS, FOLDER = "facts", "folder"


@dataclass(frozen=True)
class Outcome:
    """A finished trial."""

    number: int
    params: Mapping[str, Any]
    value: float | None
    """Mean over the sequences that it was tried on; None where it failed."""
    scores: Mapping[int, float]
    """By the sequence's place."""
    pruned: bool


class Search:
    """A study with its space."""

    def __init__(
        self,
        folder: Path,
        storage: str | None,
        name: str,
        facts: Mapping[str, Any],
        space: Space,
        *,
        maximize: bool,
        seed: int,
        prune: bool,
    ):
        """Begin a search, or take up the one that is there.

        Args:
          folder: for the claims, and for the file of the study where no storage is named. It exists.
          storage: a URL as Optuna takes it; None for a file in the folder.
          facts: all that decides the scores; JSON values.
          prune: give up settings that are worse than the best ones on the first sequences.

        Raises:
          UserError: Optuna is not installed, the storage cannot be opened, or holds a search of other facts.
        """
        self._optuna: Any = optional("optuna", INSTALL)
        self._optuna.logging.set_verbosity(self._optuna.logging.ERROR)
        self._folder, self._space, self._seed = folder, space, seed
        self._url = url = storage or f"sqlite:///{(folder / 'study.db').resolve()}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", self._optuna.exceptions.ExperimentalWarning)
            pruners = self._optuna.pruners
            pruner = pruners.WilcoxonPruner(p_threshold=0.1) if prune else pruners.NopPruner()
        try:
            self.study = self._optuna.create_study(
                storage=url,
                study_name=name,
                direction="maximize" if maximize else "minimize",
                load_if_exists=True,
                pruner=pruner,
            )
            earlier = self.study.user_attrs.get(FACTS)
        except Exception as error:  # Optuna's own, SQLAlchemy's, a driver's
            words = str(error).strip().splitlines() or [type(error).__name__]
            raise UserError(f"cannot open the storage {url}: {words[0]}; check --storage") from error
        told = json.loads(json.dumps(facts))
        if earlier is None:
            with self.storing():
                self.study.set_user_attr(FACTS, told)
        elif different := differences(earlier, told):
            raise UserError(f"{url} holds a search of other settings ({different}); choose another --output")
        self._claims: dict[int, Claim] = {}

    @contextmanager
    def storing(self) -> Iterator[None]:
        """Work with the study, whose storage may fail: a disk that is full, a server that has gone.

        Raises:
          UserError: it failed. What it held before is there.
        """
        try:
            yield
        except self._optuna.exceptions.StorageInternalError as error:
            words = str(error.__cause__ or error).strip().splitlines()[0]
            cure = "free space or check --storage, and run the same command to go on"
            raise UserError(f"cannot write the study {self._url}: {words}; {cure}") from error

    def batch(self, count: int, most: int | None) -> list[Any]:
        """The next trials: those that a stopped process left, then new ones.

        Args:
          count: how many.
          most: trials of the whole search, of which none is begun beyond; a grid is always gone through.
        """
        trials = [trial for one in self._left() if (trial := self._taken(one)) is not None][:count]
        grid = self._space.grid
        while len(trials) < count:
            begun = self.study.get_trials(deepcopy=False)
            waiting = self._optuna.trial.TrialState.WAITING in [one.state for one in begun]
            if grid is not None and not waiting:
                known = [one.system_attrs.get("fixed_params") or one.params for one in begun]
                rest = [params for params in grid if params not in known]
                if not rest:
                    break
                self.study.enqueue_trial(rest[0])
            elif grid is None and most is not None and len(begun) >= most:
                break
            self.study.sampler = self._optuna.samplers.TPESampler(seed=self._seed * 1_000_003 + len(begun))
            trial = self.study.ask()
            for dimension in self._space.dimensions:
                _suggest(trial, dimension)
            trial.set_user_attr(FOLDER, str(self._folder.resolve()))
            mine = claim(self._place(trial.number))
            assert mine is not None, "a trial's number is given once"
            self._claims[trial.number] = mine
            trials.append(trial)
        return trials

    def known(self, trial: Any) -> dict[int, float]:
        """The scores that an earlier process has reported, by the sequence's place."""
        return dict(self.study.get_trials(deepcopy=False)[trial.number].intermediate_values)

    def report(self, trial: Any, place: int, score: float) -> None:
        """Tell a trial's score on the sequence of some place."""
        trial.report(score, place)

    def hopeless(self, trial: Any) -> bool:
        """Whether a trial is to be given up, by its scores against the best trial's on the same sequences."""
        return trial.should_prune()

    def end(self, trial: Any, value: float | None, *, pruned: bool = False) -> None:
        """End a trial with the mean of its scores; None where it has none."""
        states = self._optuna.trial.TrialState
        if value is None:
            self.study.tell(trial, state=states.FAIL)
        elif pruned:
            self.study.tell(trial, state=states.PRUNED)
        else:
            self.study.tell(trial, value)
        self._claims.pop(trial.number).release()

    @property
    def outcomes(self) -> list[Outcome]:
        """Trials that have ended, in order."""
        states = self._optuna.trial.TrialState
        return [
            Outcome(one.number, one.params, one.value, one.intermediate_values, one.state == states.PRUNED)
            for one in self.study.get_trials(deepcopy=False)
            if one.state in (states.COMPLETE, states.PRUNED)
        ]

    def importance(self) -> dict[str, float]:
        """Share of each setting in how good trials differ from the others (PED-ANOVA); empty after too few trials."""
        evaluator = self._optuna.importance.PedAnovaImportanceEvaluator()
        try:
            with warnings.catch_warnings():
                # Optuna would call all settings equally important then.
                warnings.filterwarnings("error", message=".*too small to compute importances")
                return dict(self._optuna.importance.get_param_importances(self.study, evaluator=evaluator))
        except (ValueError, RuntimeError, UserWarning):  # too few trials, or all alike
            return {}

    def _left(self) -> Sequence[Any]:
        running = self._optuna.trial.TrialState.RUNNING
        here = str(self._folder.resolve())
        every = self.study.get_trials(deepcopy=False, states=(running,))
        # One whose process died before it told its folder is nobody's.
        return [one for one in every if one.user_attrs.get(FOLDER, here) == here and one.number not in self._claims]

    def _taken(self, one: Any) -> Any:
        """A trial that nobody is at, to go on with; None where somebody is, or it has not all its settings."""
        mine = claim(self._place(one.number))
        if mine is None:
            return None
        self._claims[one.number] = mine
        trial = self._optuna.trial.Trial(self.study, one._trial_id)
        self.study.sampler = self._optuna.samplers.TPESampler(seed=self._seed * 1_000_003 + one.number)
        for dimension in self._space.dimensions:
            _suggest(trial, dimension)
        trial.set_user_attr(FOLDER, str(self._folder.resolve()))
        return trial

    def _place(self, number: int) -> Path:
        return self._folder / ".claims" / f"trial-{number}"


def _suggest(trial: Any, one: Dimension) -> Any:
    if one.values:
        return trial.suggest_categorical(one.key, one.values)
    if one.whole:
        return trial.suggest_int(one.key, int(one.low), int(one.high), step=int(one.step or 1))
    return trial.suggest_float(one.key, one.low, one.high, step=one.step)
