"""Weights by name from the Hugging Face hub: hf://owner/repository[@revision][/path]."""

import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from drol_jax.checkpoint.folder import CARD, VARIABLES
from drol_jax.checkpoint.single import SUFFIX
from drol_jax.errors import UserError

SCHEME = "hf://"
FILE = f"model{SUFFIX}"
"""What a repository without a card at its top is expected to hold."""
ADDRESS = re.compile(r"hf://(?P<repo>[^/@]+/[^/@]+)(?:@(?P<revision>[^/]+))?(?:/(?P<path>.+?))?/?")
FORM = f"{SCHEME}owner/repository[@revision][/path]"


class Address(NamedTuple):
    """revision: branch, tag or commit, None for the repository's default; path: "" for its top."""

    repo: str
    revision: str | None
    path: str


def parse(text: str) -> Address:
    """The parts of an address; a revision's slashes are written %2F, as the hub's own addresses do.

    Raises:
      UserError: it is no such address.
    """
    found = ADDRESS.fullmatch(text)
    path = (found["path"] or "") if found else ""
    if not found or any(part in ("", ".", "..") for part in path.split("/") if path):
        raise UserError(f"{text} is no address of weights on the hub; write {FORM}")
    return Address(found["repo"], unquote(found["revision"]) if found["revision"] else None, path)


def fetch(text: str) -> Path:
    """Download weights, or find them in the hub's own cache.

    Args:
      text: an address. With a path that ends in .safetensors it is that file; else the folder that is there, or, at
        the top of a repository without a card, its model.safetensors.

    Returns:
      The file or folder in the cache.

    Raises:
      UserError: no address, huggingface_hub is not installed, or the hub does not give the weights.
    """
    address = parse(text)
    try:
        from huggingface_hub import (  # pyright: ignore[reportMissingImports]
            hf_hub_download,
            snapshot_download,
        )
    except ImportError as error:
        raise UserError(f"{text}: weights from the hub need huggingface_hub: pip install 'drol_jax[hub]'") from error
    try:
        if address.path.endswith(SUFFIX):
            return Path(hf_hub_download(address.repo, address.path, revision=address.revision))
        top = f"{address.path}/" if address.path else ""
        wanted = [f"{top}{CARD}", f"{top}{VARIABLES}/*", f"{top}{FILE}"]
        snapshot = snapshot_download(address.repo, revision=address.revision, allow_patterns=wanted)
    except Exception as error:  # The hub's client raises its own kinds, its network library's and plain ones.
        reason = ascii(str(error).strip().partition("\n")[0])[1:-1][:300] or "no reason given"
        raise UserError(
            f"{text} cannot be had from the hub ({type(error).__name__}: {reason}); check the name, the network and "
            "whether you are logged in where the repository is private (hf auth login)"
        ) from error
    folder = Path(snapshot) / address.path
    if (folder / CARD).is_file():
        return folder
    if (folder / FILE).is_file():
        return folder / FILE
    raise UserError(f"{text} holds no drol_jax weights: neither {top}{CARD} nor {top}{FILE}; name the path: {FORM}")
