"""How programs are compiled for the device that runs them."""

from collections.abc import Callable
from functools import cache, cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

GRAPH_COMMANDS = "FUSION,CUBLAS,CUBLASLT,CUDNN,CUSTOM_CALL,DYNAMIC_SLICE_FUSION,CONVOLUTION,CONDITIONAL,WHILE"


def compiler_options() -> dict[str, str | bool]:
    """Options of XLA for programs that track, for `jax.jit(..., compiler_options=...)`; none on a CPU.

    On a GPU convolutions, loops and branches too become part of the graphs of commands that the device works off by
    itself. XLA alone leaves them out: a step's few hundred kernels are then launched one by one, which takes the host
    longer than they take the device, and the host waits for every branch.
    """
    if jax.default_backend() != "gpu":
        return {}
    begin_convolutions()
    return {"xla_gpu_enable_command_buffer": GRAPH_COMMANDS}


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


class Jitted:
    """`jax.jit`, compiled with `compiler_options` where it is not part of another program.

    A program that is traced into a larger one has that one's options.
    """

    def __init__(self, function: Callable[..., Any], **how: Any):
        """Take a function; `how`: as `jax.jit` takes it."""
        self._function, self._how = function, how
        self.plain = jax.jit(function, **how)

    @cached_property
    def _tuned(self) -> Any:
        options = compiler_options()
        return jax.jit(self._function, compiler_options=options, **self._how) if options else self.plain

    def __call__(self, *args: Any, **rest: Any) -> Any:
        # While another program is traced even constants are traced.
        inside = self._tuned is not self.plain and isinstance(jnp.zeros(()), Tracer)
        return (self.plain if inside else self._tuned)(*args, **rest)

    def compiled(self, *args: Any, **rest: Any) -> Any:
        """The program for arguments of these shapes."""
        return self.plain.lower(*args, **rest).compile(compiler_options=compiler_options() or None)
