"""The place of a library: a folder, or a PostgreSQL database given by its address.

This module does not import the database driver, since every command reads the settings.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from platformdirs import user_data_path

from index.errors import LibraryError

SCHEMA = "footnoted"
"""The schema of a library whose address does not name one."""

_SECRETS = ("password", "sslpassword")
_SEARCH_PATH = re.compile(r'(?:-c\s*|--)search_path=\s*"?([^\s,"\\]+)')
_HOSTS = re.compile(r"(?:(\[[^\[\]]*\]|[^:,\[\]]*)(:\d*)?(,|$))*")


@dataclass(frozen=True, slots=True)
class Database:
    """A PostgreSQL database with a library in one of its schemas.

    `name` is the address without secrets: only this may be shown.
    """

    address: str = field(repr=False)
    name: str
    schema: str
    secrets: tuple[str, ...] = field(repr=False)

    @property
    def folder(self) -> Path:
        """The folder for what stays on this machine: the log, kept verdicts, cases and runs."""
        known = hashlib.sha256(self.name.encode()).hexdigest()[:12]
        return user_data_path("footnoted") / "databases" / known

    def __str__(self) -> str:
        return self.name


Place = Path | Database
"""The place of a library."""


def is_database(text: str) -> bool:
    """Whether a text is meant to be the address of a database."""
    return re.match(r"postgres(?:ql)?:", text) is not None


def database(address: str) -> Database:
    """Parse an address such as `postgresql://user@host/name`, with libpq's own parameters.

    Raises LibraryError, which does not show the address, if it is ambiguous.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        raise _unreadable() from None
    user, _, hosts = parts.netloc.rpartition("@")
    rest = f"{parts.path}?{parts.query}"
    # In a password, such characters would end it early, and its rest would be taken for a host.
    if not re.match(r"postgres(?:ql)?://", address) or "@" in user + rest or parts.fragment:
        raise _unreadable()
    if not _HOSTS.fullmatch(hosts) or re.search(r"\s", address):
        raise _unreadable()
    # In libpq, a plus is a plus, not a blank.
    given = parse_qsl(parts.query.replace("+", "%2B"), keep_blank_values=True)
    name, _, password = user.partition(":")
    shown = parts._replace(
        netloc=f"{name}@{hosts}" if name else hosts,
        query=urlencode([each for each in given if each[0] not in _SECRETS], quote_via=quote),
    )
    secrets = [password, *(value for key, value in given if key in _SECRETS)]
    known = dict(given)
    named = _SEARCH_PATH.search(known.get("options", ""))
    return Database(
        address,
        # `urlunsplit` would leave out the slashes of an address without a host.
        f"{parts.scheme}://{shown.netloc}{shown.path}" + (shown.query and f"?{shown.query}"),
        named[1] if named else SCHEMA,
        tuple(filter(None, [*secrets, unquote(password)])),
    )


def option(place: Place) -> str:
    """Return the command-line option for a library, quoted for the shell."""
    return f"--library {shlex.quote(str(place))}"


def folder_of(place: Place) -> Path:
    """Return a library's folder on this machine; for a database, the one with its local files."""
    return place.folder if isinstance(place, Database) else place


def _unreadable() -> LibraryError:
    return LibraryError(
        "The address of the database cannot be read: write it as postgresql://USER@HOST/DATABASE, "
        "with each of the characters / ? # @ : % in a password as its code (%2F for a slash), or "
        "give the password in PGPASSWORD or ~/.pgpass."
    )
