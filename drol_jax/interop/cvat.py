"""A tracking function for agents of CVAT (https://www.cvat.ai): boxes are followed while a person annotates.

    cvat-cli function create-native drol_jax --function-module drol_jax.interop.cvat
    cvat-cli function run-agent ID --function-module drol_jax.interop.cvat -p config=str:drol_nano

The agent's process imports this module and calls `create` with what `-p` names. Then for every frame it calls
`preprocess_image` once, and `init_tracking_state` or `track` for every target (`cvat_sdk.auto_annotation` 2.80). CVAT
gives no word of what is not needed any more, and its agent drops a state eight hours after its last use. One of
ours takes 4 to 31 MB with the online subnet: so what CVAT holds is a number, and only the states used last are kept.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from multiprocessing import parent_process
from typing import Any

import numpy as np

from drol_jax.api import Tracker, load
from drol_jax.errors import UserError
from drol_jax.follow.follower import Follower
from drol_jax.follow.warmup import warm_up
from drol_jax.settings import load_settings
from drol_jax.system.optional import optional
from drol_jax.system.program import keep_memory
from drol_jax.system.resources import DEFAULT_CONFIG

EXTRA = "'drol_jax[cvat]'"
TARGET = "target"
STATES = 64
"""States that are kept: up to 2 GB with the subnet. Between them the C library keeps about as much free, once."""


@dataclass(frozen=True)
class Ticket:
    """What CVAT's agent holds in place of a state."""

    number: int


class Function:
    """CVAT's tracking function over a tracker. Every target is followed on its own, as `drol-jax track` follows one."""

    def __init__(self, tracker: Callable[[], Tracker], cvat: Any, *, states: int = STATES):
        """Take a tracker.

        Args:
          tracker: gives it, when it is first needed.
          cvat: the module `cvat_sdk.auto_annotation`.
          states: how many targets are remembered; of more, those used last.
        """
        self.spec = cvat.TrackingFunctionSpec(supported_shape_types=["rectangle"])
        self._load, self._cvat, self._states = tracker, cvat, states
        self._followers: OrderedDict[int, Follower] = OrderedDict()  # the one used last at the end
        self._given = 0

    @cached_property
    def tracker(self) -> Tracker:
        """The tracker, loaded once."""
        return self._load()

    def preprocess_image(self, context: Any, image: Any) -> np.ndarray:
        """The pixels of a frame, uint8 RGB [H, W, 3], from a PIL image.

        Always defined: the agent's `track` calls it without asking whether it is there.
        """
        with self._told():
            if image.mode.startswith("I") or image.mode == "F":  # PIL's own conversion would cut off above 255
                raise UserError("the frame has more than 8 bits a value; make a task of images of 8 bits")
            return np.asarray(image.convert("RGB"))

    def init_tracking_state(self, context: Any, pp_image: np.ndarray, shape: Any) -> Ticket:
        """Begin to follow a box that was drawn.

        Args:
          pp_image: from `preprocess_image`.
          shape: `points` are x1, y1, x2, y2, pixels, 0-based.
        """
        x1, y1, x2, y2 = shape.points
        follower = Follower(self.tracker, 1)
        with self._told():
            follower.add(pp_image, TARGET, (x1, y1, x2 - x1, y2 - y1))
        self._given += 1
        self._followers[self._given] = follower
        while len(self._followers) > self._states:
            self._followers.popitem(last=False)
        return Ticket(self._given)

    def track(self, context: Any, pp_image: np.ndarray, state: Ticket) -> Any:
        """The target's box in another frame as a shape; None where it is not in sight, and is searched for."""
        with self._told():
            follower = self._followers.get(state.number)
            if follower is None:
                raise UserError(
                    f"this target was forgotten, as {self._states} others were tracked since (states=int:N of the "
                    "agent's -p keeps more); draw its box anew and track from there"
                )
            self._followers.move_to_end(state.number)
            (sight,) = follower.step(pp_image)
        if sight.box is None:
            return None
        x, y, w, h = map(float, sight.box)
        return self._cvat.TrackableShape(type="rectangle", points=[x, y, x + w, y + h])

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Trouble in words that CVAT shows: it tells of any other exception as "Unknown error"."""
        try:
            yield
        except UserError as error:
            raise self._cvat.BadFunctionError(str(error)) from error


def create(
    config: str = DEFAULT_CONFIG,
    weights: str | None = None,
    online: bool = True,
    states: int = STATES,
    largest: str = "1920x1080",
) -> Function:
    """CVAT's entry: the function, in the agent's own process compiled. Parameters are given by `-p NAME=TYPE:VALUE`.

    Args:
      config: name of a bundled configuration, or a YAML file.
      weights: as in `drol_jax.load`.
      online: false leaves the online subnet out.
      states: how many targets are remembered.
      largest: width and height of the largest frame expected. For larger ones the first click waits.

    Raises:
      SystemExit: one of them is wrong; the line is on standard error.
    """
    try:
        cvat = optional("cvat_sdk.auto_annotation", EXTRA)
        size = re.fullmatch(r"(\d+)x(\d+)", largest)
        if size is None or not all(map(int, size.groups())):
            raise UserError(f"largest is {largest!r}; give WIDTHxHEIGHT in pixels, such as 1280x720")
        if states < 1:
            raise UserError(f"states is {states}, wanted 1 or more")
        function = Function(lambda: load(config, weights, online=None if online else False), cvat, states=states)
        if parent_process() is None:
            load_settings(config)  # `create-native` asks what the function takes, and tracks nothing
        else:
            keep_memory()
            warm_up(function.tracker, int(size[2]), int(size[1]))
    except UserError as error:
        raise SystemExit(f"error: {error}") from None
    return function
