"""`Policy`: when a target counts as tracked, occluded, lost and found again."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Numbers that states go by. Confidences are probabilities, frames are frames of the video."""

    sure: float = 0.5
    """Confidence from which a target counts as tracked."""
    seen: float = 0.3
    """Confidence under which it counts as not seen: its box stays where it was, and nothing is learned."""
    patience: int = 8
    """Frames not seen after which it is lost."""
    again: float = 0.9
    """Share of its usual confidence that a place must have for a lost target to be found there. Of many places
    one or the other looks somewhat like it."""
    confirm: int = 2
    """Frames in a row in which it must then be seen."""
    confirmed: float = 0.8
    """Share of its usual confidence that it must have in these."""
    least: float = 0.6
    """Confidence below which it is not found again, however unsure it was before."""
    resized: float = 1.5
    """Times larger or smaller, by the side, than it was when it was lost, from which a place is another thing's."""
    resizing: int = 250
    """Frames in which a lost target may have become so many times larger or smaller once more."""
    memory: float = 0.95
    """Weight of the past in a target's history of confidence."""
    apart: float = 0.6
    """Overlap from which two targets cannot both be right."""
    touching: float = 0.1
    """Overlap that is told."""
    looks: int = 8
    """Places that lost targets are looked for at, each frame: all of a single one's, else shared out among them."""
    looks_each: int = 2
    """Places at least for each of several."""
    sweep: int = 6
    """Frames in which the whole image is looked over, in coarser steps where it is large."""
    near: int = 25
    """Frames in which the search grows from the last place to the whole image."""
