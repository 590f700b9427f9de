"""A camera or any other source, live: one line a frame, with what is known of the target and how late it is told."""

import argparse
import time

import numpy as np

import drol_jax


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", nargs="?", help="0 for the first camera, rtsp://..., a file; default: built-in")
    parser.add_argument("--box", help="x,y,w,h in pixels of the first frame; needed with a source")
    parser.add_argument("--frames", type=int, help="stop after so many; default: at the end")
    parser.add_argument("--no-online", action="store_true", help="faster, and less robust")
    options = parser.parse_args(argv)
    if options.source and not options.box:
        parser.error("a source needs --box x,y,w,h")
    source, box = options.source, options.box
    if source is None:
        sequence = drol_jax.datasets.load("Synth", only=["school_fish"])[0].open()
        source, box = (drol_jax.read_image(frame) for frame in sequence.frames), sequence.first_box.tolist()
    tracker = drol_jax.load("drol_nano", online=False if options.no_online else None)
    grey = np.full((480, 640, 3), 128, np.uint8)
    list(drol_jax.track([grey, grey], (8, 8, 99, 99), tracker=tracker))  # compiles, before the target can run away
    began = time.monotonic()
    for frame in drol_jax.track(
        source, box, tracker=tracker, options=drol_jax.ReadOptions(end=options.frames, max_size=640)
    ):
        told = ", ".join(f"{target.name} {target.state} {target.confidence:.2f}" for target in frame)
        print(f"{frame.time:.2f} s, told after {time.monotonic() - began:.2f} s: {told}", flush=True)


if __name__ == "__main__":
    drol_jax.make_ready(drol_jax.CacheArguments())  # what is compiled is kept for the next run
    try:
        main()
    except (KeyboardInterrupt, drol_jax.UserError) as ended:
        raise SystemExit(f"ended: {ended or 'stopped'}") from None
