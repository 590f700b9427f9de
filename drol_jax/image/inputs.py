"""What a user passes to a tracker, checked at the door: an image and the box that a track starts from."""

import warnings
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from numpy.typing import ArrayLike

from drol_jax.errors import UserError
from drol_jax.image.boxes import checked_start_box, corners_instead
from drol_jax.image.crops import Frame
from drol_jax.image.frames import checked, flatten

Image: TypeAlias = np.ndarray | jax.Array | Frame
"""uint8 [H, W, 3] RGB, [H, W] or [H, W, 1] grey; or a `Frame`."""
Box: TypeAlias = ArrayLike | jax.Array
"""(x, y, w, h), pixels, 0-based, from the top left corner."""


def checked_frame(frame: Any) -> Any:
    """Check an image; arrays on the device and tracers stay where they are.

    Raises:
      UserError: it is no image.
    """
    if isinstance(frame, Frame):
        return frame
    if (
        isinstance(frame, jax.Array)
        and frame.dtype == jnp.uint8
        and frame.ndim == 3
        and frame.shape[-1] == 3
        and frame.size
    ):
        return frame
    if isinstance(frame, Tracer):
        raise UserError(f"a frame under jit is uint8 RGB [H, W, 3], not {frame.dtype} {list(frame.shape)}")
    array = np.asarray(frame)
    if array.dtype.kind in "OSU":
        raise UserError(f"a frame is no image but {_named(frame)}; pass an array of pixels")
    return checked(array)


def on_device(frame: Any) -> Any:
    """An image in a numpy array on the device, padded to one of few lengths; anything else as it is."""
    return Frame(*jax.device_put(flatten(frame))) if isinstance(frame, np.ndarray) else frame


def checked_box(box: Any, frame: Any) -> Any:
    """The start box of a track on a checked frame, float32 [4]; a box that may be two corners is warned of.

    Raises:
      UserError: no track can start from it (`checked_start_box`). Of a traced one nothing but the shape is checked.
    """
    if any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(box)):
        return _traced(box)
    if isinstance(frame, Frame):
        if isinstance(frame.size, Tracer):
            return _traced(box)
        height, width = (int(n) for n in frame.size)
    else:
        height, width = frame.shape[:2]
    good = checked_start_box(box, height, width)
    if doubt := corners_instead(good, height, width):
        warnings.warn(f"start box {good.tolist()} {doubt}", stacklevel=3)
    return good


def _traced(box: Any) -> jax.Array:
    """float32 [4], of which nothing but the shape can be checked."""
    try:
        array = jnp.asarray(box, jnp.float32)
    except (TypeError, ValueError):
        array = jnp.empty(0)
    if array.shape != (4,):
        raise UserError(f"a start box under jit or vmap is four numbers (x, y, w, h), not {list(jnp.shape(box))}")
    return array


def _named(value: Any) -> str:
    """Something that is no image, in a few words."""
    if value is None:
        return "None, as OpenCV gives at a video's end or for a path that it cannot open"
    if isinstance(value, str | bytes):
        return f"the text {value!r} (drol_jax.read_image reads a file)"
    return f"a {type(value).__name__}"
