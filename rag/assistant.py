"""Answering a question from a library: the main path, one named step after another."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from index.embedding import load_embedding
from index.library import Library
from rag.answer import Answer, Quote, Reason
from rag.answer_type import wants_several
from rag.attribution import MAX_CITED
from rag.chronology import LISTED, Listing, list_entries
from rag.compose import Composition, compose, in_quotation_marks, quoted
from rag.condense import Turn, standalone
from rag.config import Settings
from rag.gate import HOPELESS, SURE, Decision, Reading, decide, decide_by_score, read
from rag.llm import LLMUnavailable, Writer, load_writer
from rag.once import Once
from rag.quotes import find_quotes
from rag.rerank import Reranker
from rag.section import list_section

if TYPE_CHECKING:
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.llms import LLM

MIN_QUOTES = 5
"""Candidates that every answer carries, also a refusal."""

READ = 3
"""Quotes that are read for one answer: a fourth was the best one for none of the development cases,
and each takes a second or two."""


@dataclass(frozen=True, slots=True)
class Searching:
    """The question that is searched for, made to stand alone."""

    question: str


@dataclass(frozen=True, slots=True)
class Found:
    """The quotes, ranked: there to be shown while the answer is still being written."""

    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Writing:
    """All that the LLM has written so far: not verified yet, and without footnotes."""

    text: str


Event = Searching | Found | Writing | Answer


class Assistant:
    """Answers questions from one library. Safe to use from several threads."""

    def __init__(self, settings: Settings, *, check: bool = True) -> None:
        """Open the library and name the models; weights are loaded when they are first needed.

        Raises LibraryError when the library cannot be used with these settings; without `check`,
        one that was made with others can be opened to be made anew.
        """
        self.settings = settings
        self.reranker = Reranker(settings.reranker, settings.models)
        self._embedding: Once[BaseEmbedding] = Once(
            lambda: load_embedding(settings.embedding, settings.models)
        )
        self._writer: Once[Writer | None] = Once(lambda: load_writer(settings))
        self.library = Library(
            settings.library,
            embedding_name=settings.embedding,
            embedding=self._embedding,
            server=settings.chroma_url,
            check=check,
        )

    @property
    def writer(self) -> Writer | None:
        """The language model, or None where the settings have none.

        Raises LLMUnavailable when it cannot be loaded.
        """
        return self._writer()

    def with_settings(self, settings: Settings) -> Assistant:
        """Return an assistant of the same library and search that answers by other settings.

        What belongs to the search (the library, its embedding, the reranker) is this one's.
        """
        other = copy(self)
        other.settings = settings
        other._writer = Once(lambda: load_writer(settings))
        return other

    def with_llm(self, wrap: Callable[[LLM], LLM]) -> Assistant:
        """Return an assistant that is the same but for its language model, which is wrapped."""
        other = copy(self)

        def wrapped() -> Writer | None:
            writer = self._writer()
            return Writer(wrap(writer.llm), writer.name) if writer else None

        other._writer = Once(wrapped)
        return other

    def ask(self, question: str, history: Sequence[Turn] = (), *, use_llm: bool = True) -> Answer:
        """Answer a question, or refuse. See `stream`."""
        *_, answer = self.stream(question, history, use_llm=use_llm)
        if not isinstance(answer, Answer):
            raise TypeError(answer)
        return answer

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        use_llm: bool = True,
        without: Sequence[str] = (),
    ) -> Iterator[Event]:
        """Answer a question step by step; the last event is the Answer.

        Documents `without`, by their ids, are left aside. Without a language model, or when it
        fails on the way, the answer is made of quotes.

        Raises ModelMissing when the weights for searching are not on this machine.
        """
        draft = _Draft(question, self.settings)
        if self.library.is_empty:
            yield draft.finish("no_documents")
            return
        writer = self._load_writer(draft) if use_llm else None
        draft.standalone = self._standalone(question, history, writer, draft)
        yield Searching(draft.standalone)

        limit = max(self.settings.quotes, MIN_QUOTES)
        draft.quotes, draft.searched = find_quotes(
            self.library, self.reranker, draft.standalone, limit, without
        )
        draft.time("retrieve_s")
        most = min(LISTED, self.settings.sentences)
        listing = list_entries(
            draft.standalone, self.library, self.reranker, draft.quotes, without, most
        ) or list_section(draft.standalone, self.library, self.reranker, without, most)
        if listing:
            draft.list_quotes(listing)
        draft.time("first_quote_s")
        yield Found(draft.quotes)
        if listing:
            yield draft.finish(None if listing.quotes else "not_in_sources")
            return

        if writer and draft.quotes and not draft.message:
            try:
                yield from self._write(draft, writer)
            except LLMUnavailable as error:
                draft.fail(error)
            else:
                return
        yield self._quote(draft)

    def _write(self, draft: _Draft, writer: Writer) -> Iterator[Event]:
        """Let the LLM read the quotes, decide by that whether to refuse, and let it write."""
        question = draft.standalone
        draft.llm = writer.name
        draft.decision = self._read(draft, writer)
        if not draft.decision.answerable:
            yield draft.finish("not_in_sources")
            return
        chosen = draft.decision.accepted[: MAX_CITED if wants_several(question) else 1]
        written = ""
        for piece in writer.write([(each.quote.text, each.words) for each in chosen], question):
            if piece and not written:
                draft.time("first_token_s")
            written += piece
            yield Writing(written)
        made = compose(written, draft.quotes, question, chosen)
        draft.decision = replace(draft.decision, borne_out=made.borne_out)
        if not draft.decision.answerable:
            yield draft.finish("not_in_sources")
            return
        draft.composition = made
        yield draft.finish(None)

    def _read(self, draft: _Draft, writer: Writer) -> Decision:
        """Read the quotes one by one until one surely answers.

        A question that may have several answers is read to the end. Quotes on something else are
        not read.
        """
        question = draft.standalone
        several = wants_several(question)
        limit = self.settings.quotes if several else min(self.settings.quotes, READ)
        readings: list[Reading] = []
        for quote in draft.quotes[:limit]:
            if quote.score >= HOPELESS:
                readings.append(read(question, quote, writer.copy(quote.text, question)))
                if readings[-1].probability >= SURE and not several:
                    break
        return decide(readings)

    def _quote(self, draft: _Draft) -> Answer:
        """Answer with the quotes themselves, or refuse by the reranker's scores alone."""
        draft.decision = decide_by_score(draft.standalone, draft.quotes)
        if not draft.decision.answerable:
            return draft.finish("not_in_sources")
        draft.composition = quoted(draft.quotes)
        return draft.finish("llm_unavailable" if draft.message else None)

    def _standalone(
        self, question: str, history: Sequence[Turn], writer: Writer | None, draft: _Draft
    ) -> str:
        try:
            return standalone(question, history, writer)
        except LLMUnavailable as error:
            draft.fail(error)
            return standalone(question, history, None)

    def _load_writer(self, draft: _Draft) -> Writer | None:
        try:
            return self._writer()
        except LLMUnavailable as error:
            draft.fail(error)
            return None

    def load(self) -> None:
        """Load all models now rather than with the first question.

        Raises ModelMissing when the weights for searching are not on this machine. A language
        model that cannot be loaded is told with each answer.
        """
        self._embedding()
        self.reranker.load()
        self._load_writer(_Draft("", self.settings))


