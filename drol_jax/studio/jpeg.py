"""Frames as JPEG for the page."""

import numpy as np

from drol_jax.system.opencv import cv2


def jpeg(image: np.ndarray, width: int, quality: int) -> bytes:
    """A frame as JPEG.

    Args:
      image: uint8 RGB [H, W, 3].
      width: pixels at most; larger frames are made smaller.
      quality: per cent.
    """
    if image.shape[1] > width:
        size = width, max(1, round(image.shape[0] * width / image.shape[1]))
        # To a half and more the linear method takes in every pixel too, in a tenth of the time.
        near = width * 2 >= image.shape[1]
        image = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR if near else cv2.INTER_AREA)
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
