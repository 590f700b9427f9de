"""Cut `online.npz` out of the recordings of the reference in `shared/goldens`.

    python tests/golden/make_online.py ../shared/goldens

`common.npz` there was recorded from shallowtoil/DROL at 4aebe57 on a CPU; `goldens.json` beside it describes every
array. Kept here, renamed to NHWC / RGB and thinned out:

  augment_{S}_shifts   int32 [23, 2]          total shifts (rows, columns) of the 23 training pictures
  augment_{S}_images   float32 [23, .., .., 3] every 12th row and column of the pictures
  augment_{S}_stats    float64 [23, 3]        mean, standard deviation, sum of each whole picture
  label_{case}         start box (x, y, w, h) and L; `_sigma`, `_scale`; `_first` float32 [23, .., ..] and `_update`
                       float32 [4, .., ..]: every 3rd row and column of the label maps
  label_moves          float64 [4, 2] (dx, dy), image pixels, of the update labels
  upsample_{L}_raw     float32 [L, L]; `_map` float32 [..]: every 17th value of the flat score map (S = 255; 287 for
                       L = 26), or the recording's own stride; `_stride`, `_size`
  verdict_*            one row per hand-made score map, see `verdicts` below
  memory_{N}_{T}_*     learning rates, slots and weights of T insertions into N slots; for T = 400 the
                       weights after every 20th
"""

import json
import sys
from pathlib import Path

import numpy as np


def augment(common) -> dict:
    out = {}
    for S in (255, 287):
        images = common[f"aug{S}_images_every6"][:, ::-1, ::2, ::2]
        out[f"augment_{S}_shifts"] = common[f"aug{S}_shifts"].astype(np.int32)
        out[f"augment_{S}_images"] = np.ascontiguousarray(images.transpose(0, 2, 3, 1))
        out[f"augment_{S}_stats"] = common[f"aug{S}_stats"]
    return out


def labels(common, info) -> dict:
    out = {"label_moves": np.asarray(info["update_offsets_dx_dy"], np.float64)}
    seen: dict[str, int] = {}
    for case, (config, box, cells) in enumerate(info["cases"]):
        key = f"label_{config}_{seen.get(config, 0)}"
        seen[config] = seen.get(config, 0) + 1
        out[f"label_{case}"] = np.asarray([*box, cells], np.float64)
        out[f"label_{case}_sigma"] = common[f"{key}_sigma"][0]
        out[f"label_{case}_scale"] = common[f"{key}_scale"]
        out[f"label_{case}_first"] = common[f"{key}_init"][:, ::3, ::3]
        out[f"label_{case}_update"] = common[f"{key}_update"][:, ::3, ::3]
    return out


def upsampling(common) -> dict:
    out = {}
    for L in (22, 26, 31, 103):
        recorded = common[f"upsample_{L}_out"]
        if recorded.ndim == 2:
            stride, size, values = 17, recorded.shape[0], recorded.ravel()[::17]
        else:
            stride, size = int(common[f"upsample_{L}_out__stride"]), int(common[f"upsample_{L}_out__shape"][0])
            values = recorded
        out |= {f"upsample_{L}_raw": common[f"upsample_{L}_raw"], f"upsample_{L}_map": values}
        out |= {f"upsample_{L}_stride": stride, f"upsample_{L}_size": size}
    return out


def verdicts(common, info) -> dict:
    """A map is `base + sum of height / (1 + (distance / width)^2)^2` over its peaks, 255 x 255, float32."""
    peaks = np.zeros((len(info), 2, 4))
    for row, case in zip(peaks, info, strict=True):
        row[: len(case[3])] = case[3]
        row[len(case[3]) :, 3] = 1  # No such peak: height 0, any width.
    return {
        "verdict_name": np.asarray([case[0] for case in info]),
        "verdict_target": np.asarray([case[1] for case in info], np.float32),  # (h, w), image pixels
        "verdict_scale": np.asarray([case[2] for case in info], np.float32),
        "verdict_peaks": peaks,  # [., 2, 4] (row, column, height, width)
        "verdict_base": np.asarray([case[4] for case in info], np.float64),
        "verdict": common["flags"].astype(np.int32),  # 0 found, 1 not found, 2 hard negative, 3 uncertain
        "verdict_peak": np.asarray([case[6] for case in info], np.float32),
        "verdict_position": np.asarray([case[7] for case in info], np.int32),
    }


def memory(common) -> dict:
    out = {}
    for key in ("memory_250_30", "memory_50_30", "memory_250_400"):
        out[f"{key}_rate"] = common[f"{key}_lr"].astype(np.float32)
        out[f"{key}_slot"] = common[f"{key}_index"].astype(np.int32)
        out[f"{key}_weights"] = common[f"{key}_weights"]
    return out


def main(source: Path) -> None:
    info = json.loads((source / "goldens.json").read_text())["files"]["common.npz"]["info"]
    with np.load(source / "common.npz") as common:
        arrays = augment(common) | labels(common, info["labels"]) | upsampling(common)
        arrays |= verdicts(common, info["flags"]) | memory(common)
    target = Path(__file__).with_name("online.npz")
    np.savez_compressed(target, **arrays)
    print(f"{target}: {len(arrays)} arrays, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
