"""Runs a PySOT or DROL checkout's own tracker in PyTorch, for `against`: JSON lines in, JSON lines out.

Run by path under another interpreter, which has PyTorch and neither jax nor this library. The checkout is driven as it
is; what keeps its code from running on today's PyTorch, NumPy and OpenCV, or without a GPU, is put in place here, and
nothing that it computes is changed.
"""

import os
import random
import sys
import time
import types
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from typing import Any

import numpy as np
from lines import pinned, serve  # pyright: ignore[reportMissingImports]


class Peer:
    """The checkout's network and tracker."""

    def __init__(self) -> None:
        self.video: list[np.ndarray] = []
        self.cuda = self.subnet = False
        self.cfg: Any = None
        self.network: Any = None

    def load(
        self, checkout: str, config: dict[str, Any], weights: str, device: str, threads: int | None
    ) -> dict[str, Any]:
        """Build the network and load its weights; tells the versions."""
        if threads is not None:
            pinned(threads)
        try:
            import torch  # pyright: ignore[reportMissingImports]
        except ImportError:
            return {"misuse": f"--against-python {sys.executable}: it has no PyTorch; name an interpreter that has"}
        self.cuda = device == "gpu"
        if self.cuda and not torch.cuda.is_available():
            return {"misuse": f"--against-python {sys.executable}: its PyTorch sees no GPU; run both with --device cpu"}
        if threads is not None:
            torch.set_num_threads(threads)
        sys.path.insert(0, checkout)
        stand_in(torch, cuda=self.cuda)
        self.subnet = os.path.isdir(os.path.join(checkout, "pysot", "tracker", "classifier"))
        self.cfg = import_module("pysot.core.config").cfg
        self.cfg.merge_from_other_cfg(self.read(config))
        self.cfg.CUDA = self.cuda
        self.network = import_module("pysot.models.model_builder").ModelBuilder().eval()
        state = torch.load(weights, map_location="cpu", weights_only=True)
        missing, unexpected = self.network.load_state_dict(state, strict=False)
        unread = ("num_batches_tracked", "backbone.corr_bias")
        wrong = [name for name in missing if not name.endswith(unread)] + list(unexpected)
        if wrong:
            return {"error": f"the checkout's network is another one: {', '.join(wrong[:3])}"}
        if self.cuda:
            self.network = self.network.cuda()
        name = torch.cuda.get_device_name() if self.cuda else "cpu"
        return {"torch": torch.__version__, "subnet": self.subnet, "device": name, "threads": torch.get_num_threads()}

    def read(self, config: dict[str, Any]) -> Any:
        """A yacs node of what this checkout has keys for: PySOT has none of the online subnet's."""
        from yacs.config import CfgNode  # pyright: ignore[reportMissingImports]

        known = {
            section: {k: v for k, v in keys.items() if self.subnet or k in self.cfg[section]}
            for section, keys in config.items()
        }
        name = config["BACKBONE"]["TYPE"]  # whose "alex" the online subnet looks for
        return CfgNode({**known, "META_ARC": f"siam_{name}"})

    def threads(self, count: int) -> dict[str, Any]:
        """Use so many threads from here on."""
        import torch  # pyright: ignore[reportMissingImports]

        torch.set_num_threads(count)
        return {}

    def run(self, video: str, box: list[float], frames: int, online: bool, template: bool, seed: int) -> dict[str, Any]:
        """Track once: seconds of init and of all later frames together, boxes, and how often the subnet refitted."""
        import torch  # pyright: ignore[reportMissingImports]

        if not self.video:
            self.video = [np.ascontiguousarray(picture[..., ::-1]) for picture in np.load(video)]
        if self.subnet:
            self.cfg.TRACK.USE_CLASSIFIER, self.cfg.TRACK.TEMPLATE_UPDATE = online, template
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - the generator that the checkout draws from
        torch.manual_seed(seed)
        tracker = import_module("pysot.tracker.tracker_builder").build_tracker(self.network)
        boxes, flags = [], []
        began = self.now(torch)
        tracker.init(self.video[0], list(box))
        started = self.now(torch)
        for picture in self.video[1:frames]:
            found, flag = follow(tracker, picture)
            boxes.append([float(n) for n in found])
            flags.append(flag)
        ended = self.now(torch)
        interval = self.cfg.TRACK.TRAIN_SKIPPING if self.subnet else 1
        due = [flag == "hard_negative" or t % interval == 0 for t, flag in enumerate(flags, start=1)]
        refits = sum(due) if online else 0
        return {"init_s": started - began, "track_s": ended - started, "boxes": boxes, "refits": refits}

    def now(self, torch: Any) -> float:
        """The time once the GPU is done."""
        if self.cuda:
            torch.cuda.synchronize()
        return time.perf_counter()


