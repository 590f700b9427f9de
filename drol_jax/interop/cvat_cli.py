"""``drol-jax cvat``: tracks into a task of CVAT."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from getpass import GetPassWarning
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import tyro

from drol_jax.errors import UserError, reason
from drol_jax.system.arguments import parse
from drol_jax.system.optional import optional
from drol_jax.system.program import tell

if TYPE_CHECKING:
    from drol_jax.tracks.table import Row, Video

PROGRAM = "drol-jax cvat"
EXTRA = "'drol_jax[cvat]'"


@dataclass(frozen=True)
class Arguments:
    """Add the tracks of a video to a task of CVAT, one track a target; what is annotated there stays.

    drol-jax cvat push tracks/match.jsonl --task 12 --server-host https://app.cvat.ai

    Server and login are those of cvat-cli: CVAT_ACCESS_TOKEN in the environment, a profile that `cvat-cli profile` has
    saved, or --user and a password that is asked for.

    Exit code: 0 done, 2 misuse, or what the server refused.
    """

    action: tyro.conf.Positional[Literal["push"]]
    """What is done."""
    tracks: tyro.conf.Positional[Path]
    """The .jsonl that `drol-jax track` wrote."""
    task: int
    """Number of the task."""
    label: str | None = None
    """Label of all targets. Default: each target's name, which must be a label of the task."""
    server_host: str | None = None
    """Address of the server. Default: that of the profile, else http://localhost."""
    server_port: int | None = None
    """Its port."""
    organization: str | None = None
    """Short name of the organization that the task belongs to."""
    profile: str | None = None
    """A profile that cvat-cli has saved."""
    user: str | None = None
    """Name to log in with; the password is asked for on the terminal, or is PASS of the environment."""
    insecure: bool = False
    """Do not check the server's certificate."""


def main(argv: Sequence[str]) -> int:
    """Run the command. Returns the exit code.

    Raises:
      UserError: misuse, or what the server refused.
      SystemExit: after --help (0) and on arguments that do not parse (2).
    """
    arguments = parse(Arguments, argv, PROGRAM)
    from drol_jax.tracks.read import read_tracks

    video, rows = read_tracks(arguments.tracks)
    optional("cvat_sdk.core.auth", EXTRA)
    _push(arguments, video, rows)
    return 0


def _push(arguments: Arguments, video: "Video", rows: "Sequence[Row]") -> None:
    from drol_jax.interop.cvat_tracks import push

    sdk: Any = optional("cvat_sdk", EXTRA)
    http: Any = optional("urllib3.exceptions", EXTRA)
    auth = sdk.core.auth
    try:
        user = None if arguments.user is None else auth.get_auth_factory(arguments.user)
        asked = auth.ClientAuthParameters(
            profile=arguments.profile,
            auth=user,
            server_host=arguments.server_host,
            server_port=arguments.server_port,
            insecure=arguments.insecure,
            organization=arguments.organization,
        )
        with _logged_in(auth, asked) as client:
            host = client.api_client.configuration.host
            tracks = push(client.tasks.retrieve(arguments.task), video, rows, arguments.label, sdk)
    except sdk.exceptions.ApiException as error:
        raise UserError(f"CVAT answers {_words(error)}; check --task, the server and the login") from error
    except sdk.exceptions.CvatSdkException as error:
        raise UserError(f"CVAT: {error}") from error
    except (http.HTTPError, OSError) as error:
        raise UserError(f"CVAT cannot be reached ({reason(error)}); check --server-host") from error
    boxes = sum(not shape["outside"] for one in tracks for shape in one["shapes"])
    tell(f"task {arguments.task}: {len(tracks)} tracks added, {boxes} boxes: {host}/tasks/{arguments.task}")


def _logged_in(auth: Any, asked: Any) -> Any:
    """The client, which asks for a password where no other login is given.

    Raises:
      UserError: nobody answers.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", GetPassWarning)  # without a terminal: told before anything is asked
            return auth.make_client_from_cli(asked)
    except (EOFError, GetPassWarning) as error:
        lacking = "there is neither CVAT_ACCESS_TOKEN nor a profile" if asked.auth is None else "PASS is not set"
        cure = "set CVAT_ACCESS_TOKEN, give --profile, or --user with PASS in the environment"
        raise UserError(f"no login for CVAT: {lacking}, and no password was typed on a terminal; {cure}") from error


def _words(error: Any) -> str:
    """Status and the first line of what a server said."""
    said = (error.body or b"") if isinstance(error.body, bytes) else str(error.body or "").encode()
    line = said.decode("utf-8", "replace").strip().splitlines()
    return " ".join(filter(None, (str(error.status or ""), error.reason or "", line[0][:200] if line else "")))
