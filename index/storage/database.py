"""Where a library is: in a folder, or in a PostgreSQL database, which is named by its address.

Nothing here needs a database's driver, since settings are read by every command.
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
"""The schema that a library stands in where its address names none."""

_SECRETS = ("password", "sslpassword")
_SEARCH_PATH = re.compile(r'(?:-c\s*|--)search_path=\s*"?([^\s,"\\]+)')
_HOSTS = re.compile(r"(?:(\[[^\[\]]*\]|[^:,\[\]]*)(:\d*)?(,|$))*")


@dataclass(frozen=True, slots=True)
class Database:
    """A PostgreSQL database with a library in one of its schemas.

    `name` is the address without its password, which is all that may be shown of it.
    """

    address: str = field(repr=False)
    name: str
    schema: str
    secrets: tuple[str, ...] = field(repr=False)

    @property
    def folder(self) -> Path:
        """What belongs to this machine alone: the log, kept verdicts, cases and runs."""
        known = hashlib.sha256(self.name.encode()).hexdigest()[:12]
        return user_data_path("footnoted") / "databases" / known

    def __str__(self) -> str:
        return self.name


Place = Path | Database
"""Where a library is."""


def is_database(text: str) -> bool:
    """Whether a text is meant for the address of a database."""
    return re.match(r"postgres(?:ql)?:", text) is not None


def database(address: str) -> Database:
    """Read an address as `postgresql://user@host/name`, with libpq's own parameters.

    Raises LibraryError, which does not show it, for one that may be read in two ways.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        raise _unreadable() from None
    user, _, hosts = parts.netloc.rpartition("@")
    rest = f"{parts.path}?{parts.query}"
    # A password with such signs would end early, and its end be taken for a host.
    if not re.match(r"postgres(?:ql)?://", address) or "@" in user + rest or parts.fragment:
        raise _unreadable()
    if not _HOSTS.fullmatch(hosts) or re.search(r"\s", address):
        raise _unreadable()
    # libpq takes a plus for a plus.
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
    """Return the option that names a library, as it is typed into a shell."""
    return f"--library {shlex.quote(str(place))}"


def folder_of(place: Place) -> Path:
    """Return the folder that a library has on this machine: its own, or what is kept beside it."""
    return place.folder if isinstance(place, Database) else place


def _unreadable() -> LibraryError:
    return LibraryError(
        "The address of the database cannot be read: write it as postgresql://USER@HOST/DATABASE, "
        "with each of the signs / ? # @ : % in a password as its code (%2F for a slash), or give "
        "the password by PGPASSWORD or in ~/.pgpass."
    )
