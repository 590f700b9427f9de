"""What a training run shows: its lines while it learns, its curves at the end."""

import io

import cv2
from rich.console import Console

from drol_jax.train.curves import draw_curves
from drol_jax.train.progress import TrainMonitor

LINE = {"loss": 2.0, "cls": 0.7, "loc": 1.3, "overlap": 0.4, "rate": 0.001, "pairs_per_second": 50.0}


def test_a_line_tells_the_loss_once_it_is_known():
    shown = io.StringIO()
    with TrainMonitor(Console(file=shown, width=200), line_seconds=0.0) as monitor:
        monitor.begin(0, 2)
        monitor.step(1)
        monitor.words("loss 2.0000")
        monitor.step(2)
    first, second = shown.getvalue().splitlines()
    assert first.startswith("step 1 of 2, 0:00:0")
    assert second == "step 2 of 2, loss 2.0000, 0:00:00 left"


def test_a_single_point_is_seen_in_every_panel(tmp_path):
    def panels(*lines):
        path = tmp_path / "curves.png"
        draw_curves(lines, path, "one line")
        image = cv2.imread(str(path)).astype(int)
        height, width = (n // 2 for n in image.shape[:2])
        return [image[y:, x:][:height, :width] for y in (0, height) for x in (0, width)]

    def coloured(panel):
        return int((panel.max(-1) - panel.min(-1) > 40).sum())

    # With nothing to draw the legends are there all the same.
    nothing = {key: float("nan") for key in LINE}
    for point, none in zip(panels({"step": 10, **LINE}), panels({"step": 10, **nothing}), strict=True):
        assert coloured(point) > coloured(none) + 20
