"""The library's log: people's ratings of answers (with the answers) and overruled verdicts.

    <folder>/log.db     one row per rated answer, or per overruled verdict

It is never searched, and the library works without it. Rating an answer again, or overruling a
verdict again, replaces the row; taking it back deletes the row.
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
    "(id TEXT PRIMARY KEY, at TEXT NOT NULL, rating TEXT NOT NULL, answer TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS overruled "
    "(sentence TEXT, verdict TEXT, at TEXT NOT NULL, instead TEXT NOT NULL, note TEXT NOT NULL, "
    "PRIMARY KEY (sentence, verdict))",
)


class Log:
    """The log in one library's folder; the first entry creates the file.

    All methods raise LibraryError when the log cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "log.db"

    def rate(self, conversation: str, answer: Mapping[str, Any], rating: Rating | None) -> None:
        """Store the rating of an answer, which is the object that `footnoted ask --json` prints.

        The answer is identified by its conversation, its question and its text. A rating of None
        takes an earlier one back.
        """
        key = text_sha256(json.dumps([conversation, answer["question"], answer["answer"]]))
        with self._connection() as connection:
            connection.execute("DELETE FROM ratings WHERE id = ?", (key,))
            if rating:
                row = (key, _now(), rating, json.dumps(answer, ensure_ascii=False))
                connection.execute("INSERT INTO ratings VALUES (?, ?, ?, ?)", row)

    def ratings(self) -> list[dict[str, Any]]:
        """Return `{"at", "rating", "answer"}` for each answer that was rated, the oldest first."""
        rows = self._rows("SELECT at, rating, answer FROM ratings ORDER BY at, rowid")
        return [{"at": at, "rating": rating, "answer": json.loads(a)} for at, rating, a in rows]

    def overrule(self, sentence: str, verdict: str, instead: str | None, note: str = "") -> None:
        """Store the verdict that a person gives a sentence `instead`; None takes it back."""
        known = (sentence, verdict)
        with self._connection() as connection:
            connection.execute("DELETE FROM overruled WHERE sentence = ? AND verdict = ?", known)
            if instead:
                row = (*known, _now(), instead, note)
                connection.execute("INSERT INTO overruled VALUES (?, ?, ?, ?, ?)", row)

    def overruled(self) -> dict[tuple[str, str], tuple[str, str, str]]:
        """Return the new verdict, the note and the time, by (sentence, old verdict)."""
        rows = self._rows("SELECT sentence, verdict, instead, note, at FROM overruled")
        return {(sentence, verdict): (new, note, at) for sentence, verdict, new, note, at in rows}

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        if not self._path.exists():
            return []
        with self._connection() as connection:
            return connection.execute(query).fetchall()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=30)) as connection, connection:
                for table in _SCHEMA:
                    connection.execute(table)  # Nothing is written if the table exists.
                yield connection
        except (sqlite3.Error, OSError) as error:
            raise LibraryError(f"The log {self._path} cannot be used: {error}.") from error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
