"""Arguments and wiring of ``python -m drol_jax.bench``."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from drol_jax import datasets
from drol_jax.bench import against, children, measuring, outputs, table
from drol_jax.bench.film import own_video
from drol_jax.bench.peers import Peer, onnx_network, opencv, published
from drol_jax.bench.plan import (
    DRAWN,
    OF_OWN_VIDEO,
    OF_VIDEO,
    PARTS,
    PLATFORMS,
    PRECISIONS,
    REPEATED,
    USUAL,
    Case,
    Plan,
    Scored,
    check_config,
    counts,
    names,
)
from drol_jax.errors import UserError
from drol_jax.eval.commands import data_root, one_of, split_names
from drol_jax.eval.plugged import plugged
from drol_jax.settings.plugins import load_plugin
from drol_jax.system.arguments import parse
from drol_jax.system.program import guarded, tell
from drol_jax.system.resources import DEFAULT_CONFIG
from drol_jax.system.workers import cores

PROGRAM = "python -m drol_jax.bench"
FRAMES, QUICK_FRAMES, REPEAT = 30, 8, 3
ONLY_HELP = "Only these parts, separated by commas: " + "; ".join(f"{name} ({about})" for name, about in PARTS.items())


@dataclass(frozen=True)
class Arguments:
    """Measure what trackers cost, in time and memory, on a generated video or one of yours.

    Examples:

    python -m drol_jax.bench --quick

    python -m drol_jax.bench --config siamfc_alex_tiny,siamrpn_alex_tiny --lanes 1,8 --json bench.json

    Exit code: 0 all measured, 1 something failed, 2 misuse, 130 interrupted.
    """

    config: str = DEFAULT_CONFIG
    """Configurations, separated by commas: names of bundled ones or YAML files."""
    weights: str | None = None
    """Converted weights of the one configuration. Default: the bundled ones, else fetched ones (drol-jax weights get),
    else random numbers, which cost the same."""
    plugin: str | None = None
    """A Python file with parts of a tracker of your own, or the name of an installed plug-in. Its code is run."""
    device: str | None = None
    """Devices to run on, some of cpu, gpu and tpu, separated by commas. Default: what jax chooses."""
    precision: str | None = None
    """Precisions of matrix products, some of float32, tf32 and bfloat16, separated by commas. Default: the
    library's."""
    lanes: str | None = None
    """Also follow so many targets at once, such as 1,8,64; with --workload and --scores, the sequences at once, of
    several numbers the largest. Default: no more than one target, but 1,8 with --only lanes; 8 sequences."""
    frames: int | None = None
    """Frames of the video. Default: 30, with --quick 8."""
    video: str | None = None
    """Measure on this video, a file or a folder or pattern of pictures, in place of the generated one. Not for the
    parts memory and scaling."""
    box: str | None = None
    """The target in the first frame of --video: x,y,w,h, pixels, 0-based."""
    repeat: int | None = None
    """Repetitions; medians are told. Default: 3, with --quick 1."""
    only: Annotated[str | None, tyro.conf.arg(help=ONLY_HELP)] = None
    quick: bool = False
    """Few frames, once: to see that it runs."""
    scaling: bool = False
    """Also time and memory over the number of frames, and time over the image's size."""
    threads: int | None = None
    """Processor cores that may be used. Default: all."""
    against: Path | None = None
    """Only run someone else's tracker and ours in turns, and print the ratio: the published PyTorch code of this
    PySOT or DROL checkout; opencv: its TrackerNano, KCF and CSRT, as far as it has them; or onnxruntime: the
    network alone, which `drol-jax export onnx` writes, and a NanoTrack's whole frame, around it OpenCV and NumPy.
    Without --threads theirs gets as many threads as it is fastest with."""
    against_python: Path | None = None
    """The interpreter that has PyTorch, the OpenCV or the onnxruntime for that. Default: this one."""
    against_onnx: str | None = None
    """Backbone and head for TrackerNano, ONNX files with a comma between them. Default: made of our own weights, for
    NanoTrack V1 and V2."""
    workload: Annotated[str | None, one_of(Literal["otb100"])] = None
    """Only run a benchmark's worth of generated sequences, decoded from disk, everything on."""
    workload_scale: float | None = None
    """Share of it. Default: 1, all."""
    scores: str | None = None
    """Only track this dataset, Synth or one on disk, as often as --repeat says with other draws each time, and tell
    its success AUC and what each further --precision changes in it."""
    data_root: Path | None = None
    """Folder of that dataset. Default: $DROL_JAX_DATA, else ./data."""
    sequences: str | None = None
    """Names of its sequences, separated by commas. Default: all."""
    cache_dir: Path | None = None
    """Keep compiled code here for later runs, and take it from here; compilation itself is measured without. Default:
    every run compiles anew."""
    json: Path | None = None
    """Also write every number to this file."""
    plot: Path | None = None
    """Also draw the frame rates of the parts loop and lanes, .png or .svg."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
      argv: arguments after the program's name; default is the process's own.

    Returns:
      The exit code: 0, 1 when a measurement failed, 2 on misuse, 130 on Ctrl-C.

    Raises:
      SystemExit: after --help (0) and on arguments that do not parse (2).
    """
    arguments = parse(Arguments, argv, PROGRAM)
    return guarded(lambda: _bench(arguments))


