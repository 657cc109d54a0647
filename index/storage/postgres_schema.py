"""The tables of a library in PostgreSQL, and checks of their requirements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from index.errors import LibraryError
from index.storage.connections import Connections, run
from index.storage.database import Database

if TYPE_CHECKING:
    from index.storage.connections import Connection

SCHEMA_VERSION = "1"

LEAST_PGVECTOR = (0, 8)
"""The first version with iterative index scans, which find enough passages despite `exclude`."""

SCANS = """
    CREATE TABLE IF NOT EXISTS scans (
        document_id text NOT NULL REFERENCES documents ON DELETE CASCADE, page integer NOT NULL,
        confidence double precision NOT NULL, words text NOT NULL,
        PRIMARY KEY (document_id, page))
    """
"""Libraries without this table are valid: the next command that writes creates it."""

_SCHEMA = (
    "CREATE TABLE meta (key text PRIMARY KEY, value text NOT NULL)",
    # `place` is the order of insertion.
    """
    CREATE TABLE documents (
        id text PRIMARY KEY, title text NOT NULL, source text NOT NULL, sha256 text NOT NULL,
        headings text NOT NULL, pages text NOT NULL, added text NOT NULL, text text NOT NULL,
        loader text NOT NULL, properties text NOT NULL, styles text NOT NULL,
        characters integer NOT NULL, passages integer NOT NULL,
        place bigint GENERATED ALWAYS AS IDENTITY)
    """,
    # An address may be too long for an ordinary index.
    "CREATE INDEX documents_source ON documents USING hash (source)",
    """
    CREATE TABLE passages (
        document_id text NOT NULL REFERENCES documents ON DELETE CASCADE, number integer NOT NULL,
        start integer NOT NULL, "end" integer NOT NULL, sentences text NOT NULL, heading text,
        first_day date, last_day date, words tsvector NOT NULL,
        place bigint GENERATED ALWAYS AS IDENTITY, PRIMARY KEY (document_id, number))
    """,
    # The number of passages with each word. Words of a question are looked up by their bytes.
    """
    CREATE TABLE words (word text COLLATE "C" PRIMARY KEY, passages integer NOT NULL)
    WITH (fillfactor = 70)
    """,
    "CREATE INDEX passages_words ON passages USING gin (words)",
    "CREATE INDEX passages_days ON passages (first_day, last_day) WHERE first_day IS NOT NULL",
    """
    CREATE TABLE files (
        document_id text PRIMARY KEY REFERENCES documents ON DELETE CASCADE, data bytea NOT NULL)
    """,
    """
    CREATE TABLE readings (
        sha256 text NOT NULL, loader text NOT NULL,
        document_id text NOT NULL REFERENCES documents ON DELETE CASCADE,
        PRIMARY KEY (sha256, loader))
    """,
    "CREATE INDEX readings_document ON readings (document_id)",
    SCANS,
    # Porter's stems, as in FTS5, and no stop words: they are removed from the question before.
    "CREATE TEXT SEARCH DICTIONARY footnoted (TEMPLATE = snowball, Language = porter)",
    "CREATE TEXT SEARCH CONFIGURATION footnoted (PARSER = default)",
    """
    ALTER TEXT SEARCH CONFIGURATION footnoted ADD MAPPING FOR
        asciiword, word, numword, int, uint, float, sfloat, version, asciihword, hword, numhword,
        hword_asciipart, hword_part, hword_numpart, email, url, host, url_path, file
    WITH footnoted
    """,
)


def prepare(connections: Connections, connection: Connection) -> None:
    """Create the schema and tables of an empty library, in the caller's transaction.

    Raises LibraryError if pgvector is missing and cannot be installed.
    """
    place = connections.database
    there = "SELECT FROM pg_namespace WHERE nspname = %s"
    if not run(connection, there, (place.schema,)).rowcount:
        run(connection, f'CREATE SCHEMA "{place.schema}"')
    if pgvector_problem(connection):
        _install_pgvector(connection)
    if problem := pgvector_problem(connection):
        raise LibraryError(f"The library {place} cannot be made: {problem}")
    connections.set_up(connection)
    for statement in _SCHEMA:
        run(connection, statement)


def _install_pgvector(connection: Connection) -> None:
    import psycopg

    # The extension may be missing on the server, or this user may lack the right to install it.
    with suppress(psycopg.Error), connection.transaction():
        run(connection, "CREATE EXTENSION IF NOT EXISTS vector SCHEMA public")


def diagnosis(
    connection: Connection, place: Database, *, exists: bool
) -> Iterator[tuple[Literal["ok", "note", "wrong"], str]]:
    """Report whether the server, its extension and the user's rights meet the requirements."""
    [[version, user, may_create]] = run(
        connection,
        "SELECT current_setting('server_version'), current_user, "
        "has_database_privilege(current_database(), 'CREATE') OR coalesce((SELECT "
        "has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = %s), false)",
        (place.schema,),
    )
    yield "ok", f"{place} answers: PostgreSQL {version}"
    if problem := pgvector_problem(connection):
        yield ("wrong" if exists else "note"), f"{place}: {problem}"
    if exists and not may_be_written(connection):
        yield "note", f"{place} may be read and not be written as {user}"
    elif not exists and not may_create:
        yield (
            "wrong",
            f"No library can be made in {place}: let an administrator run CREATE SCHEMA "
            f"{place.schema} AUTHORIZATION {user} in that database.",
        )


def may_be_written(connection: Connection) -> bool:
    """Whether this user may write to an existing library, and the server is not a replica."""
    allowed = "SELECT NOT pg_is_in_recovery() AND has_table_privilege('meta', 'UPDATE')"
    [[may]] = run(connection, allowed)
    return bool(may)


def pgvector_problem(connection: Connection) -> str | None:
    """Say what is wrong with pgvector, if anything."""
    query = "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
    row = run(connection, query).fetchone()
    if row is None:
        return (
            "its database has no pgvector. Install it on the server (on Debian "
            "postgresql-17-pgvector), and let an administrator run CREATE EXTENSION vector in "
            "that database."
        )
    if tuple(int(each) for each in re.findall(r"\d+", row[0])[:2]) < LEAST_PGVECTOR:
        least = ".".join(map(str, LEAST_PGVECTOR))
        return (
            f"its pgvector is {row[0]}, and {least} is needed. Install that, and let an "
            "administrator run ALTER EXTENSION vector UPDATE in that database."
        )
    return None
