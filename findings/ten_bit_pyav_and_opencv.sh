#!/usr/bin/env bash
# PyAV 18.1.0 beside opencv-python-headless 5.0.0.93, both from wheels with FFmpeg inside.
#
# Expected: a frame of a 10-bit H.264 film has the same RGB values by PyAV's to_ndarray(format="rgb24") and by OpenCV, as
# one of an 8-bit film has.
# Seen: of 8 bits the two are equal. Of 10 bits they differ by several levels; asked for bgr24 with bicubic interpolation
# PyAV gives OpenCV's values exactly. A model that is fed by one reader in training and by the other in use sees other
# pictures, and only where films have 10 bits.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 opencv-python-headless==5.0.0.93 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import av
import cv2
import numpy as np
from av.video.reformatter import Interpolation

y, x = np.mgrid[:96, :128]
picture = np.stack([(x * 2) % 256, (y * 2 + x) % 256, 255 - (x + y) % 256], -1).astype(np.uint8)


def film(name, pixels):
    with av.open(name, "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "8"})
        stream.width, stream.height, stream.pix_fmt = 128, 96, pixels
        for shift in range(4):
            frame = av.VideoFrame.from_ndarray(np.roll(picture, 9 * shift, 1), format="rgb24")
            container.mux(stream.encode(frame.reformat(format=pixels)))
        container.mux(stream.encode())


def difference(name, **how):
    capture, most = cv2.VideoCapture(name), 0
    for frame in av.open(name).decode(video=0):
        there, bgr = capture.read()
        assert there
        ours = frame.to_ndarray(**how)
        ours = ours[..., ::-1] if how["format"] == "rgb24" else ours
        most = max(most, int(np.abs(ours.astype(int) - bgr.astype(int)).max()))
    return most


film("eight.mp4", "yuv420p")
film("ten.mp4", "yuv420p10le")
seen = {
    "8 bits, rgb24": difference("eight.mp4", format="rgb24"),
    "10 bits, rgb24": difference("ten.mp4", format="rgb24"),
    "10 bits, bgr24, bicubic": difference("ten.mp4", format="bgr24", interpolation=Interpolation.BICUBIC),
}
print(av.__version__, cv2.__version__, seen)
assert seen["8 bits, rgb24"] == 0 and seen["10 bits, rgb24"] > 2 and seen["10 bits, bgr24, bicubic"] == 0
PYTHON