def _bench(arguments: Arguments) -> int:
    plan = _plan(arguments)
    outputs.check(arguments.json, arguments.plot, arguments.cache_dir)
    peer = _peer(arguments)
    children.check_devices(plan)
    rows = measuring.run(plan, tell) if plan.parts else []
    compared = [] if peer is None else against.run(plan, peer, tell)
    ends = measuring.ends([*rows, *compared])
    if all("misuse" in end for end in ends):
        raise UserError("; ".join(dict.fromkeys(end["error"] for end in ends)))
    found = {"plan": dict(plan.told()), "rows": rows, "against": compared}
    troubles = outputs.write(found, arguments.json, arguments.plot)
    table.show(rows, compared, plan)  # last, as whoever reads it may have gone
    if troubles:
        raise UserError("; ".join(troubles))
    return 1 if any("error" in end for end in ends) else 0


def _peer(arguments: Arguments) -> Peer | None:
    if arguments.against is None:
        return None
    if str(arguments.against) == opencv.NAME:
        pair = tuple(Path(name.strip()) for name in (arguments.against_onnx or "").split(",") if name.strip())
        return opencv.check(arguments.against_python, pair)
    if str(arguments.against) == onnx_network.NAME and arguments.against_onnx is None:
        return onnx_network.check(arguments.against_python)
    if arguments.against_onnx is not None:
        raise UserError("--against-onnx is for OpenCV's TrackerNano; give --against opencv with it")
    return published.check(arguments.against, arguments.against_python)


def _plan(arguments: Arguments) -> Plan:
    plugin = arguments.plugin
    if plugin is not None:
        load_plugin(plugin)  # before the long work: whether it is one
        plugin = str(Path(plugin).resolve()) if Path(plugin).exists() else plugin
    configs = tuple(check_config(name) for name in names(arguments.config, "--config"))
    if arguments.weights is not None and len(configs) > 1:
        raise UserError("--weights are those of one configuration; give one --config")
    devices: Sequence[str | None] = (None,)
    if arguments.device is not None:
        devices = names(arguments.device, "--device", PLATFORMS)
    precisions: Sequence[str | None] = (None,)
    if arguments.precision is not None:
        precisions = names(arguments.precision, "--precision", PRECISIONS)
    frames = arguments.frames if arguments.frames is not None else QUICK_FRAMES if arguments.quick else FRAMES
    repeat = arguments.repeat if arguments.repeat is not None else 1 if arguments.quick else REPEAT
    if frames < 3:
        raise UserError(f"--frames {frames}: give at least 3, one to start on and two to follow")
    if repeat < 1:
        raise UserError(f"--repeat {repeat}: give at least 1")
    if arguments.threads is not None and not 1 <= arguments.threads <= len(cores()):
        raise UserError(f"--threads {arguments.threads}: give 1 to {len(cores())}, the cores there are")
    scale = 1.0 if arguments.workload_scale is None else arguments.workload_scale
    if not 0 < scale <= 1:
        raise UserError(f"--workload-scale {scale:g}: give a share, above 0 and up to 1")
    parts = _parts(arguments)
    _check_use(arguments, parts)
    own = None
    if arguments.video is not None:
        if arguments.box is None:
            raise UserError("--video needs the target in its first frame; give --box x,y,w,h with it")
        own = own_video(arguments.video, arguments.box, frames)
    return Plan(
        cases=tuple(
            Case(config=config, weights=arguments.weights, device=device, precision=precision, plugin=plugin)
            for config in configs
            for device in devices
            for precision in precisions
        ),
        parts=parts,
        frames=frames,
        repeat=repeat,
        lanes=counts(arguments.lanes, "--lanes") if arguments.lanes is not None else (1, 8),
        threads=arguments.threads,
        workload=(arguments.workload or "otb100") if "workload" in parts else None,
        workload_scale=scale,
        scored=_scored(arguments) if "scores" in parts else None,
        own=own,
        cache=arguments.cache_dir,
    )


