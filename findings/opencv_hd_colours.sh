#!/usr/bin/env bash
# opencv-python-headless 4.12.0.88 beside 4.13.0.92, a film written by PyAV 18.1.0.
#
# Expected: a film that says its colours are HD's (BT.709, in stream and frames) comes back from VideoCapture in the
# colours it was made of, or at least in the same ones from one minor release of OpenCV to the next.
# Seen: 4.12 turns YUV into RGB by SD's matrix (BT.601) whatever the film says, so that saturated colours are some twenty grey
# levels off; 4.13 heeds the film and is within a few. Films that say nothing come out alike. Whoever trained or measured
# under one release tracks other pictures under the other.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
pip=("$work/venv/bin/pip" install --quiet --disable-pip-version-check)
"${pip[@]}" av==18.1.0 numpy==2.2.6
for version in 4.12.0.88 4.13.0.92; do
  "${pip[@]}" --no-deps --target "$work/$version" "opencv-python-headless==$version"
done
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

COLOURS = np.array([(200, 40, 40), (40, 180, 60), (50, 60, 200), (200, 180, 40)], np.uint8)  # RGB, four broad bars
picture = np.repeat(COLOURS, 320, 0)[None].repeat(720, 0)
np.save("picture.npy", picture)


def film(name, space):
    with av.open(name, "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "4"})
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        if space is not None:
            stream.codec_context.colorspace, stream.codec_context.color_range = space, ColorRange.MPEG
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        to = {} if space is None else {"dst_colorspace": space, "dst_color_range": ColorRange.MPEG}
        for _ in range(3):
            container.mux(stream.encode(frame.reformat(format="yuv420p", **to)))
        container.mux(stream.encode())


film("hd.mp4", Colorspace.ITU709)
film("untold.mp4", None)
PYTHON
for version in 4.12.0.88 4.13.0.92; do
  PYTHONPATH="$work/$version" "$work/venv/bin/python" - <<'PYTHON'
import cv2
import numpy as np

picture = np.load("picture.npy").astype(int)


def off(name):
    there, bgr = cv2.VideoCapture(name).read()
    assert there
    middles = [(360, 160 + 320 * bar) for bar in range(4)]
    return max(int(np.abs(bgr[at][::-1].astype(int) - picture[at]).max()) for at in middles)


seen = {name: off(f"{name}.mp4") for name in ("hd", "untold")}
print(cv2.__version__, seen)
assert seen["untold"] <= 4
assert seen["hd"] > 12 if cv2.__version__.startswith("4.12") else seen["hd"] <= 4
PYTHON
done
