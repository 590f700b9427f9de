"""`--check`: the source network in its own code, on random images, beside the converted one."""

import json
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from drol_jax.convert.conversion import Job, Maps, differences, our_answer, print_differences
from drol_jax.convert.names import pysot as pysot_names
from drol_jax.convert.names.heads import RESPONSE_BIAS
from drol_jax.convert.source.checkout_network import PACKAGES, package_of
from drol_jax.errors import UserError
from drol_jax.settings import available

TOLERANCE = 1e-4
"""Largest difference, relative to a tensor's scale."""
PAIRS = 2
"""Template and search region."""
SIZES = (127, 255)
"""Sides of template and search region, pixels."""
RESPONSE = 25
"""Rows and columns of a mask network's response to them."""
PROGRAM = Path(__file__).with_name("checkout_network.py")


class Disagreement(UserError):
    """The source's own code gives another answer: exit code 1."""


def compare(variables: Any, job: Job) -> dict[str, Any]:
    """Print how far the converted network is from that of the checkout, on random images.

    Args:
      variables: the converted variables.
      job: what was asked for, `check` and `seed` with it.

    Returns:
      What to note in the card.

    Raises:
      UserError: no such checkout or PyTorch, or the checkout cannot run its network.
      Disagreement: the networks differ.
    """
    assert job.check is not None
    draws = np.random.default_rng(job.seed)
    pairs = [[draws.integers(0, 256, (n, n, 3)).astype(np.float32) for n in SIZES] for _ in range(PAIRS)]
    cells = draws.integers(0, RESPONSE, (PAIRS, 2))
    worst: dict[str, float] = {}
    for (z, x), cell, theirs in zip(pairs, cells.tolist(), _their_answers(job, pairs, cells), strict=True):
        ours = our_answer(variables, job.model, z, x, (cell[0], cell[1]))
        worst = {name: max(found, worst.get(name, 0.0)) for name, found in differences(ours, theirs).items()}
    print_differences(worst, f"{job.check}'s own network on {PAIRS} pairs of random images (seed {job.seed})")
    largest = max(worst.values())
    if not largest <= TOLERANCE:
        raise Disagreement(
            f"the converted network differs from the one that {job.check} builds for {job.config} by {largest:.1e} of "
            f"a tensor's scale (at most {TOLERANCE:g}): nothing was saved; check that the checkout is the checkpoint's"
        )
    return {"checkout": {"seed": job.seed, "largest_difference": largest}}


def check_arguments(job: Job) -> None:
    """Check that `compare` can start, before the long work.

    Raises:
      UserError: it cannot.
    """
    assert job.check is not None
    if package_of(job.check) is None:
        wanted = " or ".join(f"{name}/models/model_builder.py" for name in PACKAGES)
        raise UserError(f"--check {job.check}: no PySOT source is there (no {wanted}); give the folder it lies in")
    if job.config in available() or not Path(job.config).is_file():
        raise UserError(
            f"--check compares with the network of the checkout's own configuration: give that as --config, such as "
            f"{job.check}/experiments/NAME/config.yaml, not {job.config}"
        )
    if find_spec("torch") is None:
        raise UserError(
            f"--check runs {job.check}'s network in PyTorch, which is not installed here: pip install torch yacs, or "
            "leave --check away"
        )


def _their_answers(job: Job, pairs: list[list[np.ndarray]], cells: np.ndarray) -> list[Maps]:
    with tempfile.TemporaryDirectory() as folder:
        images, answers = Path(folder) / "images.npz", Path(folder) / "answers.npz"
        arrays: dict[str, Any] = {
            f"{name}{i}": image for i, pair in enumerate(pairs) for name, image in zip("zx", pair, strict=True)
        }
        np.savez(images, allow_pickle=False, cells=cells, **arrays)
        command = [sys.executable, PROGRAM, job.check, job.config, job.source, images, answers]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, errors="replace")
        if done.returncode:
            reason = ascii((done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1])[1:-1]
            raise UserError(
                f"--check: {job.check} cannot run its network for {job.config} ({reason}); see that it runs by itself"
            )
        with np.load(answers) as found:
            _check_names(job, *json.loads(str(found["names"])))
            names = {key.partition("/")[2] for key in found if "/" in key}
            return [{name: found[f"{i}/{name}"] for name in sorted(names)} for i in range(len(pairs))]


def _check_names(job: Job, missing: list[str], unexpected: list[str]) -> None:
    kinds = {"it lacks": missing, "it has no": [n for n in unexpected if n != RESPONSE_BIAS]}
    wrong = {kind: [n for n in names if not pysot_names.ignored(n, job.model)] for kind, names in kinds.items()}
    if listed := "; ".join(f"{kind} {', '.join(names)}" for kind, names in wrong.items() if names):
        listed = listed.replace("it lacks", f"{job.source} lacks").replace("it has no", f"{job.check} has no")
        raise UserError(f"--check: the network that {job.check} builds for {job.config} is another one: {listed}")
