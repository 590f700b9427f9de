"""`drol-jax weights get`: weights downloaded or taken, converted, checked, and put where trackers find them."""

from importlib import import_module
from pathlib import Path
from typing import Any

from drol_jax import checkpoint
from drol_jax.checkpoint import single
from drol_jax.convert.arguments import FromOnnx, FromTorch, ToOurs, ToOursChecked
from drol_jax.convert.torch import kinds
from drol_jax.errors import UserError, reason
from drol_jax.system import atomic
from drol_jax.weights.arguments import GetArguments
from drol_jax.weights.bar import Bar
from drol_jax.weights.recognise import Recognised, recognise
from drol_jax.zoo import download, home
from drol_jax.zoo.registry import Entry, Registry, published

CONVERTERS: dict[str, tuple[str, type[ToOurs]]] = {
    "pysot": ("drol_jax.convert.pysot_to_flax", ToOursChecked),
    "siammask": ("drol_jax.convert.siammask_to_flax", FromTorch),
    "siamfc": ("drol_jax.convert.siamfc_mat_to_flax", ToOurs),
}


def run(arguments: GetArguments, registry: Registry | None = None) -> int:
    """Fetch by name, or take files.

    Raises:
      UserError: no such weights, none to be had, a file of another kind, or it cannot be kept. Nothing is left then,
        but for the part of a download that broke off, which the next try goes on with.
    """
    registry = registry or published()
    given = arguments.what
    if not given:
        raise UserError("name weights or give a file: drol-jax weights get NAME|FILE; list tells the names")
    if any(Path(one).exists() and one not in registry.entries for one in given):
        _take(tuple(Path(one) for one in given), arguments, registry)
        return 0
    for name in given:
        _fetch(name, arguments, registry)
    return 0


def _fetch(name: str, arguments: GetArguments, registry: Registry) -> None:
    if name in checkpoint.bundled():
        print(f"{name} comes with drol_jax: --weights {name}, or load({name!r})")
        return
    entry = registry.find(name)
    target = home.place(name)
    if target.exists() and not arguments.force:
        print(f"{name} is here already, {target}; drol-jax weights check {name} looks at it, --force fetches it again")
        return
    addresses = [*_mirrored(arguments.mirror, entry), *entry.addresses]
    if not addresses:
        raise UserError(
            f"{name} lies behind a page that wants a browser: open {entry.browser}, download {entry.file}, then "
            f"drol-jax weights get {entry.file} --name {name}"
        )
    part = home.home() / ".parts" / f"{name}-{entry.file}"
    _make(part.parent)
    with Bar(entry.file) as bar:
        wanted = download.Wanted(
            target=part, sha256=entry.sha256, size=entry.size, timeout=arguments.timeout, told=bar.told, kind=_kind
        )
        address = download.fetch(addresses, wanted)
    print(f"{entry.file}: {part.stat().st_size / 1e6:.2f} MB from {address}")
    found = Recognised(files=(part,), converter=entry.converter, entry=entry, configurations=entry.configurations)
    try:
        _keep(found, entry, arguments.force, known=entry.sha256 is not None)
    finally:
        part.unlink(missing_ok=True)


def _take(files: tuple[Path, ...], arguments: GetArguments, registry: Registry) -> None:
    found = recognise(files, registry)
    shown = " and ".join(map(str, files))
    entries = found.candidates(registry)
    if arguments.name is not None:
        named = registry.find(arguments.name)
        if found.entry not in (None, named):
            raise UserError(f"{shown} is {entries[0].name} by its hash, not {named.name}; leave --name out")
        if named not in entries:
            names = ", ".join(one.name for one in entries) or "none"
            raise UserError(f"{shown} is not {named.name}: published weights that it may be are {names}")
        entries = [named]
    if not entries:
        fits = f"its arrays are those of {' or '.join(found.configurations)}" if found.configurations else "nobody's"
        raise UserError(f"{shown} is no file of published weights ({fits}); drol-jax convert takes weights of your own")
    if found.entry is None and len(entries) > 1:
        names = ", ".join(one.name for one in entries)
        raise UserError(f"{shown} may be {names} by its arrays, and its hash is not known: say which with --name")
    if home.place(entries[0].name).exists() and not arguments.force:
        raise UserError(f"{entries[0].name} is here already, {home.place(entries[0].name)}; --force replaces it")
    print(f"{shown}: {entries[0].about}, by its {'hash' if found.entry else 'arrays'}")
    _keep(found, entries[0], arguments.force, known=found.entry is not None)


def _keep(found: Recognised, entry: Entry, force: bool, known: bool) -> None:
    """Convert, compare with the numbers that are known, and put it in its place, whole or not at all."""
    target = home.place(entry.name)
    with atomic.scratch(target, "choose another folder (DROL_JAX_WEIGHTS), or free space") as scratch:
        fresh = scratch / target.name
        convert(found, entry.configurations[0], fresh)
        numbers = single.read_card(fresh)["weights_sha256"]
        if entry.weights_sha256 is not None and found.converter != "onnx" and numbers != entry.weights_sha256:
            raise UserError(
                f"{found.files[0]} holds other numbers than the published {entry.name} (hash {numbers[:12]}, not "
                f"{entry.weights_sha256[:12]}); drol-jax convert takes weights of your own"
            )
        atomic.replace(fresh, target)
    if not known and entry.weights_sha256 is None:
        print("note: no hash of this file is known: that it holds this network was checked, not who made it")
    print(f"kept as {target}; --weights {entry.name}, or load({entry.configurations[0]!r})")


def convert(found: Recognised, configuration: str, output: Path) -> None:
    """Convert what was recognised.

    Raises:
      UserError: as the converter does.
    """
    common: dict[str, Any] = {
        "checkpoint": found.files[0],
        "config": configuration,
        "output": output,
        "tells_place": False,
    }
    if found.converter == "onnx":
        import_module("drol_jax.convert.onnx_to_flax").convert(FromOnnx(head=found.files[1], **common))
        return
    module, kind = CONVERTERS[found.converter]
    import_module(module).convert(kind(**common))


def _mirrored(mirror: str | None, entry: Entry) -> list[str]:
    return [f"{mirror.rstrip('/')}/{entry.file}"] if mirror else []


def _kind(file: Path) -> str | None:
    with file.open("rb") as opened:
        return kinds.kind_of(opened)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"cannot make the folder {folder}: {reason(error)}; choose another one (DROL_JAX_WEIGHTS)"
        ) from error
