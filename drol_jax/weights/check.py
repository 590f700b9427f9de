"""`drol-jax weights check`: what files are, and whether they are whole."""

from pathlib import Path

from drol_jax import checkpoint
from drol_jax.convert.conversion import sha256
from drol_jax.errors import UserError
from drol_jax.system.program import tell
from drol_jax.weights.arguments import CheckArguments
from drol_jax.weights.recognise import network, recognise
from drol_jax.zoo import home
from drol_jax.zoo.registry import Registry, published


def run(arguments: CheckArguments, registry: Registry | None = None) -> int:
    """Say what each file is.

    Returns:
      0, or 1 where one is damaged, or nothing that is known.
    """
    if not arguments.what:
        raise UserError("give a file to look at: drol-jax weights check FILE")
    known, bad = registry or published(), False
    for one in arguments.what:
        try:
            print(told(one, known))
        except UserError as error:
            tell(f"error: {error}")
            bad = True
    return int(bad)


def told(one: str, registry: Registry) -> str:
    """What a file, folder or name is, in a line.

    Raises:
      UserError: it is damaged, or nothing that is known.
    """
    path = Path(one)
    if one in checkpoint.bundled():
        return _ours(checkpoint.resolve(one), registry)
    if (fetched := home.kept(one, registry)) is not None:
        return _ours(fetched, registry)
    if path.is_dir() or path.suffix == home.SUFFIX:
        return _ours(path, registry)
    found_hash = sha256(path) if path.is_file() else ""
    if (half := registry.of_hash(found_hash)) and found_hash in half.onnx:
        part = ("backbone", "head")[half.onnx.index(found_hash)]
        return f"{one}: {part} of {half.name}'s ONNX pair, whole by its hash; licence {half.licence}"
    found = recognise((path,), registry)
    if found.entry is not None:
        return f"{one}: {found.entry.name} ({found.entry.about}), whole by its hash; licence {found.entry.licence}"
    if not found.configurations:
        raise UserError(f"{one}: its arrays are those of no bundled configuration")
    names = ", ".join(entry.name for entry in found.candidates(registry)) or "none"
    return (
        f"{one}: {network(found.configurations[0])}, the network of {', '.join(found.configurations)}; its hash "
        f"{found_hash[:12]} is not known; published weights of that network: {names}"
    )


def _ours(place: Path, registry: Registry) -> str:
    loaded = checkpoint.load(place, checkpoint.network(place))
    origin = loaded.card.get("source", {})
    entries = [one for one in registry.entries.values() if loaded.hash == one.weights_sha256]
    entries += [one for one in [registry.of_hash(origin.get("sha256", ""))] if one and one not in entries]
    named = f"{entries[0].name}, " if entries else ""
    return (
        f"{place}: {named}weights of drol_jax, whole by their hash {loaded.hash[:12]}, "
        f"{loaded.card['parameters']:,} numbers, made of {origin.get('file', 'a file that the card does not name')}"
    )
