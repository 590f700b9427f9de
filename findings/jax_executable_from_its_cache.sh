#!/usr/bin/env bash
# jax 0.10.2 on a CPU: a program that jax takes from its own persistent cache can be written by
# jax.experimental.serialize_executable without a word. Expected: what comes back runs, as it does for a program that
# was just compiled. Seen: it is read without a word too, and running it raises
#   INTERNAL: Error dispatching computation: Function ... not found
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'jax==0.10.2' 'jaxlib==0.10.2' 'numpy==2.4.0'
cat > "$work/make.py" <<'PY'
import pickle
import sys

import jax
import jax.numpy as jnp
from jax.experimental import serialize_executable

folder, target = sys.argv[1:]
jax.config.update("jax_compilation_cache_dir", folder)
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
hits = []
jax.monitoring.register_event_listener(lambda event, **_: hits.append(event) if event.endswith("/cache_hits") else None)
x = jnp.arange(12.0).reshape(3, 4)
program = jax.jit(lambda x: jnp.sin(x[:, ::2]) @ jnp.cos(x[:, ::2]).T + x[:, :3]).lower(x).compile()
with open(target, "wb") as file:
    pickle.dump(serialize_executable.serialize(program), file)
print("from jax's cache" if hits else "just compiled")
PY
cat > "$work/use.py" <<'PY'
import pickle
import sys

import jax
import jax.numpy as jnp
from jax.experimental import serialize_executable

with open(sys.argv[1], "rb") as file:
    program = serialize_executable.deserialize_and_load(*pickle.load(file))
try:
    jax.block_until_ready(program(jnp.arange(12.0).reshape(3, 4)))
    print("runs")
except Exception as error:
    print("read, but does not run:", "Function" in str(error) and "not found" in str(error))
PY
export JAX_PLATFORMS=cpu
seen=$(for run in 1 2; do
  "$work/venv/bin/python" "$work/make.py" "$work/cache" "$work/program$run"
  "$work/venv/bin/python" "$work/use.py" "$work/program$run"
done)
echo "$seen"
test "$seen" = "just compiled
runs
from jax's cache
read, but does not run: True"
