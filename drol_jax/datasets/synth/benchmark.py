"""What the built-in benchmark consists of."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Spec:
    """One sequence: who, where, and what makes it hard.

    Attributes: DIS look-alikes near the target, OCC occlusion, DEF deformation, IPR rotation in the plane, SV scale
    variation, IV illumination variation, MB motion blur, FM fast motion, OV out of view, BC background clutter,
    LR low resolution.
    """

    name: str
    kind: str
    """Kind of figure; see `figures.KINDS`."""
    place: str
    """See `backdrop.PLACES`."""
    size: tuple[int, int]
    """(width, height) of the image, pixels."""
    length: int
    """Frames."""
    extent: float
    """Square root of the area of the target's box at its usual size, pixels."""
    attributes: tuple[str, ...]
    speed: float = 0.07
    """Speed of the target's usual motion at its fastest, extents per frame."""
    companions: int = 0
    """Look-alikes that stay about."""
    crossings: int = 0
    """Look-alikes that pass by the target."""


def _spec(name, kind, place, width, height, length, extent, attributes, **rest) -> Spec:
    return Spec(name, kind, place, (width, height), length, extent, tuple(attributes.split()), **rest)


SPECS = (
    _spec("alley_walker", "person", "street", 480, 360, 120, 62, "DIS OCC", companions=1, crossings=3),
    _spec("convoy_car", "car", "street", 480, 360, 110, 56, "DIS SV", companions=1, crossings=3),
    _spec("crowd_face", "face", "room", 640, 480, 130, 84, "DIS OCC", companions=2, crossings=3),
    _spec("dusk_car", "car", "street", 320, 240, 100, 22, "IV LR", speed=0.1),
    _spec("far_runner", "person", "park", 320, 240, 120, 20, "DIS FM LR", speed=0.12, companions=1, crossings=2),
    _spec("leaving_car", "car", "gravel", 640, 480, 130, 78, "DIS SV OV", crossings=2),
    _spec("leaving_dog", "dog", "park", 320, 240, 110, 44, "DEF OV"),
    _spec("meadow_dog", "dog", "park", 640, 480, 140, 80, "OCC DEF SV"),
    _spec("passage_walker", "person", "street", 320, 240, 100, 42, "OCC SV IV", speed=0.06),
    _spec("reef_fish", "fish", "water", 480, 360, 130, 58, "DIS OCC DEF BC", companions=2, crossings=2),
    _spec("school_fish", "fish", "water", 480, 360, 150, 54, "DIS DEF IPR", companions=3, crossings=3),
    _spec("shaken_face", "face", "street", 480, 360, 100, 66, "MB FM", speed=0.08),
    _spec("shelf_toy", "toy", "room", 480, 360, 120, 60, "IPR SV BC", speed=0.06),
    _spec("stage_dancer", "person", "stage", 640, 480, 120, 92, "DIS DEF IPR IV", companions=1, crossings=2),
    _spec("tumbling_toy", "toy", "gravel", 480, 360, 100, 56, "IPR MB FM", speed=0.1),
)
