"""Colours and dashes of trackers, one and the same in plots, legends and images."""

from dataclasses import dataclass

INK, FAINT = "#000101", "#000202"
"""Stand-ins for the page's text colour and its lines, which follow the reader's light or dark theme."""

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f5f2f", "#808080")
# Okabe and Ito's colours, which colour-blind readers tell apart, without the yellow that is too faint on white.
_DASHES = ("", "6 2", "2 2", "6 2 2 2")
VERDICTS = {
    "found": ("#000303", "--found"),
    "not_found": ("#000404", "--missing"),
    "hard_negative": ("#000505", "--rival"),
    "uncertain": ("#000606", "--unsure"),
}
"""Of the online subnet's verdicts: a stand-in, and the page's name for the colour."""
GROUNDTRUTH = (255, 255, 255)
"""RGB of the true box in images."""


@dataclass(frozen=True)
class Style:
    """How one tracker is drawn."""

    colour: str
    """"#rrggbb"."""
    variable: str
    """The page's name for the colour, e.g. "--t0"."""
    dash: str
    """SVG's stroke-dasharray in line widths; empty for a solid line."""

    @property
    def rgb(self) -> tuple[int, int, int]:
        """0 to 255 each."""
        red, green, blue = (int(self.colour[at : at + 2], 16) for at in (1, 3, 5))
        return red, green, blue


def style(place: int) -> Style:
    """Style of the tracker in some place of the ranking, from 0. Neighbours differ in colour and in dashes."""
    number = place % len(_COLOURS)
    # From the second round on the dashes shift, so that no two of the first 32 trackers look the same.
    return Style(_COLOURS[number], f"--t{number}", _DASHES[(place + place // len(_COLOURS)) % len(_DASHES)])


def variables() -> dict[str, str]:
    """The page's names of the stand-in colours."""
    themed = {INK: "var(--ink)", FAINT: "var(--faint)"}
    themed |= {stand_in: f"var({name})" for stand_in, name in VERDICTS.values()}
    return themed | {c: f"var(--t{n})" for n, c in enumerate(_COLOURS)}
