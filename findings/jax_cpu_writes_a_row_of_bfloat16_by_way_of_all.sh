#!/usr/bin/env bash
# jax 0.10.2, CPU: writing one row of a buffer of bfloat16 turns the whole buffer into float32 and back.
#
# Expected: `lax.dynamic_update_slice` moves numbers and computes nothing, so that into a donated buffer it writes the
# row alone, whatever the type of 16 bits.
# Seen: with bfloat16 the compiled program converts all [2000, 1000] numbers to float32, and back, for each row of 1,000;
# with uint16 of the same bits it converts nothing. Slices that are put together again are converted one by one likewise.
# jax 0.12.0.1 does neither. (Measured beside it, 2 cores: 351 us a row where uint16 takes 8; with 0.12, 2 and 5.)
# It matters where a buffer of bfloat16 is kept to halve memory, as of training samples, features or keys of attention,
# and written to a row at a time: kept as uint16 and turned by `lax.bitcast_convert_type` it costs nothing.
#
# Fails where any of this is no longer so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'jax==0.10.2' 'jaxlib==0.10.2'
cat > seen.py <<'PYTHON'
import re

import jax
import jax.numpy as jnp


def write(buffer, row, place):
    return jax.lax.dynamic_update_slice(buffer, row, (place, 0))


def turned(buffer):
    return jnp.concatenate([buffer[:, 3:], buffer[:, :3]], axis=1)


def conversions(function, kind, **how):
    """Of the compiled program: conversions of a whole buffer, and of anything."""
    buffer, row = jnp.zeros((2000, 1000), kind), jnp.ones((1, 1000), kind)
    arguments = (buffer, row, jnp.int32(5)) if function is write else (buffer,)
    text = jax.jit(function, **how).lower(*arguments).compile().as_text()
    return len(re.findall(r"= \w+\[2000,1000\]\S* convert\(", text)), len(re.findall(r" convert\(", text))


print("jax", jax.__version__)
for kind in (jnp.bfloat16, jnp.uint16):
    whole, _ = conversions(write, kind, donate_argnums=0)
    _, slices = conversions(turned, kind)
    print(f"{kind.__name__}: {whole} conversions of the buffer to write a row, {slices} to turn its columns")
    assert (whole >= 2 and slices >= 4) if kind is jnp.bfloat16 else (whole == slices == 0)
PYTHON
JAX_PLATFORMS=cpu venv/bin/python seen.py
