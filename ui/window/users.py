"""Who may enter: a file of names with hashed passwords, one a line.

name:salt:hash      scrypt (RFC 7914) with N = 2^14, r = 8, p = 1; salt and hash in base64
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from base64 import b64decode, b64encode
from pathlib import Path

from index.atomic import write_whole
from index.errors import UserError

_NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")


def add_user(path: Path, name: str, password: str) -> None:
    """Let somebody in from now on, or change the password.

    Raises UserError for a name or a password that cannot be used, or a file that cannot be.
    """
    if not _NAME.fullmatch(name):
        raise UserError("A name is up to 64 letters, digits, dots, dashes, underscores and @.")
    if not password:
        raise UserError("The password is empty.")
    users = read_users(path) if path.exists() else {}
    salt = os.urandom(16)
    users[name] = (salt, _hash(password, salt))
    lines = (
        f"{each}:{b64encode(salted).decode()}:{b64encode(hashed).decode()}\n"
        for each, (salted, hashed) in users.items()
    )
    try:
        write_whole(path, "".join(lines).encode(), mode=0o600)
    except OSError as error:
        raise UserError(f"The users file {path} cannot be written: {error.strerror}.") from error


def read_users(path: Path) -> dict[str, tuple[bytes, bytes]]:
    """Return the salt and the hash of everybody.

    Raises UserError, with the line, for a file that is not one of users, or holds none.
    """
    users = {}
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"The users file {path} cannot be read: {error}.") from error
    for number, line in enumerate(lines, 1):
        try:
            name, salt, hashed = line.split(":")
            users[name] = (b64decode(salt, validate=True), b64decode(hashed, validate=True))
        except ValueError:
            raise UserError(
                f"{path}, line {number}: this is no user. `footnoted user NAME --auth {path}` "
                "writes such lines."
            ) from None
    if not users:
        raise UserError(f"The users file {path} is empty: `footnoted user NAME --auth {path}`.")
    return users


def may_enter(users: dict[str, tuple[bytes, bytes]], name: str, password: str) -> bool:
    """Tell whether the password is that of the name; as slow for a name that is not there."""
    salt, hashed = users.get(name, (b"nobody", b""))
    return hmac.compare_digest(_hash(password, salt), hashed)


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)
