"""Arguments of ``python -m drol_jax.eval trax``."""

import os
import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from drol_jax.errors import UserError
from drol_jax.settings import load_settings
from drol_jax.system.arguments import parse
from drol_jax.system.optional import optional
from drol_jax.system.program import CacheArguments, make_ready
from drol_jax.system.resources import DEFAULT_CONFIG

PROGRAM = "python -m drol_jax.eval trax"


@dataclass(frozen=True, kw_only=True)
class Arguments(CacheArguments):
    """Serve a tracker over TraX, as vot-toolkit and other clients start it; or print how they start it.

    Everything is compiled before the client is greeted. Needs vot-trax: pip install 'drol_jax[vot]'.

    Exit code: 0 the client quit, 2 misuse, a broken picture, or no client.
    """

    config: str = DEFAULT_CONFIG
    """Name of a configuration that ships with drol_jax, or a YAML file."""
    weights: str | None = None
    """Converted weights, a folder or file, or hf://owner/repository on the hub. Default: the bundled ones."""
    no_online: bool = False
    """Switch the online subnet off: the baseline."""
    seed: int | None = None
    """Seed of the online subnet's draws. Default: the configuration's."""
    largest: str = "1920x1080"
    """Width and height of the largest picture expected. Larger ones compile while the client waits."""
    ini: bool = False
    """Only print a section for vot-toolkit's trackers.ini that starts this command with the other options given."""
    timeout: int = 600
    """Timeout in that section: how many seconds the toolkit waits for an answer."""


def main(argv: Sequence[str]) -> int:
    """Run the command. Returns the exit code 0.

    Raises:
      UserError: misuse, vot-trax is missing, or the session ended in trouble.
      SystemExit: after --help (0) and on arguments that do not parse (2).
    """
    arguments = parse(Arguments, argv, PROGRAM)
    height, width = _size(arguments.largest)
    if arguments.ini:
        print(section(arguments), end="")
        return 0
    optional("trax", "'drol_jax[vot]'")  # before jax starts and anything compiles
    from drol_jax.api import load
    from drol_jax.interop.trax import serve

    make_ready(arguments)
    tracker = load(arguments.config, arguments.weights, online=False if arguments.no_online else None, cache=False)
    serve(tracker, height, width, arguments.seed)
    return 0


def section(arguments: Arguments) -> str:
    """A section of trackers.ini, with this Python and whole paths: vot-toolkit starts it in a folder of its own.

    Raises:
      UserError: no such configuration.
    """
    name = load_settings(arguments.config).name
    words = [sys.executable, "-m", "drol_jax.eval", "trax", "--config", _whole(arguments.config)]
    if arguments.weights is not None:
        words += ["--weights", _whole(arguments.weights)]
    if arguments.no_online:
        words += ["--no-online"]
    if arguments.seed is not None:
        words += ["--seed", str(arguments.seed)]
    words += ["--largest", arguments.largest]
    words += ["--no-cache"] if arguments.cache is None else ["--cache-dir", str(arguments.cache.absolute())]
    label = name + (" without online learning" if arguments.no_online else "")
    lines = {
        "label": label,
        "protocol": "trax",
        "command": shlex.join(words),
        "timeout": str(arguments.timeout),
    }
    if os.environ.get("PYTHONPATH"):
        lines["env_PYTHONPATH"] = os.environ["PYTHONPATH"]
    # The toolkit's identifiers are of letters, digits, - and _; its ini reader takes % for itself.
    head = re.sub(r"[^a-zA-Z0-9_-]+", "_", name + ("_baseline" if arguments.no_online else ""))
    return "".join([f"[{head}]\n", *(f"{key} = {value.replace('%', '%%')}\n" for key, value in lines.items())])


def _whole(name_or_path: str) -> str:
    """A path from the root where there is such a file or folder; otherwise a name or address as it is."""
    path = Path(name_or_path).expanduser()
    return str(path.absolute()) if path.exists() else name_or_path


def _size(words: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)x(\d+)", words)
    if match is None or not all(map(int, match.groups())):
        raise UserError(f"--largest {words!r} is no size; give WIDTHxHEIGHT in pixels, such as 1280x720")
    return int(match[2]), int(match[1])
