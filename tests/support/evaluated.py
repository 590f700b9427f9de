"""Results of an evaluation, as if two sequences of four frames had been tracked."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np


def evaluated(
    folder: Path,
    name: str,
    off: tuple[float, float, float, float] = (1, 0, 0, 0),
    *,
    rate: tuple[float, float, float, float] = (0, 0, 0, 0),
    dataset: str = "folders",
    settings: Mapping[str, Any] | None = None,
) -> Path:
    """Write the results of one tracker into folder/run/name, over the sequences in folder/data, made where there are
    none.

    Args:
      off: is added to the groundtruth (x, y, w, h), and in each frame `rate` once more.
      settings: more of the manifest's.

    Returns:
      The tracker's folder.
    """
    data, run = folder / "data", folder / "run" / name
    truth = np.array([[10 + t, 20, 24, 16] for t in range(4)], float)
    for sequence in ("road", "yard"):
        if (data / sequence).exists():
            continue
        (data / sequence / "img").mkdir(parents=True)
        for number in range(1, 5):
            cv2.imwrite(str(data / sequence / "img" / f"{number:04}.png"), np.full((60, 90, 3), 60 * number, np.uint8))
        np.savetxt(data / sequence / "groundtruth.txt", truth, "%g", ",")
    (run / "details").mkdir(parents=True)
    for sequence in ("road", "yard"):
        np.savetxt(run / f"{sequence}.txt", truth + off + np.outer(np.arange(4), rate), "%g", ",")
        lines = [f"{t},1,0.5,{word},first,0.{9 - 2 * t}" for t, word in enumerate(["found"] * 3 + ["not_found"])]
        head = "frame,score,online_score,verdict,template,confidence"
        (run / "details" / f"{sequence}.csv").write_text("\n".join([head, *lines, ""]))
    told = {"dataset": {"name": dataset, "seed": 0, "root": str(data)}, "tracker": "drol_nano"}
    manifest = {"settings": told | dict(settings or {}), "environments": [], "sequences": {}}
    (run / "manifest.json").write_text(json.dumps(manifest))
    return run
