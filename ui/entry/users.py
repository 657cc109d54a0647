"""Who may enter, and what they may do: a file of names with hashed passwords, one a line.

    name:salt:hash:rights:token

The hash is scrypt (RFC 7914) with N = 2^14, r = 8, p = 1; salt and hash are in base64. Rights are
words separated by commas; a user without any may only read. A token is stored as its SHA-256, in
base64 as well. The last two fields may be empty or missing. The format is our own, since Gradio
takes passwords that are not hashed, and FastAPI and Starlette do not manage users.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import sys
from base64 import b64decode, b64encode
from collections.abc import ItemsView, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from index.atomic import write_whole
from index.errors import UserError, reason
from ui.panels.events import RIGHTS

_NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may enter."""

    salt: bytes
    hashed: bytes
    may: frozenset[str] = frozenset()
    token: bytes = b""

    def line(self, name: str) -> str:
        """Return the user's line in the file."""
        salt, hashed, token = (
            b64encode(each).decode() for each in (self.salt, self.hashed, self.token)
        )
        return f"{name}:{salt}:{hashed}:{','.join(sorted(self.may))}:{token}\n"


def add_user(path: Path, name: str, password: str, may: str | None = None) -> User:
    """Add a user, or change a user's password, which also revokes the token.

    `may` lists rights separated by commas, or is "read"; None leaves the rights as they are, and
    lets a new user only read.

    Raises UserError for a name, password or right that is not valid, or a file that is unusable.
    """
    if not _NAME.fullmatch(name):
        raise UserError("A name is up to 64 letters, digits, dots, dashes, underscores and @.")
    if not password:
        raise UserError("The password is empty.")
    users = read_users(path) if path.exists() else {}
    before = users[name].may if name in users else frozenset()
    salt = os.urandom(16)
    made = User(salt, _hash(password, salt), before if may is None else _rights(may))
    _write(path, users | {name: made})
    return made


def add_token(path: Path, name: str) -> str:
    """Return a new token for programs that ask as a user; it replaces the previous one.

    Raises UserError for a name that is not in the file, or a file that cannot be used.
    """
    token = secrets.token_urlsafe(32)
    _give(path, name, _digest(token))
    return token


def end_token(path: Path, name: str) -> None:
    """Revoke a user's token; programs that use it lose access at once.

    Raises UserError for a name that is not in the file, or a file that cannot be used.
    """
    _give(path, name, b"")


def _give(path: Path, name: str, digest: bytes) -> None:
    users = read_users(path)
    if name not in users:
        raise UserError(f"There is no {name} in {path}: `footnoted user {name} --auth {path}`.")
    _write(path, users | {name: replace(users[name], token=digest)})


def read_users(path: Path) -> dict[str, User]:
    """Return all users by name.

    Raises UserError for a missing or empty file, and, with the line, for a malformed one.
    """
    users = {}
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        raise UserError(
            f"There is no users file {path}: `footnoted user NAME --auth {path}` makes it."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"The users file {path} cannot be read: {reason(error)}.") from error
    for number, line in enumerate(lines, 1):
        try:
            fields = line + ":" * max(0, 4 - line.count(":"))
            name, salt, hashed, rights, token = fields.split(":")
            values = [b64decode(each, validate=True) for each in (salt, hashed, token)]
            if not values[0] or not values[1]:
                raise ValueError
            users[name] = User(values[0], values[1], _rights(rights), values[2])
        except (ValueError, UserError):
            raise UserError(
                f"{path}, line {number}: this is no user. `footnoted user NAME --auth {path}` "
                "writes such lines."
            ) from None
    if not users:
        raise UserError(f"The users file {path} is empty: `footnoted user NAME --auth {path}`.")
    return users


class UsersFile(Mapping[str, User]):
    """The users by name, as in the file now: removed users and revoked tokens are out at once.

    If the file can no longer be read, nobody is let in.
    """

    def __init__(self, path: Path) -> None:
        """Read the file. Raises UserError as `read_users` does."""
        self._path = path
        self._users = read_users(path)
        self._read = self._state()

    def __getitem__(self, name: str) -> User:
        return self._now()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())

    def items(self) -> ItemsView[str, User]:
        """Return all users, from one reading of the file."""
        return self._now().items()

    def _now(self) -> dict[str, User]:
        state = self._state()
        if state != self._read:
            try:
                self._users = read_users(self._path)
            except UserError as error:
                sys.stderr.write(f"{error} Nobody may enter.\n")
                self._users = {}
            self._read = state
        return self._users

    def _state(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


class RightsOf(Mapping[str, frozenset[str]]):
    """The current rights of each user."""

    def __init__(self, users: Mapping[str, User]) -> None:
        self._users = users

    def __getitem__(self, name: str) -> frozenset[str]:
        return self._users[name].may

    def __iter__(self) -> Iterator[str]:
        return iter(self._users)

    def __len__(self) -> int:
        return len(self._users)


def may_enter(users: Mapping[str, User], name: str, password: str) -> bool:
    """Return whether a user's password is right; an unknown name takes just as long."""
    user = users.get(name, User(b"nobody", b""))
    return hmac.compare_digest(_hash(password, user.salt), user.hashed)


def owner_of(users: Mapping[str, User], token: str) -> str | None:
    """Return the owner of a token, or None; an unknown token takes just as long."""
    digest = _digest(token)
    owners = [name for name, user in users.items() if hmac.compare_digest(digest, user.token)]
    return owners[0] if owners else None


def _rights(words: str) -> frozenset[str]:
    rights = {each.strip() for each in words.split(",")} - {"", "read"}
    if wrong := sorted(rights - set(RIGHTS)):
        raise UserError(f"There is no right {wrong[0]!r}: give {', '.join(RIGHTS)}, or read.")
    return frozenset(rights)


def _write(path: Path, users: Mapping[str, User]) -> None:
    lines = "".join(user.line(name) for name, user in users.items())
    try:
        write_whole(path, lines.encode(), mode=0o600)
    except OSError as error:
        raise UserError(f"The users file {path} cannot be written: {error.strerror}.") from error


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)


def _digest(token: str) -> bytes:
    """Return the stored hash of a token, so long and random that a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()
