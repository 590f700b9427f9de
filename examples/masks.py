"""Masks of a SiamMask tracker, written as black and white images. Needs converted weights."""

import argparse
from pathlib import Path

import cv2

import drol_jax


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", default="siammask_r50", help="a SiamMask configuration")
    parser.add_argument("--weights", help="folder of its converted weights")
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--output", type=Path, default=Path("masks"))
    options = parser.parse_args(argv)
    if options.weights is None:
        print("skipped: no weights of a SiamMask tracker; convert them (docs/weights.md), then pass --weights DIR")
        return
    tracker = drol_jax.load(options.config, weights=options.weights)
    sequence = drol_jax.datasets.load("Synth", only=["school_fish"])[0].open()
    images = [drol_jax.read_image(frame) for frame in sequence.frames[: options.frames]]
    options.output.mkdir(parents=True, exist_ok=True)
    state = tracker.init(images[0], sequence.first_box)
    for number, image in enumerate(images[1:], 1):
        state, out = tracker.step(state, image)
        if out.mask is None:
            raise SystemExit(f"error: {options.config} makes no masks; give --config of a SiamMask tracker")
        mask = drol_jax.full_frame(out.mask.probability, out.mask.box, *image.shape[:2])  # float32 [H, W], 0 to 1
        path = options.output / f"{number:06d}.png"
        cv2.imwrite(str(path), (mask > 0.5).astype("uint8") * 255)
        print(path, tracker.polygon(out, *image.shape[:2]))


if __name__ == "__main__":
    try:
        main()
    except drol_jax.UserError as error:
        raise SystemExit(f"error: {error}") from None
