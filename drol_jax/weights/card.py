"""`drol-jax weights card`: where weights come from."""

import json

from drol_jax import checkpoint
from drol_jax.checkpoint import single
from drol_jax.weights.arguments import CardArguments
from drol_jax.weights.listing import state
from drol_jax.zoo import home
from drol_jax.zoo.registry import Registry, published


def run(arguments: CardArguments, registry: Registry | None = None) -> int:
    """Print what is known of weights: the registry's facts, then the card of those that are here.

    Raises:
      UserError: no such weights.
    """
    known, name = registry or published(), arguments.name
    if name in checkpoint.bundled():
        print(checkpoint.description(name).read_text(encoding="utf-8"), end="")
        print(json.dumps(single.read_card(checkpoint.resolve(name)), indent=1))
        return 0
    entry = known.find(name)
    facts = {
        "name": entry.name,
        "about": entry.about,
        "page": entry.page,
        "licence": entry.licence,
        "configurations": ", ".join(entry.configurations),
        "published": ", ".join(f"{what} {score:.3f}" for what, score in entry.published.items()) or "not told there",
        "file": entry.file,
        "bytes": f"{entry.size:,}" if entry.size else "not known",
        "SHA-256": entry.sha256 or "not known",
        "SHA-256 of the numbers": entry.weights_sha256 or "not known",
        "from": ", ".join(entry.addresses) or f"{entry.browser} (in a browser)",
        "here": state(entry),
    }
    width = max(map(len, facts))
    print("\n".join(f"{key:{width}}  {value}" for key, value in facts.items()))
    if (place := home.kept(name, known)) is not None:
        print(json.dumps(single.read_card(place), indent=1))
    return 0
