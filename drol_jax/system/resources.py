"""Data that ships with the library, in the wheel or beside the package in a clone; and the library's version."""

from importlib import metadata
from pathlib import Path
from typing import Literal

from drol_jax.errors import UserError

PACKAGE = Path(__file__).resolve().parents[1]
DEFAULT_CONFIG = "drol_nano"
"""What tracks where nobody says what: a configuration whose weights are bundled."""


def version() -> str:
    """The installed version of drol_jax."""
    try:
        return metadata.version("drol_jax")
    except metadata.PackageNotFoundError:
        return "not installed"


def configurations(folder: str = "") -> list[str]:
    """Names of the configurations that come with drol_jax, sorted; those of a folder, such as "train"."""
    return sorted(path.stem for path in (data_path("configs") / folder).glob("*.yaml"))


def config_help() -> str:
    """What may be given as a tracker's configuration, for --help."""
    return (
        "Tracker: a YAML file (ours, PySOT's or DROL's), or the name of a configuration that comes with drol_jax: "
        f"{', '.join(configurations())}."
    )


def data_path(kind: Literal["configs", "eval", "weights"], package: Path = PACKAGE) -> Path:
    """The folder of one kind of shipped data.

    Args:
      kind: "configs" (YAML per published model), "eval" (benchmark definitions, published scores) or "weights".
      package: folder of the package that it belongs to.

    Returns:
      An absolute folder. Weights always lie inside the package; the others in ``_data`` inside a wheel, and at the
      top of the repository in a clone or an editable install.

    Raises:
      UserError: the folder is in neither place.
    """
    candidates = [package / "weights"] if kind == "weights" else [package / "_data" / kind, package.parent / kind]
    for folder in candidates:
        if folder.is_dir():
            return folder
    looked = " nor ".join(str(folder) for folder in candidates)
    raise UserError(f"drol_jax's own {kind} folder is missing (neither {looked} exists); reinstall drol_jax")
