"""What the composed pairs are like."""

from dataclasses import dataclass, fields

from drol_jax.errors import UserError


@dataclass(frozen=True, kw_only=True)
class PhotosSettings:
    """Shares are 0..1 of all pairs; pixels are those of the search region."""

    folder: str
    """Folder of photographs: backgrounds, and the texture of targets that are cut out of them."""
    cutouts: str | None = None
    """Folder of objects whose transparency is their outline (PNG, WebP); none: targets are cut out of photographs."""
    blobs: float = 0.4
    """Share of targets that are a smooth piece of a photograph, where there are cut-outs."""
    negatives: float = 0.2
    """Share of search regions without the target: a look-alike, another object, or nothing in its place."""
    shift: float = 64.0
    """Largest distance of the target from the search region's middle, along each axis."""
    near: float = 0.6
    """Share of the shifts that stay within a third of that."""
    scale: float = 1.35
    """Largest change of size between template and search; the smallest is its inverse."""
    aspect: float = 1.2
    """Largest change of the target's width over height between template and search."""
    stretch: float = 4.0
    """Most oblong target, long side over short."""
    turned: float = 0.3
    """Share of targets that stand at any angle; the others stand upright but for some degrees."""
    turn: float = 10.0
    """Degrees, usual rotation between template and search."""
    perspective: float = 0.15
    """Largest change of scale from one side of the target to the other."""
    bend: float = 0.04
    """Largest displacement of the target's parts, in its sizes."""
    distractors: float = 1.3
    """Mean number of other objects in a search region, at most 4."""
    lookalikes: float = 0.5
    """Share of those that have the target's outline or colours."""
    companions: float = 0.3
    """Share of templates with another object beside the target."""
    occluded: float = 0.25
    """Share of targets partly behind something."""
    cut_off: float = 0.1
    """Share of images whose border crosses the region."""
    new_place: float = 0.22
    """Share of search regions in another photograph than the template's."""
    grey: float = 0.2
    """Share of pairs without colour."""
    blur: float = 0.3
    """Share of images blurred by motion or focus."""
    coarse: float = 0.75
    """Share of pairs from a small image, scaled up by up to four."""
    compressed: float = 0.6
    """Share of pairs with the traces of JPEG compression."""
    light: float = 0.3
    """Largest change of brightness and contrast between template and search."""
    tint: float = 0.1
    """Largest change of each colour channel's brightness between template and search."""
    noise: float = 0.03
    """Largest standard deviation of the sensor's noise, of full brightness."""

    def check(self) -> None:
        """Raises UserError: a number out of its range."""
        for field in fields(self):
            value = getattr(self, field.name)
            low, high = _RANGES.get(field.name, (0, 1))
            if not isinstance(value, str | None) and not low <= value <= high:
                raise UserError(f"photos: {field.name} is {value}; give a number from {low} to {high}")


_RANGES = {
    "shift": (0, 96),
    "scale": (1, 2),
    "aspect": (1, 2),
    "stretch": (1, 4),
    "turn": (0, 180),
    "perspective": (0, 0.5),
    "bend": (0, 0.2),
    "distractors": (0, 4),
}
