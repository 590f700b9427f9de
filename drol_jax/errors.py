"""The one exception for mistakes a user can mend, and errors of the system in words."""


class UserError(Exception):
    """What is wrong, with what, and what to do about it, in one line.

    Command-line programs print the message without a traceback and exit with code 2.
    """


def reason(error: Exception) -> str:
    """An error in words, without the number and path that the caller tells anyway."""
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)) or type(error).__name__
