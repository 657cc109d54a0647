"""Connections to a library's database: opened when they are needed, and reused.

`psycopg` is imported only if a library is in a database. Errors become a LibraryError with a
one-sentence message that contains no password.

psycopg_pool is not used: it opens connections in the background, so a wrong password, an
unreachable server or one without free connections would only show as a timeout.
"""

from __future__ import annotations

import os
import re
import selectors
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from index.errors import LibraryError
from index.storage.database import Database

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

WAIT_SECONDS = 600
"""How long a writer waits for another one."""

READ_SECONDS = 60
"""The time limit for one statement that reads."""

CONNECT_SECONDS = 10
SILENT_SECONDS = 30
"""How long a connection may be silent before it is checked."""

KEPT = 4
"""How many idle connections stay open."""

_DEFAULTS: dict[str, Any] = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": SILENT_SECONDS,
    "tcp_user_timeout": SILENT_SECONDS * 1000,
    "application_name": "footnoted",
}

# The extension may be in any schema. JIT is off, since compiling a query takes longer than running
# it.
_SET_UP = """
SELECT set_config('search_path', quote_ident(%(schema)s) || coalesce(
           (SELECT ', ' || quote_ident(nspname) FROM pg_extension
            JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'vector'), ''),
       false),
       set_config('statement_timeout', CASE current_setting('statement_timeout') WHEN '0'
           THEN %(read)s ELSE current_setting('statement_timeout') END, false),
       set_config('hnsw.ef_search', '100', false),
       set_config('hnsw.iterative_scan', 'strict_order', false),
       set_config('jit', 'off', false), set_config('client_min_messages', 'error', false),
       getdatabaseencoding()
"""

_WRITING = """
SET LOCAL lock_timeout = '{wait}s'; SET LOCAL statement_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL client_connection_check_interval = '2s';
-- What is said to be written is written, also where the server is set to say so before it is.
SELECT set_config('synchronous_commit', 'on', true)
WHERE current_setting('synchronous_commit') = 'off'
"""


def run(
    connection: Connection, statement: str, given: Any = None, *, binary: bool = False
) -> psycopg.Cursor[tuple[Any, ...]]:
    """Execute a statement. Values from outside are passed in `given`, never in its text."""
    return connection.execute(statement.encode(), given, binary=binary)


