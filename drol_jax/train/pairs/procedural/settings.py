"""What the rendered pairs are like."""

from dataclasses import dataclass, fields

import jax

from drol_jax.errors import UserError


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class ProceduralSettings:
    """Shares are 0..1 of all pairs; sizes are pixels of the search region at S = 287, and grow with it.

    All are data: sources with other settings share what is compiled.
    """

    negatives: float = 0.2
    """Share of search regions without the target: a look-alike, another object, or nothing in its place."""
    shift: float = 64.0
    """Largest distance of the target from the search region's middle, along each axis."""
    near: float = 0.7
    """Share of the shifts that stay within a third of that."""
    scale: float = 1.4
    """Largest change of size between template and search; the smallest is its inverse."""
    aspect: float = 1.25
    """Largest change of the target's width over height, before rotation."""
    stretch: float = 4.0
    """Most oblong target, long side over short."""
    turned: float = 0.15
    """Share of targets that are rotated by any angle; the others rotate by some degrees."""
    turn: float = 8.0
    """Degrees, usual rotation."""
    bend: float = 0.07
    """Usual change of the target's outline, in its half sizes."""
    drift: float = 0.35
    """Change of the target's own texture, radians of its waves."""
    distractors: float = 1.3
    """Mean number of other objects in a search region, at most 4."""
    lookalikes: float = 0.6
    """Share of those that resemble the target."""
    companions: float = 0.35
    """Share of templates with another object beside the target."""
    occluded: float = 0.3
    """Share of targets partly behind something."""
    cut_off: float = 0.12
    """Share of images whose border crosses the region."""
    new_place: float = 0.25
    """Share of search regions with a background that has nothing in common with the template's."""
    camouflage: float = 0.3
    """Share of targets in the background's own colours."""
    grey: float = 0.12
    """Share of pairs without colour."""
    blur: float = 0.35
    """Share of images blurred by motion or focus."""
    coarse: float = 0.2
    """Share of pairs from a small image, scaled up."""
    compressed: float = 0.3
    """Share of pairs with the traces of strong JPEG compression."""
    light: float = 0.3
    """Largest change of brightness and contrast between template and search."""
    tint: float = 0.08
    """Largest change of each colour channel's brightness between template and search."""
    noise: float = 0.03
    """Largest standard deviation of the sensor's noise, of full brightness."""

    def check(self) -> None:
        """Raises UserError: a number out of its range."""
        for field in fields(self):
            value = getattr(self, field.name)
            low, high = _RANGES.get(field.name, (0, 1))
            if not low <= value <= high:
                raise UserError(f"procedural pairs: {field.name} is {value}; give a number from {low} to {high}")


_RANGES = {
    "shift": (0, 64),
    "scale": (1, 2),
    "aspect": (1, 2),
    "stretch": (1, 4),
    "turn": (0, 180),
    "bend": (0, 0.3),
    "drift": (0, 3.2),
    "distractors": (0, 4),
}
