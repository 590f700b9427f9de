#!/usr/bin/env bash
# jax 0.10.2, CPU: a compiled program that comes back from a file takes many times the file's size in memory.
#
# Expected: jax.experimental.serialize_executable gives a program back that takes about what its file has: machine code,
# and the order in which it is called.
# Seen: XLA keeps the whole module besides, twice: as objects, and as the message that memory statistics are told from,
# each with an entry for every operation inside every fused kernel. A network of eight channel-wise filters, a sum of 25
# products in each, has 0.6 MB on disk and takes 18 MB once it is loaded. All of it goes when the program is let go of.
# It matters where a process loads several programs of which some run once.
#
# Fails where any of this is no longer so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'jax==0.10.2' 'jaxlib==0.10.2'
cat > compile.py <<'PYTHON'
import pathlib
import pickle

import jax
import jax.numpy as jnp
from jax.experimental import serialize_executable


def network(x, kernels):
    for kernel in kernels:
        around = jnp.pad(x, ((2, 2), (2, 2), (0, 0)))
        taps = [around[u : u + 16, v : v + 16] * kernel[u, v] for u in range(5) for v in range(5)]
        x = jax.lax.optimization_barrier(jax.nn.relu(sum(taps[1:], taps[0])))
    return x


x, kernels = jnp.ones((16, 16, 64)), [jnp.full((5, 5, 64), 0.01 + 0.001 * i) for i in range(8)]
program = jax.jit(network).lower(x, kernels).compile()
content, arguments, result = serialize_executable.serialize(program)
pathlib.Path("program").write_bytes(pickle.dumps((content, arguments, result)))
PYTHON
cat > load.py <<'PYTHON'
import ctypes
import gc
import pathlib
import pickle

import jax
import jax.numpy as jnp
from jax.experimental import serialize_executable


class Told(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "arena o s h mapped u f used free keep".split()]


libc = ctypes.CDLL(None)
libc.mallinfo2.restype = Told


def used():
    gc.collect()
    told = libc.mallinfo2()
    return told.used + told.mapped


jax.block_until_ready(jax.jit(lambda x: x + 1)(jnp.ones(3)))
file = pathlib.Path("program")
before = used()
program = serialize_executable.deserialize_and_load(*pickle.loads(file.read_bytes()))
loaded = used() - before
del program
kept = used() - before
size = file.stat().st_size
print(f"jax {jax.__version__}: on disk {size / 1e6:.1f} MB, loaded {loaded / 1e6:.0f}, let go of {kept / 1e6:.0f}")
assert loaded > 8 * size
assert kept < 0.2 * loaded
PYTHON
venv/bin/python compile.py
venv/bin/python load.py
