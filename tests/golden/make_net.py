"""Thin out the recorded networks of `shared/goldens` for this folder: siam*_{r50,l3,mobilev2}*.net.npz.

    python tests/golden/make_net.py ../shared/goldens

Recorded from shallowtoil/DROL at 4aebe57 on a CPU. Every tensor of the recordings is kept, fewer values of each: `key`
holds flat[::key__stride] of the channel-first tensor whose shape is `key__shape`. `key__scale` is the largest magnitude
of the whole tensor.
"""

import sys
from pathlib import Path

import numpy as np

NAMES = (
    "siammask_r50_l3",
    "siamrpn_mobilev2_l234_dwxcorr",
    "siamrpn_r50_l234_dwxcorr",
    "siamrpn_r50_l234_dwxcorr_otb",
    "siamrpn_r50_l234_dwxcorr_votlt",
)
KEPT = 1800  # Values of a tensor, about.
# Primes that divide no number of rows or columns, so that all of them are met.
STEPS = (1, 11, 13, 17)


def main(source: Path) -> None:
    for name in NAMES:
        arrays = {}
        with np.load(source / f"{name}.net.npz") as recorded:
            for key in recorded.files:
                if "__" in key or key == "info_json":
                    continue
                step = next(s for s in STEPS if recorded[key].size / s <= KEPT or s == STEPS[-1])
                arrays[key] = recorded[key][::step]
                arrays[f"{key}__stride"] = recorded[f"{key}__stride"] * step
                arrays[f"{key}__shape"] = recorded[f"{key}__shape"]
                arrays[f"{key}__scale"] = recorded[f"{key}__mean_std_abssum_max"][3]
        target = Path(__file__).with_name(f"{name}.net.npz")
        np.savez_compressed(target, **arrays)
        print(f"{target}: {len(arrays) // 4} tensors, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
