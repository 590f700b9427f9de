"""Real sequences, annotations and published results, where this machine has them: no licence lets us carry them."""

import os
import tarfile
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("DROL_JAX_SHARED", Path(__file__).resolve().parents[3] / "shared"))
REALDATA = SHARED / "realdata"

needs_realdata = pytest.mark.skipif(not REALDATA.exists(), reason=f"no published results in {REALDATA}")


def unpack(archive: str, folder: Path) -> Path:
    """Unpack an archive of REALDATA, e.g. "results/OTB100.tar.xz"; returns the folder."""
    with tarfile.open(REALDATA / archive) as files:
        files.extractall(folder, filter="data")
    return folder
