"""`cv2`, of opencv-python or of opencv-python-headless: whichever of the two is installed will do."""

from pathlib import Path

from drol_jax.errors import UserError

try:
    import cv2
except ImportError as error:
    raise UserError(
        f"OpenCV cannot be imported ({error}): pip uninstall -y opencv-python, then pip install --force-reinstall "
        "--no-deps opencv-python-headless, which needs no graphics (libGL)"
    ) from error

__all__ = ["cv2", "spelled"]


def spelled(path: Path | str) -> str:
    """A path or an address as OpenCV takes it. OpenCV 5.0.0 ends the process where there is a byte that is not UTF-8.

    Raises:
      UserError: there is one.
    """
    try:
        return str(path).encode().decode()
    except UnicodeEncodeError:
        raise UserError(f"{path}: the name is not in UTF-8, and OpenCV opens no other; give it another") from None