class Connections:
    """The connections of one program to one library. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        """Set the database; nothing is opened yet."""
        self.database = database
        self._idle: list[tuple[Connection, float]] = []
        self._lock = threading.Lock()
        self._held = threading.local()
        self._process = os.getpid()
        weakref.finalize(self, _close, self._idle, self._process)

    @property
    def writing(self) -> bool:
        """Whether this thread is in a `transaction`."""
        return getattr(self._held, "connection", None) is not None

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Yield the connection of this thread's transaction, or else one from the pool.

        On a connection from the pool, each statement is its own transaction.
        """
        with self._told():
            if self.writing:
                yield self._held.connection
            else:
                connection = self._take()
                try:
                    yield connection
                finally:
                    self._give(connection)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Put all that this thread does into one transaction, excluding all others.

        Raises LibraryError when another program holds one for ten minutes.
        """
        with self.connection() as connection, connection.transaction():
            run(connection, _WRITING.format(wait=WAIT_SECONDS))
            lock = f"footnoted in {self.database.schema}"
            run(connection, "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (lock,))
            self._held.connection = connection
            try:
                yield connection
            finally:
                self._held.connection = None

    def set_up(self, connection: Connection) -> str:
        """Apply the settings of a new connection; return the database's encoding."""
        given = {"schema": self.database.schema, "read": f"{READ_SECONDS}s"}
        [row] = run(connection, _SET_UP, given).fetchall()
        return str(row[-1])

    def _take(self) -> Connection:
        if self._process != os.getpid():  # After a fork: these belong to the parent.
            self._process = os.getpid()
            self._idle.clear()
        while True:
            with self._lock:
                if not self._idle:
                    break
                connection, since = self._idle.pop()
            if _is_there(connection, since):
                return connection
            connection.close()
        return self._open()

    def _give(self, connection: Connection) -> None:
        from psycopg.pq import TransactionStatus

        usable = connection.info.transaction_status == TransactionStatus.IDLE
        with self._lock:
            if usable and len(self._idle) < KEPT:
                self._idle.append((connection, time.monotonic()))
                return
        connection.close()

    def _open(self) -> Connection:
        psycopg = _driver()
        try:
            given = psycopg.conninfo.conninfo_to_dict(self.database.address)
        except psycopg.Error:  # Its message would quote the address.
            raise LibraryError(
                f"PostgreSQL's client library cannot read the address of the library "
                f"{self.database}: check its parameters."
            ) from None
        try:
            connection: Connection = psycopg.connect(
                **{**_DEFAULTS, **given},
                autocommit=True,
                # A prepared plan would outlive a change of the tables, and a pooler's session.
                prepare_threshold=None,
            )
        except psycopg.Error as error:
            said = self._said(error)
            raise LibraryError(
                f"The library {self.database} cannot be reached: {said}. {_advice(said)}"
            ) from None
        try:
            encoding = self.set_up(connection)
            if encoding != "UTF8":
                raise LibraryError(
                    f"The database of the library {self.database} has the encoding {encoding}: "
                    "make one with UTF8 (createdb --encoding=UTF8 --template=template0)."
                )
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn the driver's errors into a LibraryError of one sentence."""
        psycopg = _driver()
        try:
            yield
        except psycopg.Error as error:
            raise LibraryError(self._sentence(error)) from error

    def _sentence(self, error: psycopg.Error) -> str:
        psycopg = _driver()
        errors, name, said = psycopg.errors, self.database, self._said(error)
        match error:
            case errors.LockNotAvailable():
                return (
                    f"Another program has been writing to the library {name} for "
                    f"{WAIT_SECONDS // 60} minutes. Wait until it is done, or stop it, and try "
                    "again."
                )
            case errors.QueryCanceled():
                return (
                    f"The library {name} took too long to answer ({said}). Try again, or allow "
                    "more with statement_timeout in the address's options."
                )
            case errors.InsufficientPrivilege():
                return (
                    f"The library {name} cannot be used as this user: {said}. Let the "
                    "administrator grant what is missing."
                )
            case errors.ReadOnlySqlTransaction():
                return (
                    f"The library {name} cannot be written: {said}. Give the address of the "
                    "server that accepts writes."
                )
            case (
                errors.UndefinedTable()
                | errors.UndefinedColumn()
                | errors.UndefinedObject()
                | errors.InvalidSchemaName()
            ):
                return (
                    f"The library {name} is missing or is not as it should be: {said}. Restore a "
                    "backup, or add the documents to a new library."
                )
            case psycopg.OperationalError() | psycopg.InterfaceError() if _is_lost(error):
                return (
                    f"The connection to the library {name} was lost: {said}. What was being "
                    "written was either saved completely or not at all. Try again."
                )
        return f"The library {name} cannot be used: {said}. Check the server's log."

    def _said(self, error: psycopg.Error) -> str:
        """Return the server's or the driver's message, on one line and without secrets."""
        said = error.diag.message_primary or str(error)
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        words = lines[0] if lines else type(error).__name__
        words = " ".join(words.removeprefix("connection failed: ").split())
        for secret in self.database.secrets:
            words = words.replace(secret, "…")
        return words.rstrip(".")


def _close(idle: list[tuple[Connection, float]], process: int) -> None:
    """Close idle connections; a forked process leaves those of its parent alone."""
    if process == os.getpid():
        for connection, _ in idle:
            connection.close()


def _driver() -> Any:
    try:
        import psycopg
        import psycopg.conninfo
    except ImportError as error:
        raise LibraryError(
            "A library in PostgreSQL needs the package psycopg: install Footnoted as "
            "footnoted[postgresql]."
        ) from error
    return psycopg


def _is_there(connection: Connection, since: float) -> bool:
    """Whether an idle connection can be used.

    If it has unrequested data to read, the server is announcing its end: the server is stopping, or
    an administrator has terminated it.
    """
    if connection.closed:
        return False
    with selectors.DefaultSelector() as waiting:
        waiting.register(connection.fileno(), selectors.EVENT_READ)
        if waiting.select(0):
            return False
    if time.monotonic() - since > SILENT_SECONDS:
        try:
            run(connection, "SELECT 1")
        except _driver().Error:
            return False
    return True


def _is_lost(error: psycopg.Error) -> bool:
    """Whether an error means a lost connection (class 08, 57P, or no server error at all)."""
    return error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))


_ADVICE = (
    (
        r"password|authentication|no pg_hba|role .* does not exist",
        "Give the right user in the address, and the password in PGPASSWORD or ~/.pgpass.",
    ),
    (
        r"too many (?:clients|connections)|connection slots",
        "Close other windows, raise max_connections, or put a pooler before the server.",
    ),
    (r"database .* does not exist", "Make it with createdb, or change the address."),
    (r"starting up|shutting down|recovery", "Try again when it is up."),
)


def _advice(said: str) -> str:
    for pattern, advice in _ADVICE:
        if re.search(pattern, said):
            return advice
    return "Check that the server is running and can be reached from here, or change the address."