def _check_use(arguments: Arguments, parts: tuple[str, ...]) -> None:
    """Whether what is measured heeds every option that was given."""
    if arguments.against is None and arguments.against_python is not None:
        raise UserError("--against-python says who runs the code of --against; name a checkout or opencv with that")
    if arguments.against is None and arguments.against_onnx is not None:
        raise UserError("--against-onnx is for OpenCV's TrackerNano; give --against opencv with it")
    if arguments.workload_scale is not None and "workload" not in parts:
        raise UserError("--workload-scale is a share of --workload; name a benchmark with that")
    if arguments.sequences is not None and "scores" not in parts:
        raise UserError("--sequences are those that --scores tracks; name a dataset with that")
    if arguments.data_root is not None and "scores" not in parts:
        raise UserError("--data-root is where a dataset lies; name one with --scores")
    measured = {*parts, *(("against",) if arguments.against is not None else ())}
    if arguments.box is not None and arguments.video is None:
        raise UserError("--box is the target in a video of yours; name that with --video")
    if arguments.video is not None and (others := [part for part in parts if part not in OF_OWN_VIDEO]):
        raise UserError(f"--video {arguments.video}: {', '.join(others)} cannot run on it; leave one of them away")
    if arguments.frames is not None and not measured & set(OF_VIDEO):
        raise UserError(f"--frames {arguments.frames}: no part of {', '.join(parts)} runs on the video; leave it away")
    if arguments.repeat is not None and not measured & set(REPEATED):
        raise UserError(f"--repeat {arguments.repeat}: no part of {', '.join(parts)} is repeated; leave it away")
    if arguments.plot is not None and not set(parts) & set(DRAWN):
        rates = f"the frame rates of {' and '.join(DRAWN)}, and neither is measured"
        raise UserError(f"--plot {arguments.plot} draws {rates}; leave it away, or name one with --only")


def _parts(arguments: Arguments) -> tuple[str, ...]:
    if arguments.only is not None:
        asked = set(names(arguments.only, "--only", PARTS))
    else:
        usual = set(USUAL) if arguments.video is None else set(USUAL) & set(OF_OWN_VIDEO)
        asked = set() if arguments.workload or arguments.against or arguments.scores else usual
    also = {
        "lanes": arguments.lanes is not None and not (arguments.workload or arguments.scores),
        "scaling": arguments.scaling,
        "workload": bool(arguments.workload),
        "scores": bool(arguments.scores),
    }
    asked |= {part for part, wanted in also.items() if wanted}
    return tuple(part for part in PARTS if part in asked)


def _scored(arguments: Arguments) -> Scored:
    root, own = arguments.data_root or data_root(), plugged(arguments.plugin, datasets.load)
    found = Scored(
        dataset=own.dataset(arguments.scores or "Synth"),
        data_root=str(root),
        sequences=split_names(arguments.sequences, "--sequences"),
    )
    own.load(found.dataset, root, found.sequences)  # before the long work: whether it is there
    return found
