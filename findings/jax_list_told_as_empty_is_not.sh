#!/usr/bin/env bash
# jax 0.10.2, CPU: XLA's list of what YNNPACK computes is told as empty by default, and holds convolutions.
#
# Expected: the help of --xla_cpu_experimental_ynn_fusion_type says "The default list is currently empty", so that a
# convolution of one pixel is left to Eigen unless it is asked for. A word that the flag takes, `compiler_options` of
# `jax.jit` takes too.
# Seen: by default YNNPACK computes it; taken off the list ("-individual_convolution"), it is Eigen's. XLA_FLAGS takes
# individual_dot and the enum's full name LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT, for the same program; `compiler_options`
# takes the full name alone, and refuses the word as "not a valid enum value".
# It matters where a network of many small convolutions runs on several cores, and where a flag that was tried on all
# programs is then given to one of them.
#
# Fails where any of this is no longer so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'jax==0.10.2' 'jaxlib==0.10.2'
cat > seen.py <<'PYTHON'
import sys

import jax
import jax.numpy as jnp

OPTION = "xla_cpu_experimental_ynn_fusion_type"


def pixels(x, w):
    return jax.lax.conv_general_dilated(x, w, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def compiled(options=None):
    """Who computes a convolution of one pixel: YNNPACK, or a product of matrices that is left to Eigen."""
    lowered = jax.jit(pixels).lower(jnp.ones((1, 16, 16, 96)), jnp.ones((1, 1, 96, 96)))
    try:
        text = lowered.compile(compiler_options=options).as_text()
    except jax.errors.JaxRuntimeError as error:
        return str(error)
    return "YNNPACK" if "ynn_fusion" in text else "Eigen" if " dot(" in text else "another"


print(compiled({OPTION: sys.argv[1]} if len(sys.argv) > 1 else None))
PYTHON
seen() { JAX_PLATFORMS=cpu venv/bin/python seen.py "$@" 2>/dev/null; }
by_flag() { XLA_FLAGS="--xla_cpu_experimental_ynn_fusion_type=$1" seen; }
venv/bin/python -c 'import jax; print("jax", jax.__version__)'
python3 - venv <<'PYTHON'
import sys
from pathlib import Path

(library,) = Path(sys.argv[1]).glob("lib/python*/site-packages/jaxlib/libjax_common.so")
help = library.read_bytes()
start = help.index(b"Comma-separated list of YNN fusion types to be enabled")
told = b"The default list is currently empty."
assert told in help[start : start + 500]
print("help of the flag:", told.decode())
PYTHON
default=$(seen)
echo "by default: $default"
[ "$default" = YNNPACK ]
without=$(by_flag -individual_convolution)
echo "without individual_convolution: $without"
[ "$without" = Eigen ]
for name in individual_dot LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT; do
  flag=$(by_flag "$name")
  option=$(seen "$name")
  echo "$name by XLA_FLAGS: $flag"
  echo "$name by compiler_options: $option"
  [ "$flag" = Eigen ]
  case "$name" in
    individual_dot) [[ "$option" == *"'individual_dot' is not a valid enum value"* ]] ;;
    *) [ "$option" = Eigen ] ;;
  esac
done
