"""`drol-jax weights list`."""

from rich.console import Console

from drol_jax import checkpoint
from drol_jax.system import terminal
from drol_jax.weights.arguments import ListArguments
from drol_jax.zoo import home
from drol_jax.zoo.registry import Entry, Registry, published


def run(arguments: ListArguments, registry: Registry | None = None, console: Console | None = None) -> int:
    """Print a table of all weights that are known: those that come with drol_jax first."""
    table = terminal.table(["name", "configuration", "licence", "here", "published"], ["MB"])
    for name in checkpoint.bundled():
        table.add_row(name, name, "Apache-2.0", "bundled", "", "")
    for entry in (registry or published()).entries.values():
        scores = ", ".join(f"{what} {score:.3f}" for what, score in entry.published.items())
        size = f"{entry.size / 1e6:.1f}" if entry.size else ""
        table.add_row(entry.name, ", ".join(entry.configurations), entry.licence, state(entry), scores, size)
    to = console or terminal.console()
    to.print(table)
    to.print(f"kept in {home.home()}; drol-jax weights get NAME fetches one, card NAME tells where it comes from")
    return 0


def state(entry: Entry) -> str:
    """Whether weights are here, and else how they are to be had."""
    if home.place(entry.name).is_file():
        return "yes"
    return "no" if entry.addresses else "no: by browser"
