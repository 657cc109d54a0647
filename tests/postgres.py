"""A PostgreSQL server of the tests' own, from the programs that Debian installs."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from index.storage.database import Database, database

PASSWORD = "Kd71-of-the-database-Xq08"

_FAST = (
    "fsync=off synchronous_commit=off full_page_writes=off max_wal_size=256MB shared_buffers=64MB "
    "autovacuum=off max_connections=150"
).split()
"""What is written here need not outlive the machine."""


def programs() -> Path | None:
    """Return where the newest server's programs are that can have pgvector."""
    found = [
        path.parent
        for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")
        if Path(f"/usr/share/postgresql/{path.parts[-3]}/extension/vector.control").exists()
    ]
    return max(found, key=lambda path: int(path.parts[-2]), default=None)


class Server:
    """A server in a folder of its own, with a socket for everybody and a port with a password."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self.folder = folder
        self.settings = (*_FAST, *settings)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self._numbers = count(1)
        words = folder / "password"
        words.write_text(PASSWORD)
        if os.geteuid() == 0:  # The server does not run as root.
            shutil.chown(folder, "postgres", "postgres")
            shutil.chown(words, "postgres", "postgres")
        self._run(
            *("initdb", "--pgdata", folder / "data", "--encoding", "UTF8", "--locale", "C.UTF-8"),
            *("--username", "ada", "--pwfile", words, "--no-sync"),
            *("--auth-local", "trust", "--auth-host", "scram-sha-256"),
        )
        self.start()
        self.execute("CREATE EXTENSION vector")

    def _run(self, program: str, *arguments: object) -> None:
        found = programs()
        assert found
        user: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []}
        subprocess.run(
            [found / program, *map(str, arguments)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            check=True,
            **(user if os.geteuid() == 0 else {}),
        )

    def start(self) -> None:
        settings = " ".join(f"-c {each}" for each in self.settings)
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder} {settings}"
        self._run(
            *("pg_ctl", "start", "-w", "-D", self.folder / "data"),
            *("-l", self.folder / "log", "-o", options),
        )

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "stop", "-w", "-D", self.folder / "data", "-m", mode)

    def execute(self, *statements: str, dbname: str = "postgres") -> list[tuple[Any, ...]]:
        """Do something as the administrator; return the last statement's rows."""
        with psycopg.connect(self._at(dbname), autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def _at(self, dbname: str) -> str:
        return f"host={self.folder} port={self.port} user=ada dbname={dbname}"

    def place(self, schema: str = "", *, dbname: str = "postgres", user: str = "ada") -> Database:
        """Return a place for a library, by default a new one, reached by the socket."""
        path = quote(f"-csearch_path={schema or f'library{next(self._numbers)}'}", safe="")
        return database(
            f"postgresql://{user}@/{dbname}?host={self.folder}&port={self.port}&options={path}"
        )

    def by_network(
        self, password: str = PASSWORD, *, port: int | None = None, dbname: str = "postgres"
    ) -> Database:
        """Return the place of the same library each time, reached by the port."""
        return database(f"postgresql://ada:{password}@127.0.0.1:{port or self.port}/{dbname}")


@contextmanager
def running(*settings: str) -> Iterator[Server]:
    """Run a server; where there is none to run, the test is skipped, and CI has one."""
    if programs() is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            "there is no PostgreSQL with pgvector (on Debian: apt-get install postgresql-17 "
            "postgresql-17-pgvector)"
        )
    with tempfile.TemporaryDirectory(
        prefix="footnoted-pg-",  # A socket's path has to be short.
        ignore_cleanup_errors=True,
    ) as folder:
        server = Server(Path(folder), *settings)
        try:
            yield server
        finally:
            server.stop("immediate")
