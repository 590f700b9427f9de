"""A researcher's own parts in place of the library's: values that go with a configuration, no table to write into."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a plug-in puts into a tracker. None: the library's own. All are traced by jax: pure functions of arrays.

    Functions are compared as they are, so that another plug-in is another configuration, and is compiled anew.
    """

    name: str
    """The plug-in's, which the tracker's name ends in."""
    digest: str
    """SHA-256 of its source: another one makes other results."""
    first_fit: Callable[..., Any] | None = None
    """In place of `drol_jax.online.fit.first_fit`, with its arguments: (filter, extractor) from the first frame."""
    refit: Callable[..., Any] | None = None
    """In place of `drol_jax.online.fit.refit`: (filter [k, k, D], memory, sigma, iterations, hyper, label) -> filter.

    Of the memory's N slots: `features` [N, L, L, D], `centres` [N, 2] (row, column), cells off the middle, `weights`
    [N], zero where a slot is empty. `label(centres, sigma, L)` gives labels [N, L, L]."""
    label: Callable[..., Any] | None = None
    """In place of `drol_jax.online.labels.gaussian`: (centres [N, 2], sigma, L) -> [N, L, L], 1 on the target."""
    fuse: Callable[..., Any] | None = None
    """In place of a weighted mean: (network scores, online scores, weight `Hyper.fusion`) -> scores; all broadcast."""
    family: Any = None
    """In place of the head's family (`drol_jax.tracker.families`): an object or module with the same functions."""


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """What a file of one's own, or an installed package, adds: parts of a tracker, datasets, metrics.

    The file assigns one to PLUGIN; a package names the object as an entry point of the group "drol_jax.plugins".
    """

    name: str
    """Short, of letters, digits, "_" and "-": trackers with its parts are called CONFIGURATION_name."""
    first_fit: Callable[..., Any] | None = None
    refit: Callable[..., Any] | None = None
    label: Callable[..., Any] | None = None
    fuse: Callable[..., Any] | None = None
    family: Any = None
    """As in `Parts`."""
    datasets: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    """Datasets by name: (root, a pathlib.Path) -> list of `drol_jax.datasets.Sequence`."""
    metrics: Mapping[str, Callable[..., float]] = field(default_factory=dict)
    """Measures by the head of their column: (boxes [T, 4], groundtruth [T, 4]), (x, y, w, h), NaN where the target is
    absent -> one number of the sequence. They stand beside the dialect's own."""

    def parts(self, digest: str) -> Parts | None:
        """What goes into a tracker's configuration; None where nothing does."""
        own = {part: getattr(self, part) for part in ("first_fit", "refit", "label", "fuse", "family")}
        if all(part is None for part in own.values()):
            return None
        return Parts(name=self.name, digest=digest, **own)
