"""Verdicts of localisation. Needs no jax: result files name them too."""

import enum


class Verdict(enum.IntEnum):
    """What the score map says of the target."""

    OFF = -1
    """The subnet does not run."""
    FOUND = 0
    NOT_FOUND = 1
    HARD_NEGATIVE = 2
    """Found, beside a distractor worth training against."""
    UNCERTAIN = 3
    """Two peaks of like height, and nothing to tell them apart."""
