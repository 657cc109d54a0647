"""A cache of verdicts.

    <folder>/checked.db     one row per sentence; its key covers all that the verdict depends on

A check that was stopped resumes where it was, and in a draft that was changed only what is new is
checked. Nothing else depends on the cache: what cannot be stored, or read, is checked again.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import astuple

from index.documents import Document, text_sha256
from index.library import Library
from rag.checking.draft import Statement
from rag.checking.verdict import Checked, sentence_as_json, sentence_from_json
from rag.program import code_hash
from rag.quote import Quote


class VerdictCache:
    """The verdicts on sentences against a library as it is now, without the excluded documents."""

    def __init__(self, library: Library, reranker: str, exclude: Sequence[str]) -> None:
        self._path = library.folder / "checked.db"
        self._library = library
        entries = {entry.id: entry.loader for entry in library.entries()}
        documents = [sorted(entries.items()), sorted(entries.keys() & set(exclude))]
        program = [code_hash("index", "rag"), library.fingerprint, reranker]
        self._conditions = json.dumps(program + documents)

    def find(
        self, draft: Document, statement: Statement, before: Sequence[Quote]
    ) -> Checked | None:
        """Return what was kept for a sentence, at its place in this draft; None if nothing was.

        The verdict depends on the quotes of the sentence `before`, too.
        """
        if not self._path.exists():
            return None
        key = self._key(draft, statement, before)
        try:
            with closing(sqlite3.connect(self._path, timeout=5)) as connection:
                query = "SELECT checked FROM checked WHERE id = ?"
                row = connection.execute(query, (key,)).fetchone()
                fields = row and json.loads(row[0])
        except (sqlite3.Error, ValueError):
            return None
        return fields and sentence_from_json(fields, self._library, statement.start)

    def keep(
        self, draft: Document, statement: Statement, before: Sequence[Quote], checked: Checked
    ) -> None:
        """Keep a sentence's verdict, and delete those for earlier states of the library."""
        sentence = sentence_as_json(draft, checked)
        del sentence["text"]  # The key has its hash.
        payload = json.dumps(sentence, ensure_ascii=False)
        made = text_sha256(self._conditions)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=5)) as connection, connection:
                connection.execute(
                    "CREATE TABLE IF NOT EXISTS checked "
                    "(id TEXT PRIMARY KEY, conditions TEXT NOT NULL, checked TEXT NOT NULL)"
                )
                connection.execute("DELETE FROM checked WHERE conditions != ?", (made,))
                row = (self._key(draft, statement, before), made, payload)
                connection.execute("INSERT OR REPLACE INTO checked VALUES (?, ?, ?)", row)
        except (sqlite3.Error, OSError):
            return

    def _key(self, draft: Document, statement: Statement, before: Sequence[Quote]) -> str:
        words = draft.text[statement.start : statement.end]
        places = [quote.span for quote in before]
        parts = [self._conditions, words, statement.text, places]
        return text_sha256(json.dumps(parts, default=astuple))
