"""`cv2`, of opencv-python or of opencv-python-headless: whichever of the two is installed will do."""

from drol_jax.errors import UserError

try:
    import cv2
except ImportError as error:
    raise UserError(
        f"OpenCV cannot be imported ({error}): pip install opencv-python; on a machine without graphics (libGL) "
        "pip uninstall -y opencv-python and pip install opencv-python-headless in its place"
    ) from error

__all__ = ["cv2"]
