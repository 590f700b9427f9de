"""`drol-jax export onnx`: a network as two ONNX files, for onnxruntime and what else reads them.

    drol-jax export onnx --config NAME --output DIR [--weights DIR] [--force]

template.onnx makes a template's correlation kernels, template_0 and on, of "image" [N, E, E, 3]. match.onnx makes "cls"
and "loc" (but for SiamFC) of one template's kernels and "image" [N, S, S, 3], the search regions. Images are RGB in
0..255, float32, channels last, as the network takes them here; decoding of the maps, crops and online learning are left
to the caller. Before the files appear onnxruntime runs them on one and on two images.
"""

from pathlib import Path
from typing import Any

import jax
import numpy as np

from drol_jax.api import Tracker, load
from drol_jax.convert.conversion import COMPILER
from drol_jax.errors import UserError, reason
from drol_jax.export.arguments import ExportArguments
from drol_jax.nets import SiameseNet
from drol_jax.system import atomic
from drol_jax.system.optional import optional

FILES = ("template.onnx", "match.onnx")
OPSET = 18
TOLERANCE = 1e-4
"""Largest difference from our network, relative to a tensor's largest number; 1e-6 is usual."""


def run(arguments: ExportArguments) -> int:
    """Load, export, compare, save.

    Raises:
      UserError: as `load` and `write`.
    """
    tracker = load(arguments.config, arguments.weights, online=False, fast_kernels=False)
    worst = write(tracker, arguments.output, force=arguments.force)
    print(f"saved {arguments.output}: {', '.join(FILES)}; largest difference {worst:.1e} of a tensor's scale")
    return 0


def write(tracker: Tracker, folder: str | Path, *, force: bool = False) -> float:
    """Write a network's files into a folder, which appears whole or not at all.

    Args:
      tracker: with plain kernels (`load(..., fast_kernels=False)`).
      folder: where to.
      force: replace an earlier export there.

    Returns:
      The largest difference from the network, relative to a tensor's largest number.

    Raises:
      UserError: jax2onnx or onnxruntime is missing or refuses the network, the folder is in the way of something or
        cannot be written, or a file answers differently.
    """
    folder = Path(folder)
    converter, runtime = (optional(name, "'drol_jax[onnx]'") for name in ("jax2onnx", "onnxruntime"))
    atomic.check_replaceable(folder, FILES, force=force)
    if tracker.config.precision != "float32":
        raise UserError(f"a network in {tracker.config.precision} is not exported; take float32")
    with atomic.scratch(folder, "choose a folder you may write") as scratch:
        fresh = scratch / "new"
        fresh.mkdir()
        try:
            _convert(tracker, fresh, converter.to_onnx)
            worst = _compare(tracker, fresh, runtime)
        except UserError:
            raise
        except Exception as error:  # Both raise many kinds of their own.
            why = " ".join(reason(error).split())[:300]
            raise UserError(f"{tracker.name} is not exported ({type(error).__name__}: {why})") from error
        atomic.replace(fresh, folder)
    return worst


def _template(tracker: Tracker, z: Any) -> list[Any]:
    found: Any = SiameseNet(tracker.config.model).apply(tracker.variables, z, method="template")
    return jax.tree.leaves(found.head)


def _match(tracker: Tracker, *given: Any) -> list[Any]:
    """The maps of one template's kernels and the search regions, which come last."""
    net, size = SiameseNet(tracker.config.model), tracker.config.search.exemplar_size
    picture = jax.ShapeDtypeStruct((1, size, size, 3), np.float32)
    template: Any = jax.eval_shape(lambda z: net.apply(tracker.variables, z, method="template"), picture)
    template = template._replace(head=jax.tree.unflatten(jax.tree.structure(template.head), given[:-1]))
    search = net.apply(tracker.variables, given[-1], method="search")
    found: Any = net.apply(tracker.variables, template, search, method="match")
    return [found.cls] if found.loc is None else [found.cls, found.loc]


def _convert(tracker: Tracker, folder: Path, to_onnx: Any) -> None:
    sizes = tracker.config.search
    kernels = jax.eval_shape(lambda z: _template(tracker, z), _picture(1, sizes.exemplar_size))
    names = [f"template_{i}" for i in range(len(kernels))]
    with jax.default_matmul_precision("highest"):
        to_onnx(
            lambda z: tuple(_template(tracker, z)),
            [("N", sizes.exemplar_size, sizes.exemplar_size, 3)],
            input_names=["image"],
            output_names=names,
            opset=OPSET,
            return_mode="file",
            output_path=str(folder / FILES[0]),
        )
        to_onnx(
            lambda *given: tuple(_match(tracker, *given)),
            [*(kernel.shape for kernel in kernels), ("N", sizes.instance_size, sizes.instance_size, 3)],
            input_names=[*names, "image"],
            output_names=["cls", "loc"][: 1 if tracker.config.model.head == "siamfc" else 2],
            opset=OPSET,
            return_mode="file",
            output_path=str(folder / FILES[1]),
        )


def _compare(tracker: Tracker, folder: Path, runtime: Any) -> float:
    sizes, worst = tracker.config.search, 0.0
    options = runtime.SessionOptions()
    options.log_severity_level = 3  # it warns of shapes that jax2onnx leaves beside nodes it has turned
    how: dict[str, Any] = {"sess_options": options, "providers": ["CPUExecutionProvider"]}
    template, match = (runtime.InferenceSession(str(folder / name), **how) for name in FILES)
    draws = np.random.Generator(np.random.PCG64(7))
    z, x = (draws.uniform(0, 255, (2, s, s, 3)).astype(np.float32) for s in (sizes.exemplar_size, sizes.instance_size))
    ours_of, maps_of = (
        jax.jit(lambda *given, f=f: f(tracker, *given), compiler_options=COMPILER) for f in (_template, _match)
    )
    with jax.default_matmul_precision("highest"):
        for count in (1, 2):
            kernels = ours_of(z[:count])
            pairs = list(zip(template.run(None, {"image": z[:count]}), kernels, strict=True))
            one = [np.asarray(kernel[:1]) for kernel in kernels]
            given = {f"template_{i}": kernel for i, kernel in enumerate(one)} | {"image": x[:count]}
            pairs += zip(match.run(None, given), maps_of(*one, x[:count]), strict=True)
            worst = max(worst, *(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in pairs))
    if not worst <= TOLERANCE:
        raise UserError(f"the files differ from our network by {worst:.1e} of a tensor's scale: nothing was saved")
    return worst


def _picture(count: int, size: int) -> Any:
    return jax.ShapeDtypeStruct((count, size, size, 3), np.float32)
