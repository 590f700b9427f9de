#!/usr/bin/env bash
# jax 0.10.2, CPU: a program that is compiled in less time by XLA's older emitter reads bits as bfloat16 one by one.
#
# Expected: xla_cpu_use_fusion_emitters=False, which compiles programs in about half the time, gives kernels as fast;
# bits of bfloat16 that are kept as uint16 (XLA's CPU moves bfloat16 by way of float32) are copied before a product.
# Seen: the copy flattens [64, 60, 16, 16] to [64, 15360] while it reads, and gathers every entry by an address of its
# own; the whole, product included, takes more than 1.5 times as long as by the default emitter (2.7 on an Intel Xeon).
# A float32 map that is padded and cut sixteen times takes as long by both.
# It matters where the option is chosen for a quick start, and refits over samples in bfloat16 then take twice as long.
#
# Fails where any of this is no longer so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'jax==0.10.2' 'jaxlib==0.10.2'
cat > seen.py <<'PYTHON'
import statistics
import time

import jax
import jax.numpy as jnp

CORNERS = [(u, v) for u in range(4) for v in range(4)]


def product(kept, taps):
    samples = jax.lax.bitcast_convert_type(kept.reshape(64, -1), jnp.bfloat16)
    return jax.lax.dot_general(taps, samples, (((1,), (0,)), ((), ())), preferred_element_type=jnp.float32)


def cuts(maps):
    around = jnp.pad(maps, ((0, 0), (1, 2), (1, 2)))
    return jnp.stack([around[:, u : u + 16, v : v + 16] for u, v in CORNERS]).reshape(16, -1)


def older_over_default(function, *args):
    lowered = jax.jit(function).lower(*args)
    both = [lowered.compile(compiler_options={"xla_cpu_use_fusion_emitters": new}) for new in (False, True)]
    times = [[], []]
    for _ in range(200):
        for program, its_times in zip(both, times):
            began = time.perf_counter()
            jax.block_until_ready(program(*args))
            its_times.append(time.perf_counter() - began)
    older, default = map(statistics.median, times)
    return older / default


bits = jnp.arange(64 * 60 * 256, dtype=jnp.uint32).reshape(64, 60, 16, 16) % 16000
copied = older_over_default(product, bits.astype(jnp.uint16), jnp.ones((16, 64), jnp.bfloat16))
cut = older_over_default(cuts, jnp.ones((60, 16, 16)))
print(f"jax {jax.__version__}: older emitter's time over the default's: bits of bfloat16 {copied:.1f}, cuts {cut:.1f}")
assert copied > 1.5
assert cut < 1.4
PYTHON
venv/bin/python seen.py
