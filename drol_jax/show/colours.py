"""Colours of targets: few, far apart, also for those who tell red and green badly."""

COLOURS = (
    (0, 158, 255),
    (255, 176, 0),
    (0, 190, 120),
    (240, 80, 180),
    (250, 240, 70),
    (150, 110, 255),
    (255, 110, 40),
    (90, 220, 240),
)
"""RGB, in the order in which targets enter; the ninth has the first one's."""


def colour(number: int) -> tuple[int, int, int]:
    """The colour (RGB) of the target of a number, from 0."""
    return COLOURS[number % len(COLOURS)]


def css(number: int) -> str:
    """The same for a page, `#rrggbb`."""
    return "#{:02x}{:02x}{:02x}".format(*colour(number))
