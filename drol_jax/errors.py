"""The one exception for mistakes a user can mend, and errors and names of others in words that stay on a line."""

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Line ends, what a terminal obeys, what turns the order of letters round, and halves of letters."""


class UserError(Exception):
    """What is wrong, with what, and what to do about it, in one line.

    Command-line programs print the message without a traceback and exit with code 2. What a file or a name brings into
    it that would break the line, or that a terminal would obey, is escaped.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(one_line(message))


def one_line(words: str) -> str:
    """The words with control characters as Python spells them, such as a newline as ``\\n``."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), words)


def reason(error: Exception) -> str:
    """An error in words, without the number and path that the caller tells anyway."""
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)) or type(error).__name__
