"""Questions to begin with: made of what the documents hold, and asked before they are shown."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from threading import Lock, Thread

from index.errors import UserError
from rag.answering.examples import candidates
from rag.assistant import Assistant

QUESTIONS = 3


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
        return list(islice(candidates(self._assistant.library, documents, names=False), QUESTIONS))

    def make(self) -> None:
        """Ask until three are answered. Raises UserError when the models cannot be read."""
        with self._making:
            documents = self._documents()
            if self._made[0] != documents:
                asked = dict.fromkeys(candidates(self._assistant.library, documents))
                answered = (each for each in asked if self._is_answered(each))
                self._made = documents, list(islice(answered, QUESTIONS))

    def _make_unless_made(self) -> None:
        with suppress(UserError):  # Whoever asks a question is told.
            self.make()

    def _documents(self) -> tuple[str, ...]:
        return tuple(each.id for each in self._assistant.library.titles())

    def _is_answered(self, question: str) -> bool:
        answer = self._assistant.ask(question, use_llm=False)
        return not answer.refused and bool(answer.citations)
