"""Answering a question from a library: the main path, one named step after another."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, replace
from itertools import repeat
from typing import TYPE_CHECKING

from index.library import Library
from index.weights.embedding import load_embedding
from rag.answer import Answer, Reason
from rag.asking.answer_type import wants_several
from rag.asking.condense import Turn, standalone
from rag.config import Settings
from rag.deciding.gate import DOUBT, Decision, Reading, judge
from rag.deciding.reader import Reader
from rag.finding.quotes import find_quotes
from rag.finding.rerank import Reranker
from rag.once import Once
from rag.quote import Quote
from rag.times.chronology import LISTED, Listing, list_entries
from rag.times.section import list_section
from rag.verifying.attribution import MAX_CITED
from rag.verifying.compose import Composition, compose, in_quotation_marks, quoted
from rag.writing.llm import LLMUnavailable, Writer, load_writer

if TYPE_CHECKING:
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.llms import LLM

MIN_QUOTES = 5
"""Candidates that every answer carries, also a refusal."""

ASKED = 2
"""Quotes that the language model reads as well where the reader is in doubt, at most: each takes
about a second."""


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
        self.reader = Reader(settings.models)
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

        What belongs to the search (the library, its embedding, reranker and reader) is this one's.
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
        fails on the way, the answer is the words that answer with their quotes.

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
        else:
            self._read(draft)
        draft.time("first_quote_s")
        yield Found(draft.quotes)
        if listing:
            yield draft.finish(None if listing.quotes else "not_in_sources")
            return

        if writer and not draft.llm_failed:
            try:
                self._ask_where_in_doubt(draft, writer)
            except LLMUnavailable as error:
                draft.fail(error)
        if not draft.decision.answerable:
            yield draft.finish("not_in_sources")
        elif writer and not draft.llm_failed:
            try:
                yield from self._write(draft, writer)
            except LLMUnavailable as error:
                draft.fail(error)
                yield self._quote(draft)
        else:
            yield self._quote(draft)

    def _read(self, draft: _Draft) -> None:
        """Read the quotes, mark the words that answer, and decide by them."""
        quotes = draft.quotes[: self.settings.quotes]
        reads = self.reader.read_quotes(draft.standalone, quotes)
        draft.decide(tuple(map(judge, repeat(draft.standalone), quotes, reads)))

    def _ask_where_in_doubt(self, draft: _Draft, writer: Writer) -> None:
        """Let the language model read the best quotes too where the reader is in doubt."""
        for _ in range(ASKED):
            doubtful = draft.decision.doubtful(DOUBT)
            if doubtful is None:
                return
            draft.llm = writer.name
            none = writer.none_probability(doubtful.quote.text, draft.standalone)
            readings = draft.decision.readings
            draft.decide(
                tuple(each.copied(none) if each is doubtful else each for each in readings)
            )

    def _write(self, draft: _Draft, writer: Writer) -> Iterator[Event]:
        """Let the LLM write from the quotes that answer, and verify what it wrote."""
        question = draft.standalone
        draft.llm = writer.name
        chosen = [each.quote for each in draft.decision.accepted]
        chosen = chosen[: MAX_CITED if wants_several(question) else 1]
        written = ""
        for piece in writer.write([(quote.text, quote.words) for quote in chosen], question):
            if piece and not written:
                draft.time("first_token_s")
            written += piece
            yield Writing(written)
        made = compose(written, draft.quotes, question, chosen, self.reader)
        draft.decision = replace(draft.decision, borne_out=made.borne_out)
        if not draft.decision.answerable:
            yield draft.finish("not_in_sources")
            return
        draft.composition = made
        yield draft.finish(None)

    def _quote(self, draft: _Draft) -> Answer:
        """Answer with the words that answer and their quotes."""
        several = wants_several(draft.standalone)
        accepted = [each.quote for each in draft.decision.accepted]
        draft.composition = quoted(accepted[: MAX_CITED if several else 1])
        return draft.finish("llm_unavailable" if draft.llm_failed else None)

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
        self.reader.load()
        with suppress(LLMUnavailable):
            writer = self._writer()
            if writer and not self.settings.llm_url:
                writer.read_examples()


class _Draft:
    """An answer while it is being made."""

    def __init__(self, question: str, settings: Settings) -> None:
        self.question = self.standalone = question
        self.quotes: tuple[Quote, ...] = ()
        self.composition = Composition()
        self.decision = Decision(())
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

    def decide(self, readings: tuple[Reading, ...]) -> None:
        """Weigh what was read; the quotes that would do show their words."""
        self.decision = Decision(readings)
        marked = {each.quote.span: each.quote for each in self.decision.accepted}
        self.quotes = tuple(marked.get(each.span, replace(each, marks=())) for each in self.quotes)

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
        # Only what is cited shows its words for good; nothing is, in a refusal.
        cited = {quote.span for quote in self.composition.citations}
        quotes = tuple(
            each if each.span in cited else replace(each, marks=()) for each in self.quotes
        )
        return Answer(
            question=self.question,
            standalone_question=self.standalone,
            sentences=tuple(self.composition.sentences),
            citations=tuple(self.composition.citations),
            quotes=quotes,
            reason=reason,
            models={
                "embedding": self._settings.embedding,
                "reranker": self._settings.reranker,
                "llm": self.llm,
            },
            timings=self._timings,
            message=self.message,
            decision=self.decision if self.decision.readings else None,
            llm_failed=self.llm_failed,
            searched=self.searched,
        )
