"""Records nanotrack.npz from the published PyTorch NanoTrack. No test runs this.

    git clone https://github.com/HonglinChu/SiamTrackers
    python -m venv /tmp/torchvenv && /tmp/torchvenv/bin/pip install torch==2.13.0 numpy opencv-python-headless yacs
    /tmp/torchvenv/bin/python tests/golden/make_nanotrack.py SiamTrackers/NanoTrack ../shared/realdata

Of every version V: the networks' answers on the recipe's pictures, with the recipe's weights ("recipe") and with the
trained ones ("trained"), features thinned to every STRIDE-th number; and the boxes of the published tracker on two
sequences, started with the annotation's first box as it stands in the file (1-based), once as published, in float32,
and once with the network in float64, which tells where rounding decided. OpenCV 5.0.0, one thread.
"""

import importlib
import sys
from pathlib import Path

import cv2
import numpy as np
import torch

HERE = Path(__file__).resolve().parent
CHECKOUT, DATA = Path(sys.argv[1]), Path(sys.argv[2])
sys.path[:0] = [str(CHECKOUT), str(HERE.parent)]

import recipe  # noqa: E402
from nanotrack.core.config import cfg  # noqa: E402
from nanotrack.models import model_builder  # noqa: E402
from nanotrack.tracker.nano_tracker import NanoTracker  # noqa: E402

STRIDE = 7
SEQUENCES = ("Crossing", "Couple")


def bgr(picture):
    """uint8 RGB [H, W, 3] -> what the networks take."""
    return torch.from_numpy(picture[..., ::-1].transpose(2, 0, 1).astype(np.float32))[None]


def network(version):
    """The published network; which head it has is an import in its source, so that the builder is told here."""
    cfg.merge_from_file(str(CHECKOUT / f"models/config/configv{version}.yaml"))
    cfg.CUDA = False
    head = importlib.import_module(f"nanotrack.models.head.ban_v{version}")
    model_builder.get_ban_head = lambda name, **kwargs: getattr(head, name)(**kwargs)
    return model_builder.ModelBuilder().eval()


def answers(model):
    z, x = recipe.net_inputs(255)
    zf, xf = model.backbone(bgr(z)), model.backbone(bgr(x))
    cls, loc = model.ban_head(zf, xf)
    thin = {"template_feature": zf, "search_feature": xf}
    return {k: t.numpy().reshape(-1)[::STRIDE] for k, t in thin.items()} | {"cls": cls.numpy(), "loc": loc.numpy()}


class Double(NanoTracker):
    """The published tracker for a network in float64."""

    def get_subwindow(self, *args):
        return super().get_subwindow(*args).double()


def track(tracker, folder):
    boxes, scores = [], []
    start = [float(n) for n in (folder / "groundtruth.txt").read_text().split()[0].split(",")]
    for i, file in enumerate(sorted((folder / "img").iterdir())):
        picture = cv2.imread(str(file))
        if i == 0:
            tracker.init(picture, start)
        else:
            found = tracker.track(picture)
            boxes.append(found["bbox"])
            scores.append(found["best_score"])
    return {"boxes": np.array(boxes, np.float32), "scores": np.array(scores, np.float32)}


torch.set_num_threads(1)
recorded = {"stride": np.int32(STRIDE)}
with torch.no_grad():
    for version in (1, 2, 3):
        model = network(version)
        shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
        made = {name: torch.from_numpy(np.array(a)) for name, a in recipe.state_dict(shapes).items()}
        model.load_state_dict(made)
        for key, array in answers(model).items():
            recorded[f"v{version}/recipe/{key}"] = array
        model.load_state_dict(torch.load(DATA / f"weights/nanotrackv{version}.pth", weights_only=True))
        for key, array in answers(model).items():
            recorded[f"v{version}/trained/{key}"] = array
        for name in SEQUENCES:
            for key, array in track(NanoTracker(model.float()), DATA / "OTB" / name).items():
                recorded[f"v{version}/{name}/{key}"] = array
            exact = track(Double(model.double()), DATA / "OTB" / name)
            recorded[f"v{version}/{name}/boxes_of_float64"] = exact["boxes"]
np.savez_compressed(HERE / "nanotrack.npz", **recorded)
