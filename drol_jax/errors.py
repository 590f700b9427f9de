"""The one exception for mistakes a user can mend."""


class UserError(Exception):
    """What is wrong, with what, and what to do about it, in one line.

    Command-line programs print the message without a traceback and exit with code 2.
    """
