"""What a file of weights is: by its hash, else by the arrays in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from drol_jax.convert.conversion import sha256
from drol_jax.convert.names.owner import owners
from drol_jax.convert.names.siamfc_pytorch import as_pysot, is_siamfc_pytorch
from drol_jax.convert.siammask_to_flax import PREFIXES
from drol_jax.convert.torch import files as torch_files
from drol_jax.convert.torch import kinds
from drol_jax.errors import UserError
from drol_jax.settings import available, load_model
from drol_jax.zoo.registry import Entry, Registry

MATLAB = b"MATLAB 5.0 MAT-file"
ONNX = "an ONNX model"


@dataclass(frozen=True, kw_only=True)
class Recognised:
    """What is known of a file, or of a pair."""

    files: tuple[Path, ...]
    converter: str
    """The command of `drol-jax convert` that reads it: pysot, siammask, siamfc or onnx."""
    entry: Entry | None
    """Its published weights, where the hash tells."""
    configurations: tuple[str, ...]
    """Configurations whose network the arrays are; those of the entry where it is known."""

    def candidates(self, registry: Registry) -> list[Entry]:
        """The published weights that it may be."""
        if self.entry is not None:
            return [self.entry]
        reads = [
            one for one in registry.entries.values() if one.converter == self.converter or self.converter == "onnx"
        ]
        return [one for one in reads if set(one.configurations) & set(self.configurations)]


def recognise(files: Sequence[Path], registry: Registry) -> Recognised:
    """What a file is, or the two of an ONNX pair, in any order.

    Raises:
      UserError: it cannot be read, or is nothing that converts; says what it is.
    """
    for file in files:
        if not file.is_file():
            raise UserError(f"{file} is no file; give a checkpoint, or a name that drol-jax weights list tells")
    kinds_found = [_kind(file) for file in files]
    pair = all((kind or "").startswith(ONNX) for kind in kinds_found)
    if len(files) == 2 and pair:
        return _pair(files, registry)
    if len(files) != 1:
        raise UserError("give one file, or the backbone and the head of NanoTrack's ONNX pair")
    (file,) = files
    entry = registry.of_hash(sha256(file))
    if pair:
        what = f"a half of {entry.name}'s ONNX pair" if entry else "an ONNX model"
        raise UserError(f"{file} is {what}: give both, drol-jax weights get BACKBONE HEAD")
    if entry is not None:
        return Recognised(files=(file,), converter=entry.converter, entry=entry, configurations=entry.configurations)
    converter, configurations = _by_arrays(file)
    return Recognised(files=(file,), converter=converter, entry=None, configurations=tuple(configurations))


def _pair(files: Sequence[Path], registry: Registry) -> Recognised:
    found = [registry.of_hash(sha256(file)) for file in files]
    entry = found[0] if found[0] is found[1] else None
    if entry is not None and sha256(files[0]) == entry.onnx[1]:
        files = files[::-1]
    configurations = [name for name in available() if name.startswith("nanotrack")] if entry is None else []
    names = tuple(configurations) if entry is None else entry.configurations
    return Recognised(files=tuple(files), converter="onnx", entry=entry, configurations=names)


def _kind(file: Path) -> str | None:
    with file.open("rb") as opened:
        return kinds.kind_of(opened)


def _by_arrays(file: Path) -> tuple[str, list[str]]:
    with file.open("rb") as opened:
        if opened.read(len(MATLAB)) == MATLAB:
            return "siamfc", ["siamfc_alex_otb", "siamfc_alex_vot"]
    state = torch_files.read_state_dict(file)
    if any(name.startswith(("features.features.", "rpn_model.", "mask_model.")) for name in state):
        renamed = {_pysot_name(name): array for name, array in state.items()}
        return "siammask", owners(renamed)
    return "pysot", owners(as_pysot(state) if is_siamfc_pytorch(state) else state)


def _pysot_name(name: str) -> str:
    ours = ((theirs, pysot) for pysot, theirs in PREFIXES.items() if name.startswith(theirs))
    theirs, pysot = next(ours, ("", ""))
    return pysot + name.removeprefix(theirs)


def network(configuration: str) -> str:
    """A configuration's network in words."""
    model = load_model(configuration)
    return f"{model.backbone} with a {model.head} head"
