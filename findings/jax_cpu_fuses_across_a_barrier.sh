#!/usr/bin/env bash
# jax 0.10.2, CPU: jax.lax.optimization_barrier keeps nothing apart.
#
# Expected: its documentation says that barriers prevent fusions, that "operations before the barrier may not be fused
# into the same kernel as operations after the barrier". So an image that is mixed behind a barrier and then read at
# several shifts is mixed in a kernel of its own, once a pixel.
# Seen: the compiled program is one kernel with what lies on both sides. A loop of two rounds over the halves of the
# image does keep them apart.
# It matters where a crop or a filter is read several times by what follows, as by a network's first layer.
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


def mixed(a, b):
    return a * 0.25 + b * 0.75


def shifted(image):
    return image[:-2] * image[1:-1] * image[2:]


def behind_a_barrier(a, b):
    return shifted(jax.lax.optimization_barrier(mixed(a, b)))


def behind_a_loop(a, b):
    halves = jax.lax.map(lambda pair: mixed(*pair), (a.reshape(2, 128, 256), b.reshape(2, 128, 256)))
    return shifted(halves.reshape(256, 256))


def kernels(function):
    """Of each kernel of the compiled program, whether it mixes (adds) and whether it reads at shifts (slices)."""
    text = jax.jit(function).lower(*[jnp.ones((256, 256))] * 2).compile().as_text()
    assert "opt-barrier" not in text
    bodies = re.findall(r"^%?fused_computation[^\n]*\{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL)
    return [(" add(" in body, " slice(" in body) for body in bodies]


found = {function.__name__: kernels(function) for function in (behind_a_barrier, behind_a_loop)}
print(f"jax {jax.__version__}, {jax.default_backend()}")
for name, each in found.items():
    print(f"{name}: mixed and shifted in the same kernel: {(True, True) in each}; kernels (mixes, shifts): {each}")
told = " ".join(jax.lax.optimization_barrier.__doc__.split())
assert "operations before the barrier may not be fused into the same kernel as operations after the barrier" in told
assert found["behind_a_barrier"] == [(True, True)]
assert (True, True) not in found["behind_a_loop"]
PYTHON
JAX_PLATFORMS=cpu venv/bin/python seen.py
