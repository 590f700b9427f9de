"""Runs a network in onnxruntime, for `against`: JSON lines in, JSON lines out.

Run by path under whichever interpreter has the onnxruntime to be measured; needs nothing of this library.
"""

import time
from importlib.util import find_spec
from typing import Any

import numpy as np
from lines import CORES, pinned, serve  # pyright: ignore[reportMissingImports]


class Peer:
    """The two files of an export, and what they run on."""

    def load(
        self, template: str, match: str, images: str, threads: int | None, facts: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Take template.onnx, match.onnx and the images of both sides, and the facts that a whole frame needs; tells
        the version, the first maps, and whether whole frames can be run."""
        import onnxruntime  # pyright: ignore[reportMissingImports]

        self.runtime, self.files = onnxruntime, (template, match)
        with np.load(images) as given:
            self.template, self.regions = given["template"], given["regions"]
        self.threads(threads or len(CORES) or 1)
        maps = self.maps(self.kernels(), 0)
        told = [[float(part.max()), float(part.sum(dtype=np.float64))] for part in maps]
        self.facts, self.video = facts, []
        whole = facts is not None and find_spec("cv2") is not None
        return {"onnxruntime": onnxruntime.__version__, "maps": told, "whole": whole}

    def threads(self, count: int) -> dict[str, Any]:
        """Use so many cores and threads from here on."""
        pinned(count)
        self.count = count
        options = self.runtime.SessionOptions()
        options.intra_op_num_threads = count
        options.log_severity_level = 3
        how: dict[str, Any] = {"sess_options": options, "providers": ["CPUExecutionProvider"]}
        self.sessions = [self.runtime.InferenceSession(file, **how) for file in self.files]
        return {}

    def kernels(self, template: np.ndarray | None = None) -> dict[str, np.ndarray]:
        image = self.template if template is None else template
        return {f"template_{i}": part for i, part in enumerate(self.sessions[0].run(None, {"image": image}))}

    def maps(self, kernels: dict[str, np.ndarray], number: int) -> list[np.ndarray]:
        region = self.regions[number % len(self.regions)][None]
        return self.sessions[1].run(None, {**kernels, "image": region})

    def run(self, frames: int, video: str, box: list[float], whole: bool = False) -> dict[str, Any]:
        """Seconds of the template's kernels, and of as many search regions as there are later frames; of whole frames,
        with their boxes, if so asked."""
        if whole:
            return self.frames(frames, video, box)
        began = time.perf_counter()
        kernels = self.kernels()
        started = time.perf_counter()
        for number in range(frames - 1):
            self.maps(kernels, number)
        ended = time.perf_counter()
        return {"init_s": started - began, "track_s": ended - started, "boxes": [], "refits": None}

    def frames(self, frames: int, video: str, box: list[float]) -> dict[str, Any]:
        import cv2
        from onnx_frame import Facts, Target  # pyright: ignore[reportMissingImports]

        cv2.setNumThreads(self.count)
        if not self.video:
            self.video = list(np.load(video))
        began, boxes = time.perf_counter(), []
        target = Target(Facts(**self.facts or {}), self.video[0], box)
        kernels = self.kernels(target.template(self.video[0]))
        started = time.perf_counter()
        for image in self.video[1:frames]:
            boxes.append(target.follow(image, lambda region: self.sessions[1].run(None, {**kernels, "image": region})))
        ended = time.perf_counter()
        return {"init_s": started - began, "track_s": ended - started, "boxes": boxes, "refits": None}


if __name__ == "__main__":
    serve(Peer())