class _Draft:
    """An answer while it is being made."""

    def __init__(self, question: str, settings: Settings) -> None:
        self.question = self.standalone = question
        self.quotes: tuple[Quote, ...] = ()
        self.composition = Composition()
        self.decision: Decision | None = None
        self.message: str | None = None
        self.llm: str | None = None
        self.llm_failed = False
        self.searched = 0
        self._settings = settings
        self._started = time.perf_counter()
        self._timings: dict[str, float | None] = dict.fromkeys(
            ("retrieve_s", "first_quote_s", "first_token_s", "total_s")
        )

    def fail(self, error: LLMUnavailable) -> None:
        """Go on without the language model, and say why."""
        self.message, self.llm, self.llm_failed = str(error), None, True

    def list_quotes(self, listing: Listing) -> None:
        """Answer with the entries or the section asked for, before the quotes of the search."""
        for quote in listing.quotes:
            self.composition.cite(in_quotation_marks(quote), [quote])
        listed = {quote.span for quote in listing.quotes}
        others = (quote for quote in self.quotes if quote.span not in listed)
        self.quotes = (*listing.quotes, *others)
        self.message = " ".join(filter(None, (self.message, listing.note))) or None

    def time(self, name: str) -> None:
        """Note how long it took from the question to here, in seconds."""
        self._timings[name] = time.perf_counter() - self._started

    def finish(self, reason: Reason | None) -> Answer:
        """Return the answer as it stands."""
        self.composition, left = self.composition.first(self._settings.sentences)
        if left:
            more = "1 further sentence is" if left == 1 else f"{left} further sentences are"
            note = f"{more} left out: an answer is set to have {self._settings.sentences} at most."
            self.message = " ".join(filter(None, (self.message, note)))
        self.time("total_s")
        return Answer(
            question=self.question,
            standalone_question=self.standalone,
            sentences=tuple(self.composition.sentences),
            citations=tuple(self.composition.citations),
            quotes=self.quotes,
            reason=reason,
            models={
                "embedding": self._settings.embedding,
                "reranker": self._settings.reranker,
                "llm": self.llm,
            },
            timings=self._timings,
            message=self.message,
            decision=self.decision,
            llm_failed=self.llm_failed,
            searched=self.searched,
        )
