"""Example questions, made from the documents, and tried before they are shown."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from threading import Lock, Thread

from index.errors import UserError
from rag.answering.examples import candidates
from rag.assistant import Assistant

QUESTIONS = 3


class Examples:
    """The example questions of a library, tried in the background when its documents have changed.

    Nobody who opens a page has to wait: until they have been tried, those made from dates and
    headings are shown, which are answered by the text that they are made from.
    """

    def __init__(self, assistant: Assistant) -> None:
        """Take the assistant to ask; nothing is asked yet."""
        self._assistant = assistant
        self._made: tuple[tuple[str, ...], list[str]] = ((), [])
        self._making = Lock()

    def questions(self) -> list[str]:
        """Return up to three questions that the documents answer.

        They ask what the documents are about, what happened in the month with the most entries,
        what is said about whoever is named most, and what is under their headings. Raises UserError
        if the library cannot be read.
        """
        documents = self._documents()
        of, questions = self._made
        if of == documents:
            return list(questions)
        Thread(target=self._make_unless_made, daemon=True).start()
        return list(islice(candidates(self._assistant.library, documents, names=False), QUESTIONS))

    def make(self) -> None:
        """Try questions until three are answered. Raises UserError if a model cannot be read."""
        with self._making:
            documents = self._documents()
            if self._made[0] != documents:
                asked = dict.fromkeys(candidates(self._assistant.library, documents))
                answered = (each for each in asked if self._is_answered(each))
                self._made = documents, list(islice(answered, QUESTIONS))

    def _make_unless_made(self) -> None:
        with suppress(UserError):  # Asking a question will report it.
            self.make()

    def _documents(self) -> tuple[str, ...]:
        return tuple(each.id for each in self._assistant.library.titles())

    def _is_answered(self, question: str) -> bool:
        answer = self._assistant.ask(question, use_llm=False)
        return not answer.refused and bool(answer.citations)
