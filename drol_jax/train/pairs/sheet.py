"""Pairs side by side, to look at."""

import numpy as np

from drol_jax.system.opencv import cv2
from drol_jax.train.pairs.batch import Pairs

_GREEN, _RED = (0, 255, 0), (255, 0, 0)


def contact_sheet(pairs: Pairs, columns: int = 4) -> np.ndarray:
    """Templates beside their search regions: the target's box in green and its mask's edge in white; a red frame where
    the search region does not hold it.

    Args:
      pairs: B of them.
      columns: pairs in a row.

    Returns:
      uint8 RGB [H, W, 3].
    """
    templates, searches = np.asarray(pairs.template), np.asarray(pairs.search)
    boxes, positives = np.asarray(pairs.box), np.asarray(pairs.positive)
    masks = None if pairs.mask is None else np.asarray(pairs.mask)
    count, side = len(searches), searches.shape[1]
    tiles = []
    for i in range(count):
        left = np.zeros((side, templates.shape[2], 3), np.uint8)
        left[: templates.shape[1]] = templates[i]
        right = searches[i].copy()
        if masks is not None:
            contours, _ = cv2.findContours(masks[i], cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            cv2.drawContours(right, contours, -1, (255, 255, 255), 1)
        if positives[i]:
            x, y, w, h = boxes[i]
            low, high = np.rint([x, y]).astype(int), np.rint([x + w - 1, y + h - 1]).astype(int)
            cv2.rectangle(right, low.tolist(), high.tolist(), _GREEN, 1)
        else:
            cv2.rectangle(right, (0, 0), (side - 1, side - 1), _RED, 3)
        tiles.append(np.pad(np.hstack([left, right]), ((0, 4), (0, 4), (0, 0))))
    tiles += [np.zeros_like(tiles[0])] * (-count % columns)
    return np.vstack([np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)])