def follow(tracker: Any, picture: np.ndarray) -> tuple[list[float], str | None]:
    """One frame: box and verdict. SiamMask without the subnet fails as it returns, its work and state complete."""
    try:
        found = tracker.track(picture)
    except UnboundLocalError:
        centre, size = tracker.center_pos, tracker.size
        return [centre[0] - size[0] / 2, centre[1] - size[1] / 2, *size], None
    return found["bbox"], found.get("flag")


def stand_in(torch: Any, cuda: bool) -> None:
    """Put in place what is missing: names that libraries have dropped, modules that nothing here needs."""
    import cv2

    for name, kind in (("float", float), ("int", int), ("bool", bool)):
        if name not in np.__dict__:
            setattr(np, name, kind)
    if not hasattr(torch, "rfft"):
        torch.rfft = lambda a, dims: torch.view_as_real(torch.fft.rfft2(a))
        torch.irfft = lambda a, dims, signal_sizes: torch.fft.irfft2(torch.view_as_complex(a), s=signal_sizes)
    gradient = torch.autograd.grad
    # The checkout's lists of tensors have every attribute that a tensor has, and so pass for one.
    torch.autograd.grad = lambda *lists, **rest: gradient(
        *(tuple(some) if isinstance(some, list) else some for some in lists), **rest
    )
    if not cuda:
        torch.Tensor.cuda = lambda self, *_, **__: self
    if int(cv2.__version__.split(".")[0]) >= 4:
        cv2.__version__ = "4.1.2"  # the fifth sign from the end is read, to tell what findContours returns
    absent("toolkit.utils.region")  # of the checkout's own, compiled: scores, no tracking
    for name in ("matplotlib", "matplotlib.pyplot"):  # asks for a window
        absent(name)
    if not there("colorama"):
        absent("colorama")
    if not there("PIL"):
        image = absent("PIL.Image")
        vars(image)["fromarray"] = lambda array: Resizable(torch, array)
        vars(absent("PIL"))["Image"] = image
    if there("pysot.tracker.siamfc_tracker") and there("pysot.tracker.classifier"):
        classifier = import_module("pysot.tracker.classifier.base_classifier").BaseClassifier
        update = classifier.update
        # SiamFC's tracker leaves out an argument that is not read.
        classifier.update = lambda self, box, *rest: update(self, box, None, rest[-1])


class Resizable:
    """Pillow's default resize (bicubic, antialiased), where there is no Pillow."""

    def __init__(self, torch: Any, array: np.ndarray):
        self.torch, self.array = torch, array

    def resize(self, size: tuple[int, int]) -> np.ndarray:
        with self.torch.no_grad():
            map_ = self.torch.from_numpy(self.array)[None, None]
            resized = self.torch.nn.functional.interpolate(map_, size[::-1], mode="bicubic", antialias=True)
        return resized[0, 0].numpy()


def there(name: str) -> bool:
    """Whether a module can be imported."""
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # nor what it would lie in
        return False


def absent(name: str) -> types.ModuleType:
    """A module that has any name and does nothing."""
    module = types.ModuleType(name)
    vars(module)["__getattr__"] = lambda attribute: lambda *_, **__: ""
    module.__path__ = []
    module.__spec__ = ModuleSpec(name, None)
    sys.modules[name] = module
    return module


if __name__ == "__main__":
    serve(Peer())
