"""A checkout with PySOT's layout and an interpreter with a PyTorch, neither of which can do anything but be driven."""

import os
import stat
import sys

TORCH = '''
"""Just enough to be found, seeded and told how many threads to use."""
import contextlib
from types import SimpleNamespace

__version__ = "0.fake"
Tensor = type("Tensor", (), {})
autograd = SimpleNamespace(grad=None)
cuda = SimpleNamespace(is_available=lambda: False)
manual_seed = lambda seed: None
rfft = irfft = None
_threads = 2

def set_num_threads(count):
    global _threads
    _threads = count

def get_num_threads():
    return _threads

def load(path, map_location, weights_only):
    import zipfile
    assert weights_only
    return {"pickle": zipfile.ZipFile(path).read("archive/data.pkl")}
'''
YACS = """
class CfgNode(dict):
    def __init__(self, tree):
        super().__init__({k: CfgNode(v) if isinstance(v, dict) else v for k, v in tree.items()})
    __getattr__, __setattr__ = dict.__getitem__, dict.__setitem__
    def merge_from_other_cfg(self, other):
        for key, value in other.items():
            self[key].update(value) if isinstance(value, dict) else self.__setitem__(key, value)
"""
CONFIG = """
from yacs.config import CfgNode
cfg = CfgNode({"META_ARC": "", "CUDA": True, **{s: {} for s in
    ("ADJUST", "ANCHOR", "BACKBONE", "MASK", "REFINE", "RPN", "TRACK")}})
"""
MODEL = """
class ModelBuilder:
    def eval(self):
        return self
    def load_state_dict(self, state, strict):
        assert b"rpn_head.cls" in state["pickle"]
        return ["backbone.features.1.num_batches_tracked"], []
"""
TRACKER = """
from pysot.core.config import cfg

class Tracker:
    def __init__(self, model):
        self.model = model
    def init(self, image, box):
        assert image.shape == (240, 320, 3) and image.dtype == "uint8"
        self.box, self.frames = box, 0
    def track(self, image):
        self.frames += 1
        found = {"bbox": self.box, "best_score": 1.0}
        hard = "hard_negative" if self.frames == 2 else None
        return {**found, "flag": hard} if cfg.TRACK.USE_CLASSIFIER else found

build_tracker = Tracker
"""


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def checkout(folder, tracker=TRACKER):
    """A DROL checkout: with the subnet."""
    for name, text in (("core/config", CONFIG), ("models/model_builder", MODEL), ("tracker/tracker_builder", tracker)):
        write(folder / "pysot" / f"{name}.py", text)
    write(folder / "pysot/tracker/classifier/base_classifier.py", "class BaseClassifier:\n    update = None\n")
    write(folder / "pysot/tracker/siamfc_tracker.py", "")
    return folder


def python(folder):
    """An interpreter that has this PyTorch."""
    write(folder / "site/torch.py", TORCH)
    write(folder / "site/yacs/config.py", YACS)
    path = folder / "python"
    write(path, f'#!/bin/sh\nPYTHONPATH={folder}/site{os.pathsep}$PYTHONPATH exec {sys.executable} "$@"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path
