"""Which code computes: a hash of the library's own files, and of plug-ins."""

import hashlib
from functools import cache
from pathlib import Path

from drol_jax.system.resources import PACKAGE


@cache
def code_hash(*plugins: str, package: Path = PACKAGE) -> str:
    """Hash of a package's Python files, by name and content: 16 hexadecimal digits.

    Version numbers do not change from one edit of a checkout to the next; this does.

    Args:
      plugins: digests of plug-ins whose code takes part.
    """
    digest = hashlib.sha256()
    for name, path in sorted((path.relative_to(package).as_posix(), path) for path in package.rglob("*.py")):
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    for plugin in plugins:
        digest.update(f"\0{plugin}\0".encode())
    return digest.hexdigest()[:16]
