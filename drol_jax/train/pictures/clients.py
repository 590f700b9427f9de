"""Packages on disk: those that are there already, or downloaded by their own clients. Each is checked by its hash."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from drol_jax.errors import UserError, reason
from drol_jax.train.pictures.listing import Package

Run = Callable[[Sequence[str], Path], None]
"""Runs a command in a folder; raises UserError where it fails."""


def command(package: Package) -> list[str]:
    """What downloads the package into the working directory."""
    name, version = package.name, package.version
    if package.client == "pip":
        return [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--disable-pip-version-check",
            f"{name}=={version}",
        ]
    if package.client == "npm":
        return ["npm", "pack", "--silent", f"{name}@{version}"]
    return ["apt-get", "download", f"{name}={version}"]


def run(words: Sequence[str], folder: Path) -> None:
    """Run a client; what it prints is shown where it fails.

    Raises:
      UserError: it is not installed, or fails.
    """
    if shutil.which(words[0]) is None:
        raise UserError(
            f"{words[0]} is not installed, and a package needs it; install it or take the package off the list"
        )
    try:
        subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        last = (error.stderr or error.stdout or "").strip().splitlines()[-1:] or [f"exit code {error.returncode}"]
        raise UserError(f"{' '.join(words)}: {last[0]}; see whether the package is still served") from error


def archive(package: Package, folder: Path, run: Run = run) -> Path:
    """The package's file.

    Args:
      folder: where packages lie; what is not there is downloaded into it.

    Raises:
      UserError: it cannot be downloaded, or what comes is not what the list names.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        before = set(folder.iterdir())
        stem = package.name.rsplit("/", 1)[-1].replace("-", "_").lower()
        for path in sorted(before):  # likely ones only: there may be gigabytes of others
            if stem in path.name.replace("-", "_").lower() and _sha256(path) == package.sha256:
                return path
        run(command(package), folder)
        fresh = sorted(set(folder.iterdir()) - before)
        found = {path.name: _sha256(path) for path in fresh if path.is_file()}
    except OSError as error:
        raise UserError(f"{folder}: {reason(error)}; choose another folder for packages") from error
    for name, digest in found.items():
        if digest == package.sha256:
            return folder / name
    came = ", ".join(f"{name} (SHA-256 {digest[:12]}...)" for name, digest in found.items()) or "nothing new"
    raise UserError(
        f"{package.name} {package.version}: {came} came, not the file of SHA-256 {package.sha256[:12]}...; nothing of "
        "it is used: an earlier file of that name may be in the way, or the registry serves another"
    )


def _sha256(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
