"""Start boxes from a detector: corners, score and label of what it found in the first frame become targets."""

import argparse
import json
from pathlib import Path

import drol_jax


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", nargs="?", help="default: a sequence of the built-in benchmark")
    parser.add_argument("--detections", type=Path, help="JSON: [[x1, y1, x2, y2, score, label], ...]")
    parser.add_argument("--least", type=float, default=0.5, help="score from which a detection is followed")
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--no-online", action="store_true", help="faster, and less robust")
    options = parser.parse_args(argv)
    if options.video and not options.detections:
        parser.error("a video needs --detections")
    if options.video:
        source, found = options.video, json.loads(options.detections.read_text(encoding="utf-8"))
    else:
        sequence = drol_jax.datasets.load("Synth", only=["school_fish"])[0].open()
        source, (x, y, w, h) = (drol_jax.read_image(frame) for frame in sequence.frames), sequence.first_box
        found = [(x, y, x + w, y + h, 0.9, "fish"), (x, y, x + w / 2, y + h, 0.8, "fish"), (9, 9, 40, 40, 0.1, "net")]
    boxes = {
        f"{label} {number}": (x1, y1, x2 - x1, y2 - y1)
        for number, (x1, y1, x2, y2, score, label) in enumerate(found, 1)
        if score >= options.least
    }
    tracker = drol_jax.load("drol_nano", online=False if options.no_online else None)
    for frame in drol_jax.track(source, boxes, tracker=tracker, options=drol_jax.ReadOptions(end=options.frames)):
        print(frame.number, {target.name: target.box for target in frame})


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError, drol_jax.UserError) as error:
        raise SystemExit(f"error: {error}") from None
