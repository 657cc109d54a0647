"""The program's identity: what another version has cached may not be true for this one."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path


@lru_cache
def code_hash(*folders: str) -> str:
    """Return the first twelve hexadecimal digits of a hash of the code in some folders."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted((Path(__file__).parents[1] / folder).rglob("*.py")):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]
