#!/usr/bin/env bash
# jax 0.10.2, numpy 2.4.6, CPU: jax.device_put(frame, may_alias=False) is the caller's own memory.
#
# Expected: its documentation says of may_alias "If False, `x` will be copied", so that a decoder's buffer can be filled
# anew as soon as the call is back, or at least once the array is ready.
# Seen: for a numpy array that begins at a multiple of 64 bytes the array on the device has the same address, and shows
# what the buffer holds later; waiting for it changes nothing. jnp.array(frame) is a copy.
# It matters where a video's frames are decoded into one buffer: a tracker then sees later frames than it was given.
#
# Fails where any of this is no longer so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'jax==0.10.2' 'jaxlib==0.10.2' 'numpy==2.4.6'
cat > seen.py <<'PYTHON'
import jax
import jax.numpy as jnp
import numpy as np

HEIGHT, WIDTH = 1080, 1920
memory = np.zeros(HEIGHT * WIDTH * 3 + 64, np.uint8)
start = -memory.ctypes.data % 64
frame = memory[start : start + HEIGHT * WIDTH * 3].reshape(HEIGHT, WIDTH, 3)


def changed(put):
    """In how many of 20 frames the array on the device shows the next one; and how often it lies where the buffer lies."""
    later, same = 0, 0
    for number in range(1, 21):
        frame[...] = number
        array = jax.block_until_ready(put(frame))
        same += array.unsafe_buffer_pointer() == frame.ctypes.data
        frame[...] = 0  # the decoder's next frame
        later += not (np.asarray(array) == number).all()
    return later, same


found = {
    "jax.device_put(frame, may_alias=False)": changed(lambda x: jax.device_put(x, may_alias=False)),
    "jnp.array(frame)": changed(jnp.array),
}
print(f"jax {jax.__version__}, numpy {np.__version__}, {jax.default_backend()}")
for name, (later, same) in found.items():
    print(f"{name}: shows the next frame in {later} of 20, at the buffer's own address in {same} of 20")
assert "If False, `x` will be copied" in " ".join(jax.device_put.__doc__.split())
assert found == {"jax.device_put(frame, may_alias=False)": (20, 20), "jnp.array(frame)": (0, 0)}
PYTHON
JAX_PLATFORMS=cpu venv/bin/python seen.py
