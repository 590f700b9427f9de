"""What is measured: cases, parts, and how often. Needs no jax."""

import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from drol_jax.errors import UserError
from drol_jax.system.resources import data_path

PARTS = {
    "compile": "seconds to trace and compile `init` and `step`, first time and from the cache on disk",
    "step": "seconds of `init`, milliseconds of `step`, waiting for each",
    "loop": "frames/s of the frame loop that benchmarks run in",
    "split": "milliseconds of a step's pieces, each alone",
    "kernels": "each fast form of a convolution beside the plain one",
    "disk": "frames/s of the same loop with JPEG files decoded on the way",
    "memory": "peak memory of host and device",
    "lanes": "targets on one frame at once",
    "scaling": "time and memory over frames, time over image size",
    "workload": "a benchmark's worth of sequences",
    "scores": "success on a benchmark's sequences, and what each further precision changes in it",
}
"""Every part by name, with what it tells."""
USUAL = ("compile", "step", "loop", "split", "disk", "memory")
"""Those that run unless told otherwise."""
ISOLATED = ("compile", "memory")
"""Those that need a process of their own for every number."""
OF_VIDEO = ("compile", "step", "loop", "split", "disk", "memory", "lanes", "scaling", "against")
"""Those that run on a video; the others have sequences of their own. "against": of `against.run`."""
OF_OWN_VIDEO = ("compile", "step", "loop", "split", "disk", "lanes", "against")
"""Those of them that run on a video of the user's too. Decoded it would count in what "memory" tells, and "scaling"
draws the generated one in other sizes."""
REPEATED = ("step", "loop", "split", "kernels", "disk", "lanes", "scaling", "scores", "against")
"""Those that are measured as often as is asked for."""
DRAWN = ("loop", "lanes")
"""Those whose frame rates --plot draws."""
PRECISIONS = ("float32", "tf32", "bfloat16")
PLATFORMS = {"cpu": "cpu", "gpu": "cuda,cpu", "tpu": "tpu,cpu"}
"""--device -> JAX_PLATFORMS."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One tracker on one device."""

    config: str
    weights: str | None
    """Weights as the user named them."""
    device: str | None
    """One of `PLATFORMS`; None: whatever jax chooses."""
    precision: str | None
    """One of `PRECISIONS`; None: the library's default."""
    plugin: str | None = None
    """As the user named it."""

    @property
    def plug(self) -> str | None:
        """The plug-in's name without its folder."""
        return None if self.plugin is None else Path(self.plugin).stem

    @property
    def label(self) -> str:
        return " ".join(word for word in (self.config, self.plug, self.device, self.precision) if word)


@dataclass(frozen=True, kw_only=True)
class Scored:
    """The sequences that scores are of, as `drol_jax.datasets.load` takes them."""

    dataset: str
    data_root: str
    sequences: list[str] | None


@dataclass(frozen=True, kw_only=True)
class OwnVideo:
    """A video of the user's, as far as it is read."""

    video: str
    """As the user named it."""
    box: tuple[float, ...]
    """(x, y, w, h) of the target in the first frame, pixels, 0-based."""
    frames: int
    size: tuple[int, int]
    """(height, width) of a frame, pixels."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that was asked for."""

    cases: tuple[Case, ...]
    parts: tuple[str, ...]
    frames: int
    repeat: int
    lanes: tuple[int, ...]
    threads: int | None
    """Cores that a measuring process may use; None: all."""
    workload: str | None
    """The benchmark that the part "workload" is as large as; None: there is no such part."""
    workload_scale: float
    scored: Scored | None = None
    own: OwnVideo | None = None
    """What the parts of a video run on; None: the generated one."""
    cache: Path | None = None
    """Folder that keeps compiled code for later runs; None: none is kept."""

    def told(self) -> Mapping[str, Any]:
        """The same as plain data, for the record."""
        return asdict(self) | {"cases": [asdict(case) for case in self.cases]}


def spread(values: list[float]) -> dict[str, float]:
    """Median and extremes of repetitions."""
    return {"median": statistics.median(values), "low": min(values), "high": max(values)}


def names(listed: str, option: str, known: Mapping[str, Any] | tuple[str, ...] | None = None) -> tuple[str, ...]:
    """The words that an option lists with commas between them, each once.

    Args:
      known: the words that it may list; None: any.

    Raises:
      UserError: none, or one that is not known.
    """
    found = tuple(dict.fromkeys(word.strip() for word in listed.split(",") if word.strip()))
    if not found:
        raise UserError(f"{option} {listed!r} names nothing; give names separated by commas")
    for word in found:
        if known is not None and word not in known:
            raise UserError(f"{option} {word}: no such thing; give some of {', '.join(known)}, separated by commas")
    return found


def counts(listed: str, option: str) -> tuple[int, ...]:
    """The positive whole numbers that an option lists, sorted, each once.

    Raises:
      UserError: something else is among them.
    """
    words = names(listed, option)
    if not all(word.isdecimal() and int(word) > 0 for word in words):
        raise UserError(f"{option} {listed!r} is no list of positive whole numbers; give such as 1,8,64")
    return tuple(sorted({int(word) for word in words}))


def check_config(config: str) -> str:
    """The name of a bundled configuration or the path of a YAML file, as it came.

    Raises:
      UserError: it is neither.
    """
    bundled = sorted(path.stem for path in data_path("configs").glob("*.yaml"))
    if config not in bundled and not Path(config).is_file():
        raise UserError(
            f"--config {config}: no such configuration; give a YAML file or some of {', '.join(bundled)}, separated "
            "by commas"
        )
    return config
