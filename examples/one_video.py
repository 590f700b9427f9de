"""One target in one video: where it is in every frame, and how sure that is."""

import argparse

import drol_jax


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", nargs="?", help="default: a sequence of the built-in benchmark")
    parser.add_argument("--box", help="x,y,w,h in pixels; needed with a video")
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--no-online", action="store_true", help="faster, and less robust")
    options = parser.parse_args(argv)
    if options.video and not options.box:
        parser.error("a video needs --box x,y,w,h")

    source, box = options.video, options.box
    if source is None:
        sequence = drol_jax.datasets.load("Synth", only=["school_fish"])[0].open()
        source, box = (drol_jax.read_image(frame) for frame in sequence.frames), sequence.first_box.tolist()
    tracker = drol_jax.load("drol_nano", online=False if options.no_online else None)
    for frame in drol_jax.track(source, box, tracker=tracker, options=drol_jax.ReadOptions(end=options.frames)):
        for target in frame:
            place = "no box" if target.box is None else " ".join(f"{side:.1f}" for side in target.box)
            print(f"frame {target.frame}: {target.name} {target.state} {target.confidence:.2f}, {place}")


if __name__ == "__main__":
    try:
        main()
    except drol_jax.UserError as error:
        raise SystemExit(f"error: {error}") from None
