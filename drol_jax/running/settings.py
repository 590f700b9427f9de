"""Many settings of one tracker over a sequence: together as long as they do the same, apart from then on.

All settings begin as one branch, with one state. In each frame the branch is searched once for all of them: a `vmap` of
`Model` over the scalars, in which crop, network and online score map stay one, as they depend on none
of them. What differs is what is made of these. Settings that find the same to the bit go on as one branch, with one
memory and one refit; others go on as branches of their own, each with a copy of the state.

A scalar that is read after the search, such as the interval of refits, divides the settings from the second frame on,
one that is read in the first frame from there. Which are read where is not only written here: every stage is given the
scalars that it may read and no others, so that one that it reads besides fails as it is compiled.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.api import Tracker
from drol_jax.config import Hyper
from drol_jax.datasets.sequence import Sequence as Frames
from drol_jax.errors import UserError
from drol_jax.image.boxes import checked_start_box
from drol_jax.image.crops import Frame
from drol_jax.image.frames import prefetch
from drol_jax.model import Model, hyper_arrays
from drol_jax.running.feeders import CHUNK, frame_of
from drol_jax.running.loop import Runner, key_of
from drol_jax.running.trajectory import Rows, Trajectory, trajectory_of
from drol_jax.system.compiling import Jitted
from drol_jax.system.workers import Clock, Watch
from drol_jax.tracker.outcome import Found
from drol_jax.tracker.record import record_of
from drol_jax.tracker.search import search
from drol_jax.tracker.start import init, init_draws, weights_of
from drol_jax.tracker.state import StepOutput, TrackerState
from drol_jax.tracker.step import finish, refit, update_memory

SCALARS = tuple(field.name for field in fields(Hyper))
STARTING = frozenset({"label_sigma", "filter_reg", "projection_reg"})
"""Scalars that the first frame reads."""
SIZES = (1, *(8**power for power in range(1, 8)))
"""Numbers of settings that a search is compiled for."""
SEARCHING = frozenset(
    {
        "penalty_k",
        "window_influence",
        "size_lr",
        "fusion",
        "not_found",
        "distractor",
        "hard_negative",
        "neighbourhood",
        "displacement",
        "tau_regression",
        "tau_classification",
    }
)
"""Scalars that the search alone reads."""


class _Settings:
    """The settings of a run, on the device."""

    def __init__(self, tracker: Tracker, settings: Sequence[Hyper], varying: Collection[str]):
        self._model, self._settings = tracker.model, settings
        # A plug-in's parts may read any scalar anywhere.
        own = tracker.config.parts is not None
        self.starting = frozenset(SCALARS) if own else STARTING
        self.following = frozenset(SCALARS) if own else frozenset(SCALARS) - SEARCHING
        # Of settings that differ in nothing that a search reads, any one scalar makes the places.
        self._varying = SEARCHING & set(varying) or {"fusion"}
        self._kept: dict[Any, Any] = {}

    def __len__(self) -> int:
        return len(self._settings)

    def grouped(self, members: Sequence[int], names: frozenset[str]) -> list[list[int]]:
        """Members whose scalars of some names are equal, together."""
        groups: dict[Any, list[int]] = {}
        for member in members:
            alike = tuple(getattr(self._settings[member], name) for name in sorted(names))
            groups.setdefault(alike, []).append(member)
        return list(groups.values())

    def model(self, member: int, readable: frozenset[str]) -> Model:
        """The model of one setting, with the scalars that may be read and no others."""
        if (member, readable) not in self._kept:
            hyper = hyper_arrays(self._settings[member])
            kept = {name: getattr(hyper, name) if name in readable else None for name in SCALARS}
            self._kept[member, readable] = replace(self._model, hyper=Hyper(**kept))
        return self._kept[member, readable]

    def several(self, members: Sequence[int]) -> tuple[Model, tuple[Any, ...]]:
        """(the model with the scalars that vary stacked [K], all scalars' axes in order).

        K is one of few numbers, so that few programs are compiled.
        """
        if tuple(members) not in self._kept:
            some = [self._settings[member] for member in members]
            count = next(size for size in SIZES if size >= len(some))
            padded = some + some[:1] * (count - len(some))
            axes = {name: 0 if name in self._varying and count > 1 else None for name in SCALARS}
            columns = {name: [getattr(one, name) for one in padded] for name in SCALARS}
            chosen = {name: column if axes[name] == 0 else column[0] for name, column in columns.items()}
            model = replace(self._model, hyper=hyper_arrays(Hyper(**chosen)))
            self._kept[tuple(members)] = model, tuple(axes.values())
        return self._kept[tuple(members)]


@dataclass(kw_only=True)
class _Branch:
    """Settings that have done the same so far."""

    members: list[int]
    state: TrackerState
    outputs: list[Any]


class SettingsRunner:
    """Tracks sequences under many settings of a tracker's scalars. Threads may share it."""

    def __init__(self, tracker: Tracker, clock: Clock | None = None, varying: Collection[str] = SEARCHING):
        """Take a tracker.

        Args:
          clock: of all that is tracked at the same time; by default this runner's own.
          varying: names of the scalars that settings may differ in; the others are those of the first setting where a
            search reads them. Fewer make programs that are sooner compiled.
        """
        self.tracker, self._varying = tracker, frozenset(varying)
        self._runner = Runner(tracker)
        self._clock = clock or Clock()

    def run(
        self,
        sequence: Frames,
        seed: int,
        settings: Sequence[Hyper],
        on_frame: Callable[[int, int], None] = lambda index, branches: None,
    ) -> list[Trajectory]:
        """Track one sequence from its first box under each of the settings.

        Args:
          sequence, seed: as in `Runner.run`.
          settings: scalars, plain numbers.
          on_frame: called with each frame's index, and how many branches there are.

        Returns:
          In the order of the settings; the time is one setting's share.

        Raises:
          UserError: as `Runner.run`.
        """
        watch, chosen = Watch(self._clock), _Settings(self.tracker, settings, self._varying)
        images = prefetch(sequence.frames, depth=CHUNK)
        try:
            with watch:
                first = next(images)
                branches = self._begin(watch, sequence, seed, first, chosen)
                on_frame(0, len(branches))
                for index, image in enumerate(images, start=1):
                    if image.shape != first.shape:
                        raise UserError(f"sequence {sequence.name}: frame {index} has another size than the first")
                    frame = frame_of(image)
                    branches = [part for branch in branches for part in self._step(watch, branch, frame, chosen)]
                    on_frame(index, len(branches))
            watch.seconds /= len(settings)
            return self._trajectories(sequence, branches, first.shape, len(settings), watch)
        except FloatingPointError as error:
            raise UserError(f"sequence {sequence.name}: {error}; the weights or the settings are unsound") from None
        finally:
            images.close()

    def _begin(
        self, watch: Watch, sequence: Frames, seed: int, image: np.ndarray, settings: _Settings
    ) -> list[_Branch]:
        config, frame = self.tracker.config, frame_of(image)
        box = checked_start_box(sequence.first_box, *image.shape[:2])
        key = key_of(seed, sequence.name)
        draws = self._runner.program(watch, _draws, config, key)(config, key) if config.online.enabled else None
        branches: list[_Branch] = []
        for alike in settings.grouped(range(len(settings)), settings.starting):
            model = settings.model(alike[0], settings.starting)
            state = self._runner.program(watch, _init, model, frame, box, draws)(model, frame, box, draws)
            for number, part in enumerate(settings.grouped(alike, settings.following)):
                branches.append(_Branch(members=part, state=_copy(state) if number else state, outputs=[]))
        return branches

    def _step(self, watch: Watch, branch: _Branch, frame: Frame, settings: _Settings) -> list[_Branch]:
        """The branch after one more frame: one or several."""
        several, axes = settings.several(branch.members)
        args = (several, branch.state, frame)
        shared, own = self._runner.program(watch, _search(axes), *args)(*args)
        told = [np.asarray(leaf) for leaf in jax.tree.leaves(jax.device_get(own))]
        ways: dict[bytes, list[int]] = {}
        for place in range(len(branch.members)):
            ways.setdefault(b"".join(leaf[place].tobytes() for leaf in told), []).append(place)
        after = []
        for number, places in enumerate(reversed(ways.values())):
            members = [branch.members[place] for place in places]
            model = settings.model(members[0], settings.following)
            found = _chosen(shared, own, np.int32(places[0]))
            # The last one takes the state over.
            state = branch.state if number == len(ways) - 1 else _copy(branch.state)
            args = (state, frame, found)
            state, output = self._runner.program(watch, _follow, model, *args)(model, *args)
            after.append(_Branch(members=members, state=state, outputs=[*branch.outputs, output]))
        return after[::-1]

    def _trajectories(
        self, sequence: Frames, branches: list[_Branch], shape: tuple[int, ...], count: int, watch: Watch
    ) -> list[Trajectory]:
        found: list[Any] = [None] * count
        for branch in branches:
            rows = Rows(self.tracker, None, jax.device_get)
            rows.take(branch.outputs, shape)
            for member in branch.members:
                found[member] = trajectory_of(sequence.first_box, rows.rows, watch)
        return found


def _searched(axes: tuple[Any, ...], model: Model, state: TrackerState, frame: Frame) -> tuple[Any, Any]:
    """(what all settings find alike, what each finds by itself, [K, ...])."""
    over = replace(model, variables=None, hyper=Hyper(**dict(zip(SCALARS, axes, strict=True))))
    if all(axis is None for axis in axes):
        shared, own = _apart(search(model, state, frame))
        return shared, jax.tree.map(lambda leaf: leaf[None], own)
    several = lambda out: jax.vmap(  # noqa: E731
        lambda model: _apart(search(model, state, frame)), in_axes=(over,), out_axes=(out, 0)
    )
    try:
        return several(None)(model)
    except ValueError:  # the scalars choose among regions
        shared, own = several(0)(model)
        return None, (shared, own)


def _apart(found: Found) -> tuple[Any, Found]:
    """(what is large and does not depend on any scalar but SiamFC's or the long-term tracker's, all else)."""
    place = found.localisation
    if place is None:
        return None, found
    return (place.feature, place.score_map), replace(found, localisation=replace(place, feature=None, score_map=None))


@jax.jit
def _chosen(shared: Any, own: Any, place: jax.Array) -> Found:
    """What the setting of some place has found."""
    mine = jax.tree.map(lambda leaf: leaf[place], own)
    found, large = (mine, shared) if isinstance(mine, Found) else (mine[1], mine[0])
    if found.localisation is None:
        return found
    feature, score_map = large
    return replace(found, localisation=replace(found.localisation, feature=feature, score_map=score_map))


def _followed(model: Model, state: TrackerState, frame: Frame, found: Found) -> tuple[TrackerState, StepOutput]:
    """The rest of a step, after the search."""
    record = update_memory(model, record_of(state, frame, found))
    return finish(model, refit(model, record))


@cache
def _search(axes: tuple[Any, ...]) -> Jitted:
    return Jitted(partial(_searched, axes))


_init, _draws = Jitted(init, once=True, weights=weights_of), Jitted(init_draws, once=True)
_follow = Jitted(_followed, donate_argnums=1)
_copy = jax.jit(lambda state: jax.tree.map(jnp.copy, state))
