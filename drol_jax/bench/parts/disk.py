"""The frame loop end to end: JPEG files on disk, decoded by the library's own reader."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from drol_jax.bench.parts.loop import timed
from drol_jax.bench.subject import Subject
from drol_jax.system.opencv import cv2

QUALITY = 95


def measure(subject: Subject, frames: int, repeat: int) -> dict[str, Any]:
    """{variant: as `loop.timed`, "bytes": of a file on average}."""
    with tempfile.TemporaryDirectory(prefix="drol-bench-") as folder:
        shown = subject.film.order(frames)
        files = write(Path(folder), list(subject.film.pictures[: max(shown) + 1]))
        sequence = subject.sequence(frames, [files[i] for i in shown])
        size = sum(file.stat().st_size for file in files) / len(files)
        return {v: timed(subject, v, sequence, repeat) | {"bytes": size} for v in subject.variants}


def write(folder: Path, images: list[np.ndarray]) -> list[Path]:
    """Images uint8 RGB as JPEG files, named in order."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for i, image in enumerate(images):
        done, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        assert done
        files.append(folder / f"{i:05}.jpg")
        files[-1].write_bytes(data.tobytes())
    return files
