"""Programs are traced anew in every process: some tests replace functions, which kept programs do not see."""

import os

os.environ.setdefault("DROL_JAX_KEEP_PROGRAMS", "0")
