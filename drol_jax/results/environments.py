"""The environments that a run has gone on under, kept in a file beside it, and told where they are not alike."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from drol_jax.errors import UserError, reason
from drol_jax.results.settings import told_apart
from drol_jax.system import reading
from drol_jax.system.atomic import write_text

FILE = "environments.json"


def unlike(used: Iterable[Mapping[str, Any]], here: Mapping[str, Any]) -> str:
    """How an environment differs from the first of others that it differs from in what may change results, in words;
    empty where it differs from none."""
    return next(filter(None, (told_apart(other, here) for other in used)), "")


def noted(folder: Path, here: Mapping[str, Any]) -> str:
    """Add an environment to those of a run that go by this folder.

    Returns:
      How it differs from those there (`unlike`).

    Raises:
      UserError: the file cannot be read or written.
    """
    path = folder / FILE
    try:
        used = reading.document(path)
    except FileNotFoundError:
        used = []
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {path}: {reason(error)}; choose another --output") from error
    if not isinstance(used, list) or not all(isinstance(one, dict) for one in used):
        raise UserError(f"{path} is no list of environments; choose another --output")
    here = dict(here)
    if here not in used:
        write_text(path, json.dumps([*used, here], indent=1) + "\n")
    return unlike(used, here)
