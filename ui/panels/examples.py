"""Questions to begin with: made of what the documents hold, and asked before they are shown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from threading import Lock, Thread

from index.documents import Document
from index.errors import UserError
from index.library import Library
from index.months import MONTHS
from rag.assistant import Assistant
from rag.languages import mentions

QUESTIONS = 3

WORDS = range(2, 9)
"""Words of a heading that a question can be made of: one word is a label, nine are a sentence."""

LOOKED_AT = 5
"""Documents, the newest first, that the questions are made of."""

NAMED = 5
"""How often something is named in a document that a question is asked about it."""


class Examples:
    """The questions of a library, asked in the background when its documents have changed.

    Whoever opens a page is not kept waiting: until they are asked, those are shown that come from
    dates and headings, which are answered by what they are made of.
    """

    def __init__(self, assistant: Assistant) -> None:
        """Name the assistant that is asked; nothing is asked yet."""
        self._assistant = assistant
        self._made: tuple[tuple[str, ...], list[str]] = ((), [])
        self._making = Lock()

    def questions(self) -> list[str]:
        """Return up to three questions that the documents answer.

        What they are about, what happened in the month with most entries, what they say of whom
        they name most, and what stands under their headings. Raises UserError when the library
        cannot be read.
        """
        documents = self._documents()
        of, questions = self._made
        if of == documents:
            return list(questions)
        Thread(target=self._make_unless_made, daemon=True).start()
        return list(islice(_candidates(self._assistant.library, documents, names=False), QUESTIONS))

    def make(self) -> None:
        """Ask until three are answered. Raises UserError when the models cannot be read."""
        with self._making:
            documents = self._documents()
            if self._made[0] != documents:
                candidates = dict.fromkeys(_candidates(self._assistant.library, documents))
                answered = (each for each in candidates if self._is_answered(each))
                self._made = documents, list(islice(answered, QUESTIONS))

    def _make_unless_made(self) -> None:
        with suppress(UserError):  # Whoever asks a question is told.
            self.make()

    def _documents(self) -> tuple[str, ...]:
        return tuple(entry.id for entry in self._assistant.library.entries())

    def _is_answered(self, question: str) -> bool:
        answer = self._assistant.ask(question, use_llm=False)
        return not answer.refused and bool(answer.citations)


def _candidates(library: Library, ids: tuple[str, ...], *, names: bool = True) -> Iterator[str]:
    documents = [library.document(each) for each in reversed(ids[-LOOKED_AT:])]
    yield from _about(documents)
    yield from _months(library, documents)
    yield from _names(documents) if names else ()
    yield from _headings(documents)


def _about(documents: list[Document]) -> Iterator[str]:
    """Yield the question that everybody has first."""
    if documents:
        what = "is this document" if len(documents) == 1 else "are these documents"
        yield f"What {what} about?"


def _months(library: Library, documents: list[Document]) -> Iterator[str]:
    """Yield a question on the month that most entries of the chronologies fall into."""
    months = Counter(
        (passage.dates[0].year, passage.dates[0].month)
        for document in documents
        for passage in library.passages(document.id)
        if passage.dates
    )
    for (year, month), _ in months.most_common(1):
        yield f"What happened in {MONTHS[month - 1]} {year}?"


def _names(documents: list[Document]) -> Iterator[str]:
    """Yield a question on what is named most often."""
    for document in documents:
        text = document.text
        names = Counter(
            text[each.start : each.end] for each in mentions(text) if each.kind == "name"
        )
        for name, count in names.most_common():
            if count >= NAMED and "\n" not in name:
                yield f"Tell me about {name}."
                break


def _headings(documents: list[Document]) -> Iterator[str]:
    """Yield questions on the headings below the title, in turns over the documents."""
    for document in documents:
        for heading in document.headings:
            words = re.sub(r"\s+", " ", document.text[heading.start : heading.end]).strip("# .:")
            if heading.level > 1 and len(words.split()) in WORDS and not _asks(words):
                yield f"What does the section “{words}” say?"


def _asks(words: str) -> bool:
    return words.endswith("?") or any(sign.isdigit() for sign in words)
