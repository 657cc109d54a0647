"""The library's log: what people said of answers, with the answers themselves.

    <folder>/log.db     one row an answer that was rated

It is no part of what is searched: without it, the library is as good. Rating an answer again
replaces what was said; taking the rating back deletes the row.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from index.documents import text_sha256
from index.errors import LibraryError

Rating = Literal["up", "down"]

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS ratings "
    "(id TEXT PRIMARY KEY, at TEXT NOT NULL, rating TEXT NOT NULL, answer TEXT NOT NULL)"
)


class Log:
    """The ratings in one library's folder; the first one makes the file."""

    def __init__(self, folder: Path) -> None:
        """Name the folder of the library."""
        self._path = folder / "log.db"

    def rate(self, conversation: str, answer: Mapping[str, Any], rating: Rating | None) -> None:
        """Keep what was said of an answer, which is the object of `footnoted ask --json`.

        An answer is known by its conversation, its question and its words. None takes back what
        was said.

        Raises LibraryError when it cannot be written.
        """
        key = text_sha256(json.dumps([conversation, answer["question"], answer["answer"]]))
        with self._connection() as connection:
            connection.execute("DELETE FROM ratings WHERE id = ?", (key,))
            if rating:
                now = datetime.now(UTC).isoformat(timespec="seconds")
                row = (key, now, rating, json.dumps(answer, ensure_ascii=False))
                connection.execute("INSERT INTO ratings VALUES (?, ?, ?, ?)", row)

    def ratings(self) -> list[dict[str, Any]]:
        """Return `{"at", "rating", "answer"}` for each answer that was rated, the oldest first.

        Raises LibraryError when the log cannot be read.
        """
        if not self._path.exists():
            return []
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT at, rating, answer FROM ratings ORDER BY at, rowid"
            ).fetchall()
        return [{"at": at, "rating": rating, "answer": json.loads(a)} for at, rating, a in rows]

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=30)) as connection, connection:
                connection.execute(_SCHEMA)
                yield connection
        except (sqlite3.Error, OSError) as error:
            raise LibraryError(f"The log {self._path} cannot be used: {error}.") from error
