"""Many targets in one video, one of which enters later; what lies on what."""

import argparse

import drol_jax


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", nargs="?", help="default: a sequence of the built-in benchmark")
    parser.add_argument("--box", action="append", help="x,y,w,h[@frame][=name], several times; needed with a video")
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--no-online", action="store_true", help="faster, and less robust")
    options = parser.parse_args(argv)
    if options.video and not options.box:
        parser.error("a video needs --box x,y,w,h")

    source, boxes = options.video, options.box
    if source is None:
        sequence = drol_jax.datasets.load("Synth", only=["school_fish"])[0].open()
        source = (drol_jax.read_image(frame) for frame in sequence.frames)
        (fx, fy, fw, fh), (x, y, w, h) = sequence.boxes[[0, 2]].tolist()
        boxes = [drol_jax.Start(0, "fish", (fx, fy, fw, fh)), drol_jax.Start(2, "half of it", (x, y, w / 2, h))]
    tracker = drol_jax.load("drol_nano", online=False if options.no_online else None)
    for frame in drol_jax.track(source, boxes, tracker=tracker, options=drol_jax.ReadOptions(end=options.frames)):
        for target in frame:
            beside = f", lies on {', '.join(target.overlap)}" if target.overlap else ""
            print(f"frame {target.frame}: {target.name} {target.state} {target.confidence:.2f}{beside}")


if __name__ == "__main__":
    try:
        main()
    except drol_jax.UserError as error:
        raise SystemExit(f"error: {error}") from None
