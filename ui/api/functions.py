"""What programs may do with a library, through `/v1/`, Gradio's endpoints or MCP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from index.documents import Document
from index.errors import UserError
from index.library import Added
from index.loading.load import load_address, load_bytes
from rag.answer import Answer, AnswerSentence, Event, Found, Searching
from rag.asking.rewrite import Turn
from rag.assistant import Assistant
from rag.checking.verdict import as_json
from rag.finding.quotes import find_quotes
from rag.quote import Quote, quotes_as_json
from rag.trace import Line
from rag.turns import Queued
from rag.writing.retry import Waiting
from ui.panels.answering import Answering
from ui.panels.events import MAX_QUESTION, Rights

MOST_QUOTES = 50

MOST_CHECKED = 50_000
"""Characters of a text that `check` takes: some four hundred sentences."""

CONTEXT = 300
"""How many characters around a quote `place` returns, on each side."""

Payload = tuple[Literal["searching", "quotes", "waiting", "sentence", "answer"], dict[str, Any]]
"""A step of an answer in progress: the name of its event, and its data."""


class Forbidden(UserError):
    """The user may not do this."""


class Functions:
    """The functions, for one assistant and the rights of its users. All raise UserError."""

    def __init__(self, assistant: Assistant, rights: Rights) -> None:
        self.assistant = assistant
        self.rights = rights

    # --- asking

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        exclude: Sequence[str] = (),
        tags: Sequence[str] = (),
        *,
        use_llm: bool = True,
    ) -> Answer:
        """Answer a question, or refuse. `exclude` names documents, by id, name or title.

        With `tags` only documents that have one of them are asked.
        """
        *_, answer = self.events(question, history, exclude, tags, use_llm=use_llm)
        if not isinstance(answer, Answer):
            raise TypeError(answer)
        return answer

    def events(
        self,
        question: str,
        history: Sequence[Turn] = (),
        exclude: Sequence[str] = (),
        tags: Sequence[str] = (),
        *,
        use_llm: bool = True,
    ) -> Iterator[Event | Waiting | Queued]:
        """Answer a question step by step; closing the iterator stops the answer."""
        words = _words(question)
        left_out = [self.assistant.library.find(each).id for each in exclude]
        answering = Answering(
            words,
            lambda wait: self.assistant.stream(
                words, history, exclude=left_out, tags=tags, use_llm=use_llm, wait=wait
            ),
        )
        for event in answering:
            if isinstance(event, UserError):
                raise event
            yield event

    def search(self, question: str, limit: int) -> list[dict[str, Any]]:
        """Return the quotes that are most likely to answer a question, best first."""
        most = min(max(int(limit), 1), MOST_QUOTES)
        library, reranker = self.assistant.library, self.assistant.reranker
        return quotes_as_json(find_quotes(library, reranker, _words(question), most).quotes)

    def check(self, text: str) -> dict[str, Any]:
        """Check a text sentence by sentence."""
        if not text.strip():
            raise UserError("The text is empty.")
        if len(text) > MOST_CHECKED:
            raise UserError(
                f"The text has {len(text):,} characters, and up to {MOST_CHECKED:,} are checked at "
                "once. Send it in parts, or use `footnoted check FILE`."
            )
        draft = load_bytes(text.encode(errors="replace"), "text.txt")
        return as_json(draft, list(self.assistant.check(draft)))

    # --- documents

    def place(self, name: str, start: int, end: int) -> dict[str, Any]:
        """Return a place in a document, with the text around it."""
        quote = self._quote(name, start, end)
        text, told = quote.document.text, quote.as_json()
        return {
            "document": told["document"],
            "start": start,
            "end": end,
            "before": text[max(0, start - CONTEXT) : start],
            "quote": quote.text,
            "after": text[end : end + CONTEXT],
            "page": quote.page,
            "page_kind": told["page_kind"],
        }

    def translate(self, name: str, start: int, end: int, language: str) -> dict[str, Any]:
        """Translate a quote with the language model; nothing proves the translation."""
        return self.assistant.translate(self._quote(name, start, end), language).as_json()

    def _quote(self, name: str, start: int, end: int) -> Quote:
        found = self.assistant.library.find(name)
        if not 0 <= start < end <= len(found.text):
            raise UserError(
                f"There is no place {start}-{end} in {found.name}, which has "
                f"{len(found.text)} characters."
            )
        return Quote(found, start, end, 0.0)

    def add_file(self, user: str | None, data: bytes, name: str) -> Added:
        """Add a file's bytes under a name; adding the same bytes again changes nothing."""
        self._check_right(user, "add")
        with Line("add", source=name) as line:
            added = self.assistant.library.add(load_bytes(data, name))
            line.added(added)
        return added

    def add_address(self, user: str | None, address: str) -> Added:
        """Add the content of a web address; never a file of this computer."""
        self._check_right(user, "add", "fetch")
        with Line("add", source=address) as line:
            private = self.assistant.settings.private_addresses
            added = self.assistant.library.add(load_address(address, private=private))
            line.added(added)
        return added

    def remove(self, user: str | None, name: str) -> Document:
        """Remove a document."""
        self._check_right(user, "remove")
        with Line("remove", document=name) as line:
            found = self.assistant.library.find(name)
            self.assistant.library.remove(found.id)
            line.removed(found.id)
        return found

    def _check_right(self, user: str | None, *wanted: Literal["add", "remove", "fetch"]) -> None:
        if refused := self.rights.refusal_of(user, *wanted):
            raise Forbidden(refused)

    def check_may_read(self, user: str | None) -> None:
        """Raise Forbidden if a user may not read the library, which every function requires."""
        if refused := self.rights.refusal_to_read(user):
            raise Forbidden(refused)

    def check_may_run(self, user: str | None) -> None:
        """Raise Forbidden if a user may not run sets, which writes into the library's folder."""
        self._check_right(user, "add")


def payloads(events: Iterator[Event | Waiting | Queued]) -> Iterator[Payload]:
    """Yield the payload of each step, and each sentence once, as soon as it is proven.

    A sentence comes with the quotes of its footnotes.
    """
    said = 0
    for event in events:
        match event:
            case Searching():
                yield "searching", {"question": event.question}
            case Found():
                yield "quotes", {"quotes": quotes_as_json(event.quotes)}
            case Waiting() | Queued():
                yield "waiting", {"message": f"{event}."}
            case _:
                for each in event.sentences[said:]:
                    if each.supported:
                        yield "sentence", _sentence(each, event.citations)
                said = len(event.sentences)
                if isinstance(event, Answer):
                    yield "answer", event.as_json()


def _sentence(each: AnswerSentence, citations: Sequence[Quote]) -> dict[str, Any]:
    shown = [{"number": number} | citations[number - 1].as_json() for number in each.citations]
    return {"text": each.text, "citations": shown}


def _words(question: str) -> str:
    if not question.strip():
        raise UserError("The question is empty.")
    if len(question) > MAX_QUESTION:
        raise UserError(
            f"A question can have up to {MAX_QUESTION:,} characters; this one has "
            f"{len(question):,}."
        )
    return question.encode(errors="replace").decode().strip()
