"""How programs are compiled for the device that runs them."""

import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax.core import Tracer

from drol_jax.system import kept
from drol_jax.system.memory import give_back, uncollected

GRAPH_COMMANDS = "FUSION,CUBLAS,CUBLASLT,CUDNN,CUSTOM_CALL,DYNAMIC_SLICE_FUSION,CONVOLUTION,CONDITIONAL,WHILE"


# LLVM's first level: a third less time to compile than by the second, the same numbers, and as fast.
OF_A_CPU: dict[str, str | bool] = {"xla_backend_optimization_level": "1"}
IN_HALF_THE_TIME: dict[str, str | bool] = {}
"""What a program that runs once takes in place of the above."""
LOOPS_APART: dict[str, str | bool] = {}
"""What one takes besides if its network weighs as much as `WELL_SPENT` says."""
WELL_SPENT = range(16_000_000, 200_000_000)
"""Bytes of the weights of AlexNets and of MobileNetV2, with what is transformed of them."""
if jax.__version_info__ < (0, 11):
    # YNNPACK takes products of matrices, as by default, but no convolutions. Those of one pixel, most of a small
    # network's work, it did on one core before 0.11 where they had fewer than 2,048 pixels; Eigen shares them out.
    OF_A_CPU["xla_cpu_experimental_ynn_fusion_type"] = "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT"
    # Kernels by XLA's older emitter, which 0.11 has no more. They are slower: those that flatten what they copy, as
    # refits do with samples in bfloat16, read entry by entry. NanoTrack's frames take 1.2 times as long, its refits
    # 1.8. With LLVM's second level, which takes .03 s more for them, an `init` runs in .6 to .95 of the time.
    IN_HALF_THE_TIME |= {"xla_cpu_use_fusion_emitters": False, "xla_backend_optimization_level": "2"}
    # Where it stacks arrays this emitter asks for every entry which of them it is from. LLVM's third level alone makes
    # a loop of each: an `init` runs in .8 to .95 of the time and is compiled for .4 (MobileNetV2) to 1.2 s longer. Of
    # smaller networks one runs too shortly to make up for that; ResNets take 3 to 5 s more for .9 to 1 of the time.
    LOOPS_APART |= {"xla_backend_optimization_level": "3"}


def compiler_options(once: bool = False, weights: Any = ()) -> dict[str, str | bool]:
    """Options of XLA for programs that track, for `jax.jit(..., compiler_options=...)`.

    On a CPU programs are compiled in less time than by default, to the same numbers but for rounding; there are no
    options where the user has told jax to optimise least (`jax_disable_most_optimizations`). On a GPU convolutions,
    loops and branches too become part of the graphs of commands that the device works off by itself. XLA alone leaves
    them out: a step's few hundred kernels are then launched one by one, which takes the host longer than they take the
    device, and the host waits for every branch.

    Args:
      once: the program runs once for a target, as `init` does. On a CPU it is then compiled in half the time again,
        and products and sums may be rounded together at other places.
      weights: a network's, or their shapes, if the program runs one: their bytes tell how long that takes.
    """
    backend = jax.default_backend()
    if backend == "gpu":
        begin_convolutions()
        return {"xla_gpu_enable_command_buffer": GRAPH_COMMANDS}
    if backend != "cpu" or jax.config.read("jax_disable_most_optimizations"):
        return {}
    options = OF_A_CPU
    if once:
        options = options | IN_HALF_THE_TIME | (LOOPS_APART if _bytes(weights) in WELL_SPENT else {})
    return dict(options) if _known(*options.items()) else {n: v for n, v in options.items() if _known((n, v))}


def _bytes(arrays: Any) -> int:
    return sum(x.size * x.dtype.itemsize for x in jax.tree.leaves(arrays))


@cache
def _known(*options: tuple[str, str | bool]) -> bool:
    """Whether this release of XLA has options of these names and values."""
    try:
        jax.jit(lambda: 0, compiler_options=dict(options)).lower().compile()
    except jax.errors.JaxRuntimeError:
        return False
    return True


