"""`FrameSource`: where a frame comes from."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

FrameSource = Path | Callable[[], np.ndarray]
"""An image file, or something that renders uint8 RGB [H, W, 3]. `drol_jax.image.frames.read` reads either.

Sources are asked ahead of the frame that is tracked, several at the same time, and what they give is kept: each returns
an array of its own, which nothing writes into afterwards (a video's buffer has to be copied).
"""
