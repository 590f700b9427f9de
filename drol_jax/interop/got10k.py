"""Our trackers in got10k's experiments (https://github.com/got-10k/toolkit).

>>> tracker = Got10kTracker("drol_rpn", drol_jax.load("drol_nano"))
>>> ExperimentGOT10k("data/GOT-10k", subset="val").run(tracker)

The toolkit hands boxes over as the benchmark's files hold them and compares results with them as they are: `origin`
must be that of the files, 1 for OTB, UAV123, LaSOT, TColor128 and DTB70, 0 for GOT-10k, TrackingNet, NfS and VOT
(`drol_jax.datasets.benchmark(NAME).origin`).
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from drol_jax.api import Tracker
from drol_jax.errors import UserError
from drol_jax.interop.session import Session, picture
from drol_jax.system.optional import optional

_Base: Any = optional("got10k.trackers", "'drol_jax[got10k]'").Tracker


class Got10kTracker(_Base):
    """got10k's `Tracker`. Deterministic: a repetition would give the same boxes, and the toolkit runs none."""

    def __init__(self, name: str, tracker: Tracker, *, origin: float = 0, seed: int | None = None):
        """Wrap a tracker.

        Args:
          name: of the folder that results go to.
          origin: what the benchmark's files count the first pixel as.
          seed: of the online subnet's draws, the same in every sequence; default is the configuration's.
        """
        super().__init__(name, is_deterministic=True)
        self._session = Session(tracker, seed)
        self._shift = np.array([origin, origin, 0, 0], np.float64)
        self._state: Any = None

    def init(self, image: Any, box: ArrayLike) -> None:
        """Start a track.

        Args:
          image: PIL image, array (uint8 RGB [H, W, 3] or grey) or path of an image file.
          box: (x, y, w, h), pixels, in the files' origin.

        Raises:
          UserError: what is wrong with the picture or the box.
        """
        self._state = self._session.start(picture(image), np.asarray(box, np.float64) - self._shift)

    def update(self, image: Any) -> np.ndarray:
        """Follow the target into the next picture.

        Returns:
          float64 [4] (x, y, w, h), pixels, in the files' origin.

        Raises:
          UserError: `init` was not called, or the picture is none.
        """
        if self._state is None:
            raise UserError(f"{self.name}: update before init; call init(image, box) with the first picture")
        self._state, found = self._session.follow(self._state, picture(image))
        return found.box + self._shift