def float32_products() -> jax.lax.DotAlgorithmPreset | None:
    """Precision to ask for in products of float32 arrays that are to be as exact as float32 itself; None: the usual.

    On GPUs with TF32 they are three products of that, on the units for matrices: the results are as exact (a refit's
    differs from the plain one's by 2e-7 of itself, as two plain forms differ from each other).
    """
    device = jax.devices()[0]
    generation = str(getattr(device, "compute_capability", "")).split(".")[0]
    if device.platform == "gpu" and generation.isdigit() and int(generation) >= 8:
        return jax.lax.DotAlgorithmPreset.TF32_TF32_F32_X3
    return None


@cache
def multiplies_bfloat16(told: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the device multiplies matrices of bfloat16 in much less time than those of float32.

    So a CPU with AMX (Intel's, from Sapphire Rapids on). Other devices have not been measured.

    Args:
      told: where Linux tells what its CPU can do.
    """
    if jax.default_backend() != "cpu":
        return False
    try:
        return "amx_bf16" in told.read_text(encoding="ascii", errors="replace").split()
    except OSError:  # another system
        return False


@cache  # once in a process: what it begins stays
def begin_convolutions() -> None:
    """Run a convolution by itself, so that the device's library for them is there before any graph is recorded.

    Compilation tries convolutions out and so begins it. A program that comes compiled from the disk would record first,
    which fails ("No DNN support for stream"): what the library takes as it begins is refused meanwhile.
    """
    image, filter = np.ones((1, 16, 16, 16), np.float32), np.ones((3, 3, 16, 16), np.float32)
    layout = ("NHWC", "HWIO", "NHWC")
    convolve = jax.jit(lambda x, w: jax.lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=layout))
    # Called as compiled, as this may be asked for while another program is traced.
    jax.block_until_ready(convolve.lower(image, filter).compile()(image, filter))


def meanwhile(work: Callable[[], Any]) -> None:
    """Compile in a thread. An error there is no one's: whoever needs the program meets it again."""
    told: Any = jax.config  # its values are not typed
    precision = told.jax_default_matmul_precision  # a setting of the thread

    def begin() -> None:
        with suppress(Exception), jax.default_matmul_precision(precision):
            work()

    threading.Thread(target=begin, name="drol-compiling").start()


_same = jax.jit(lambda x: x)


class Jitted:
    """`jax.jit`, compiled with `compiler_options` where it is not part of another program.

    A program that is traced into a larger one has that one's options. Where jax keeps compiled code on disk, programs
    are kept there whole (`drol_jax.system.kept`).
    """

    def __init__(
        self,
        function: Callable[..., Any],
        once: bool = False,
        weights: Callable[..., Any] = lambda *_: (),
        **how: Any,
    ):
        """Take a function; `once`: as `compiler_options` takes it; `weights`: the arguments' that it takes; `how`: as
        `jax.jit` takes it, without `static_argnums`; arguments of `static_argnames` are given by name."""
        self._once, self._weights, self._how = once, weights, how
        self._name = kept.name_of(function)
        self._static = frozenset(np.atleast_1d(how.get("static_argnames", ())).tolist())
        self._programs: dict[Any, Future[Callable[..., Any] | None]] = {}
        self._making = threading.Lock()
        self._first: tuple[weakref.ref[Any], kept.Arguments] | None = None
        self.plain = jax.jit(function, **how)
        self._tuned = cache(lambda options: jax.jit(function, compiler_options=dict(options), **how))
        self._to_keep = cache(lambda: jax.jit(kept.named_by_code(function), **how))

    def __call__(self, *args: Any, **rest: Any) -> Any:
        options = self._options(args)
        if not options:
            return self.plain(*args, **rest)
        given = {name: value for name, value in rest.items() if name not in self._static}
        if (program := self._kept(args, rest, given, options)) is not None:
            return program(*args, **given)
        return self._tuned(tuple(options.items()))(*args, **rest)

    def compiled(self, *args: Any, **rest: Any) -> Any:
        """The program for arguments of these shapes."""
        return self._compiled(args, rest)

    def compile_before(self, following: Callable[[Any], None], *args: Any, **rest: Any) -> None:
        """Compile what a call to come needs, if that takes seconds.

        Args:
          following: called with the shapes of what the call gives, once the program is traced and XLA is about to work
            on it. What it begins to trace in a thread keeps Python busy meanwhile, and does not hold this program up.
        """
        if self.takes_seconds(*args, **rest):
            self._compiled(args, rest, partial(following, self.shapes(*args, **rest)))

    def shapes(self, *args: Any, **rest: Any) -> Any:
        """Shapes of what a call gives. It is traced, once with what compiles for such arguments."""
        with uncollected():
            return (self.plain if self._name is None else self._to_keep()).eval_shape(*args, **rest)

    def takes_seconds(self, *args: Any, **rest: Any) -> bool:
        """Whether a call compiles first what is then kept; False where nothing is kept, or the program is there."""
        options = self._options(args)
        given = {name: value for name, value in rest.items() if name not in self._static}
        if not options or (key := self._key(args, rest, given)) is None or key in self._programs:
            return False
        path = self._path(rest, options, key)
        return path is not None and not path.exists()

    def ahead(self, *args: Any, **rest: Any) -> None:
        """Begin to compile for arguments of these shapes, for a call to come, which waits for it."""
        if self.takes_seconds(*args, **rest):
            meanwhile(lambda: self.compiled(*args, **rest))

    def forget(self) -> None:
        """Let go of the programs that are in memory, which take some twenty times what their files have: one that
        starts a track 27 of a process's 400 MB. The next call reads them again, in .2 s, or compiles what is not on
        disk. Where nothing is kept jax holds the programs, and goes on to."""
        with self._making:
            for key in [key for key, program in self._programs.items() if program.done()]:
                del self._programs[key]
        give_back()

    def _options(self, args: Any) -> dict[str, str | bool]:
        """Those of a program of its own; none while another one is traced: then even constants are."""
        return {} if isinstance(_same(0), Tracer) else compiler_options(self._once, self._weights(*args))

    def _compiled(self, args: Any, rest: Any, traced: Callable[[], None] | None = None) -> Any:
        options = self._options(args)
        given = {name: value for name, value in rest.items() if name not in self._static}
        program = self._kept(args, rest, given, options, traced) if options else None
        return program or self.plain.lower(*args, **rest).compile(compiler_options=options or None)

    def _kept(
        self,
        args: Any,
        rest: Any,
        given: Any,
        options: dict[str, str | bool],
        traced: Callable[[], None] | None = None,
    ) -> Callable[..., Any] | None:
        """The program out of jax's cache folder, where it is put if it is not there; None where none is kept.

        Args:
          traced: called before XLA begins.
        """
        if (key := self._key(args, rest, given)) is None:
            return None
        with self._making:
            program = self._programs.get(key)
            ours = program is None
            if program is None:
                program = self._programs[key] = Future()
        if ours:
            try:
                path = self._path(rest, options, key)
                found = None if path is None else kept.load(path, (args, given))
                if path is not None and found is None:
                    with uncollected():
                        lowered = self._to_keep().lower(*args, **rest)
                    if traced is not None:
                        with suppress(Exception):  # as in `meanwhile`: whoever needs what follows meets its error
                            traced()
                    found = kept.compile_and_keep(path, lowered, options)
            except BaseException as error:
                del self._programs[key]
                program.set_exception(error)
                raise
            program.set_result(found)
            give_back()
        return program.result()

    def _key(self, args: Any, rest: Any, given: Any) -> Any:
        """What a program is found by in this process; None where none is kept."""
        if self._name is None or kept.cache_folder() is None:
            return None
        if (first := self._of_first(args)) is None or (others := kept.Arguments.of((args[1:], given))) is None:
            return None
        static = {name: value for name, value in rest.items() if name in self._static}
        told: Any = jax.config  # its values are not typed
        return (first, others), *static.items(), told.jax_default_matmul_precision, told.jax_enable_x64

    def _path(self, rest: Any, options: dict[str, str | bool], key: Any) -> Any:
        static = {name: value for name, value in rest.items() if name in self._static}
        return kept.path_of(self._name or "", {**static, **self._how, **options}, key[0])

    def _of_first(self, args: Any) -> kept.Arguments | None:
        """`kept.Arguments` of the first argument, mostly a model of 150 arrays: known while it is the same object."""
        first = args[0] if args else None
        known = self._first
        if known is not None and known[0]() is first:
            return known[1]
        found = kept.Arguments.of(first)
        if found is not None and hasattr(first, "__dataclass_fields__"):  # ours do not change
            self._first = weakref.ref(first), found
        return found
