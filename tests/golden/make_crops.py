"""Cut `crops.npz` out of the recordings of the reference in `shared/goldens`.

    python tests/golden/make_crops.py ../shared/goldens

The 23 crops of recipe.test_image(), in RGB. One row per crop, in the recorded order:

  name, centre [23, 2] (x, y), side [23], out [23]   the arguments
  step [23]                                          every step-th row and column was recorded (1: all)
  crc [23]                                           CRC-32 of the recorded pixels, C order
  pixels_<name>  uint8                               of the recorded pixels, every 2nd row and column; every 4th of
                                                     crops above 127
  mean           float64 [3]                         mean colour of the picture
"""

import json
import sys
import zlib
from pathlib import Path

import numpy as np


def main(source: Path) -> None:
    rows = json.loads((source / "goldens.json").read_text())["files"]["common.npz"]["info"]["crops"]
    arrays = {
        "name": np.asarray([row[0] for row in rows]),
        "centre": np.asarray([row[1] for row in rows], np.float32),
        "side": np.asarray([row[3] for row in rows], np.float32),
        "out": np.asarray([row[2] for row in rows], np.int32),
    }
    steps, checks = [], []
    with np.load(source / "common.npz") as common:
        arrays["mean"] = common["crop_avg"][::-1].copy()
        for name, _, out, _ in rows:
            thinned = f"crop_{name}__every3"
            pixels = np.ascontiguousarray(common[thinned if thinned in common else f"crop_{name}"][..., ::-1])
            steps.append(3 if thinned in common else 1)
            checks.append(zlib.crc32(pixels.tobytes()))
            keep = 2 if out <= 127 else 4
            arrays[f"pixels_{name}"] = pixels[::keep, ::keep]
    arrays |= {"step": np.asarray(steps, np.int32), "crc": np.asarray(checks, np.uint32)}
    target = Path(__file__).with_name("crops.npz")
    np.savez_compressed(target, **arrays)
    print(f"{target}: {len(arrays)} arrays, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
