"""Runs a benchmark that two processes begin at once, again and again: ``python together.py OUTPUT TRIES ARGUMENTS``.

Leaves OUTPUT/alone, of one process, and OUTPUT/both0, both1, ... A process of its own, because it forks.
"""

import os
import sys

from killed import child


def main() -> None:
    output, tries, arguments = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    for name in ("alone", *(f"both{number}" for number in range(tries))):
        both = [child(f"{output}/{name}", arguments) for _ in range(1 if name == "alone" else 2)]
        codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in both]
        assert not any(codes), (name, codes)


if __name__ == "__main__":
    main()
