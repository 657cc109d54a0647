"""What changes in a library while its window is open, whoever changes it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from index.documents import source_name
from index.library import Library
from index.printable import title_line
from index.storage.store import Title
from ui.words.words import listed, ngettext

KEPT = 10_000
"""How many changes are kept for pages that have not looked for a while."""

NAMED = 2
"""How many documents a line names; it counts the others."""

Became = Literal["added", "replaced", "removed"]


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a document, and the visitor of this window who did it, if any."""

    became: Became
    source: str
    by: str


class Changes:
    """The changes of one library, detected when a page asks; it gets those it has not seen."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._lock = threading.Lock()
        self._looked = False
        self._revision: str | None = None
        self._titles: dict[str, Title] = {}
        self._kept: deque[Change] = deque(maxlen=KEPT)
        self._number = 0
        self._by: dict[str, str] = {}

    def expect(self, document_id: str, visitor: str) -> None:
        """Note that this visitor is about to add or remove a document."""
        with self._lock:
            self._by[document_id] = visitor
            if len(self._by) > KEPT:  # Most of them changed nothing.
                self._by.pop(next(iter(self._by)))

    def look(self) -> tuple[str | None, int]:
        """Return the library's revision as it is now, and how many changes there have been.

        Raises LibraryError if it cannot be read.
        """
        with self._lock:
            store = self._library.store
            revision = store.meta().get("revision") if store.exists else None
            if revision != self._revision or not self._looked:
                titles = {each.id: each for each in self._library.titles()}
                if self._looked:
                    self._compare(titles)
                self._looked, self._revision, self._titles = True, revision, titles
            return self._revision, self._number

    def since(self, number: int, visitor: str) -> list[Change]:
        """Return the changes after the first `number`, without the visitor's own."""
        with self._lock:
            new = min(self._number - number, len(self._kept))
            return [
                each for each in list(self._kept)[len(self._kept) - new :] if each.by != visitor
            ]

    def _compare(self, titles: dict[str, Title]) -> None:
        came = [each for name, each in titles.items() if name not in self._titles]
        gone = {each.source: each for name, each in self._titles.items() if name not in titles}
        for each in came:
            self._keep("replaced" if gone.pop(each.source, None) else "added", each)
        for each in gone.values():
            self._keep("removed", each)

    def _keep(self, became: Became, document: Title) -> None:
        self._kept.append(Change(became, document.source, self._by.pop(document.id, "")))
        self._number += 1


def in_words(changes: Sequence[Change]) -> str:
    """Return changes on one line: “docs/new.pdf was added. notes.md was removed.”"""
    sources: dict[Became, list[str]] = {}
    for each in changes:
        sources.setdefault(each.became, []).append(each.source)
    return " ".join(_in_words(became, names) for became, names in sources.items())


def _in_words(became: Became, sources: Sequence[str]) -> str:
    names = [_short(each) for each in sources[:NAMED]]
    if more := len(sources) - len(names):
        names.append(ngettext("%(num)s other", "%(num)s others", more))
    given, number = {"names": listed(names)}, len(sources)
    match became:
        case "added":
            return ngettext("%(names)s was added.", "%(names)s were added.", number, **given)
        case "replaced":
            return ngettext("%(names)s was replaced.", "%(names)s were replaced.", number, **given)
        case "removed":
            return ngettext("%(names)s was removed.", "%(names)s were removed.", number, **given)


def _short(source: str) -> str:
    """Return the name of a document; for a file, with the folder that it is in."""
    path = PurePath(source)
    return title_line("/".join(path.parts[-2:]) if path.is_absolute() else source_name(source))
