"""Names of others: which of the known ones a misspelt one means, and what no text can hold."""

import difflib
from collections.abc import Iterable, Mapping


def in_utf8(name: str) -> str:
    """A name that others gave a file, for a text: bytes that are not UTF-8 are spelled as Python does."""
    return name.encode(errors="backslashreplace").decode()


def nearest(word: str, choices: Iterable[str], least: float = 0.0) -> str | None:
    """The choice that looks most like the word, in any case; of equals, the one that begins like it for longest.

    Args:
      least: how much alike they must be, from 0 (nothing) to 1 (equal); with 0 there is always one.

    Returns:
      One of the choices; None where none is alike enough.
    """

    def likeness(choice: str) -> tuple[float, int]:
        a, b = word.casefold(), choice.casefold()
        same = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
        return difflib.SequenceMatcher(None, a, b).ratio(), same

    found = max(sorted(choices), key=likeness, default=None)
    return found if found is not None and likeness(found)[0] >= least else None


def hint(word: str, choices: Iterable[str] | Mapping[str, str], least: float = 0.0) -> str:
    """The end of a message about an unknown word, such as "; the nearest is 'score'".

    Args:
      choices: known names; or what they stand for by name, which is then told.
      least: as in `nearest`.

    Returns:
      Empty where none is alike enough.
    """
    found = nearest(word, choices, least)
    if found is None:
        return ""
    told = choices[found] if isinstance(choices, Mapping) else found
    return f"; the nearest is {told!r}"
