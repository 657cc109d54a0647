"""Answering a question from a library: the main path, one named step after another."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING

from index.documents import Document
from index.library import Library
from rag.answer import Answer, AnswerSentence, Reason
from rag.asking.condense import Turn, may_stand_alone, standalone
from rag.asking.parts import Difference, Interval, Parts, parted
from rag.asking.question import Question
from rag.checking.check import Sources, check
from rag.checking.kept import Kept
from rag.checking.verdict import Checked
from rag.config import Settings
from rag.deciding.gate import DOUBT, Decision, both, weigh
from rag.deciding.reader import Reader
from rag.finding.quotes import find_quotes
from rag.finding.rerank import Reranker
from rag.languages import content_words, sentence_spans
from rag.listing.about import list_about
from rag.listing.chronology import MAX_LISTED, Listing, list_entries
from rag.listing.items import list_items
from rag.listing.overview import list_overview
from rag.listing.section import list_section
from rag.log import Log
from rag.once import Once
from rag.opening import embedding_of, open_library
from rag.quote import Quote
from rag.trace import Line
from rag.turns import Paused, Turns
from rag.verifying.attribution import MAX_CITED
from rag.verifying.compose import Composition, compose, in_quotation_marks, quoted
from rag.verifying.join import joined
from rag.writing.llm import LLMUnavailable, Writer, load_writer
from rag.writing.retry import Wait, sleep

if TYPE_CHECKING:
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
Find = Callable[[str, Library, Reranker, Sequence[str], int], Listing | None]
Way = Callable[["_SoFar", Sequence[str]], Iterator[Event]]


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
        self._embedding = embedding_of(settings)
        self._writer: Once[Writer | None] = Once(lambda: load_writer(settings))
        # Who searches and reads keeps a core busy; who waits for a language model does not.
        self._turns = Turns(os.cpu_count() or 1)
        self.library = open_library(settings, self._embedding, check=check)

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
            if writer is None:
                return None
            return Writer(
                wrap(writer.llm), writer.name, elsewhere=writer.elsewhere, turns=writer.turns
            )

        other._writer = Once(wrapped)
        return other

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        use_llm: bool = True,
        wait: Wait = sleep,
    ) -> Answer:
        """Answer a question, or refuse. See `stream`."""
        *_, answer = self.stream(question, history, use_llm=use_llm, wait=wait)
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
        wait: Wait = sleep,
    ) -> Iterator[Event]:
        """Answer a question step by step; the last event is the Answer.

        Documents `without`, by their ids, are left aside. Without a language model, or when it
        fails on the way, the answer is the words that answer with their quotes. Where its failure
        may pass, `wait` tells how long is waited for it, and waits.

        Raises ModelMissing when the weights for searching are not on this machine.
        """
        with Line("ask") as line:
            line.asked(question)
            with self._turns.turn(wait) as paused:
                so_far = _SoFar(question, self.settings)
                if use_llm:
                    self._writer.begin()  # It takes seconds, and what it reads is not found yet.
                    so_far.load_writer = Once(partial(self._load_writer, wait, paused))
                for event in self._events(so_far, history, without):
                    if isinstance(event, Answer):
                        line.answered(event)
                    yield event

    def _events(
        self, so_far: _SoFar, history: Sequence[Turn], without: Sequence[str]
    ) -> Iterator[Event]:
        if self.library.is_empty:
            yield so_far.finish("no_documents")
            return
        asked = so_far.question.asked
        if not (may_stand_alone(asked, history) and self._is_answered(so_far, without)):
            so_far.question = self._understood(asked, history, so_far)
        yield Searching(so_far.question.text)
        # What stands alone only behind the question before it is one question, not two.
        alone = so_far.question.text == so_far.question.asked
        parts = parted(so_far.question.text) if alone else None
        if parts and not self._one_sentence_may_say(parts, so_far, without):
            yield from self._answer_parts(parts, so_far, without)
        else:
            yield from self._answer(so_far, without)

    def check(
        self,
        draft: Document,
        *,
        without: Sequence[str] = (),
        done: Sequence[Checked] = (),
        keep: bool = False,
    ) -> Iterator[Checked]:
        """Check a text sentence by sentence, in its order: what do the sources say of it?

        Documents `without`, by their ids, are left aside. Sentences that are `done` already
        are passed. What a person has overruled in this library's log stands overruled. With
        `keep`, verdicts are kept in the library's folder, and the same sentence is not checked
        again until the library changes.

        Raises ModelMissing when the weights for searching are not on this machine.
        """
        with Line("check", document=draft.source) as line:
            line.checking(len(draft.text))
            apart = (*without, draft.id)  # It is no source of its own, where it is in the library.
            sources = Sources(self.library, self.reranker, self.reader, apart)
            overruled = Log(self.library.folder).overruled()
            kept = Kept(self.library, self.settings.reranker, apart) if keep else None
            checking = check(draft, sources, done, overruled, kept)
            while True:
                with self._turns.turn():  # For one sentence: between two, others ask.
                    each = next(checking, None)
                if each is None:
                    return
                line.checked(each)
                yield each

    def _answer(self, so_far: _SoFar, without: Sequence[str]) -> Iterator[Event]:
        """Answer one question by the first way that is for it; the last event is the Answer."""
        for so_far.way, way in self._ways:
            for event in way(so_far, without):
                yield event
                if isinstance(event, Answer):
                    return

    def _is_answered(self, so_far: _SoFar, without: Sequence[str]) -> bool:
        """Whether quotes answer the question as it was typed."""
        self._find(so_far, without)
        if self._read(so_far).answerable:
            return True
        so_far.quotes, so_far.searched = (), 0
        return False

    def _one_sentence_may_say(self, parts: Parts, so_far: _SoFar, without: Sequence[str]) -> bool:
        """Whether a sentence names both things whose difference is asked for: it may state that."""
        if not isinstance(parts.computed, Difference | Interval):
            return False
        things = content_words(" ".join(parts.computed.things))
        for quote in self._find(so_far, without):
            text = quote.text
            sentences = (text[slice(*at)] for at in sentence_spans(text, 0, len(text)))
            if any(things <= content_words(sentence) for sentence in sentences):
                return True
        so_far.quotes, so_far.searched = (), 0
        return False

    def _answer_parts(
        self, parts: Parts, so_far: _SoFar, without: Sequence[str]
    ) -> Iterator[Event]:
        """Answer each part of a question by itself, and put the answers together."""
        answers: list[Answer] = []
        history: list[Turn] = []
        for asked in parts.questions:
            part = _SoFar(asked, self.settings)
            part.load_writer = so_far.load_writer
            part.llm_failed = so_far.llm_failed or any(each.llm_failed for each in answers)
            part.most_listed = max(so_far.most_listed // len(parts.questions), 1)
            part.question = self._understood(asked, history, part)
            for event in self._answer(part, without):
                if isinstance(event, Answer):
                    answers.append(event)
                elif isinstance(event, Found):
                    so_far.add_quotes(event.quotes)
                    yield Found(so_far.quotes)
            if parts.follow_up:
                history += [("user", asked), ("assistant", answers[-1].text)]
        if parts.computed and any(answer.refused for answer in answers):
            so_far.quotes = ()  # A sentence may say it without their numbers.
            yield from self._answer(so_far, without)
            return
        so_far.join(parts, answers)
        so_far.way = "parts"
        if all(answer.refused for answer in answers):
            yield so_far.finish("not_in_sources")
        else:
            yield so_far.finish("llm_unavailable" if so_far.llm_failed else None)

    # --- the ways to answer, in the order in which they are tried; what yields nothing is passed

    @property
    def _ways(self) -> Iterator[tuple[str, Way]]:
        yield "time", self._list_entries
        finds: dict[str, Find] = {
            "section": list_section,
            "about": list_about,
            "overview": list_overview,
            "items": self._find_items,
        }
        for name, find in finds.items():
            yield name, partial(self._list_what_is_named, find)
        yield "evidence", self._answer_from_evidence

    def _list_entries(self, so_far: _SoFar, without: Sequence[str]) -> Iterator[Event]:
        """List the entries of a time, for a question that asks for one."""
        listing = list_entries(
            so_far.question.text,
            self.library,
            self.reranker,
            lambda: self._find(so_far, without),
            without,
            so_far.most_listed,
        )
        if listing:
            yield from self._list(so_far, listing, without)

    def _list_what_is_named(
        self, find: Find, so_far: _SoFar, without: Sequence[str]
    ) -> Iterator[Event]:
        """List what a question asks for: a section, a document's author, an overview, a kind."""
        asked = so_far.question.text
        listing = find(asked, self.library, self.reranker, without, so_far.most_listed)
        if listing:
            yield from self._list(so_far, listing, without)

    def _find_items(
        self,
        asked: str,
        library: Library,
        reranker: Reranker,
        without: Sequence[str],
        limit: int,
    ) -> Listing | None:
        return list_items(asked, library, reranker, self.reader, without, limit)

    def _list(self, so_far: _SoFar, listing: Listing, without: Sequence[str]) -> Iterator[Event]:
        if len(listing.quotes) < MIN_QUOTES:
            self._find(so_far, without)
        so_far.list_quotes(listing)
        so_far.time("retrieve_s")
        so_far.time("first_quote_s")
        yield Found(so_far.quotes)
        yield so_far.finish(None if listing.quotes or listing.told else "not_in_sources")

    def _answer_from_evidence(self, so_far: _SoFar, without: Sequence[str]) -> Iterator[Event]:
        """Find quotes, read them, decide whether they answer, and write from those that do."""
        self._find(so_far, without)
        so_far.time("retrieve_s")
        read = self._read(so_far)
        so_far.mark(read)
        so_far.time("first_quote_s")
        yield Found(so_far.quotes)
        so_far.decision = decision = self._ask_where_in_doubt(read, so_far)
        so_far.mark(decision)
        if not decision.answerable:
            yield so_far.finish("not_in_sources")
            return
        several = so_far.question.several
        chosen = [each.quote for each in decision.accepted][: MAX_CITED if several else 1]
        if decision.words_are_sure and (writer := so_far.writer):
            try:
                yield from self._write(so_far, writer, chosen)
                if so_far.composition.borne_out or decision.sure:
                    yield so_far.finish(None)
                else:
                    so_far.composition = Composition(borne_out=False)
                    yield so_far.finish("not_in_sources")
                return
            except LLMUnavailable as error:
                so_far.fail(error)
        so_far.composition = quoted(chosen, decision.words_are_sure)
        yield so_far.finish("llm_unavailable" if so_far.llm_failed else None)

    # --- the steps

    def _find(self, so_far: _SoFar, without: Sequence[str]) -> tuple[Quote, ...]:
        """Search for the quotes, unless that has been done."""
        if not so_far.searched:
            limit = max(self.settings.quotes, MIN_QUOTES)
            so_far.quotes, so_far.searched = find_quotes(
                self.library, self.reranker, so_far.question.text, limit, without
            )
        return so_far.quotes

    def _read(self, so_far: _SoFar) -> Decision:
        """Decide by what the reader finds in the quotes."""
        quotes = so_far.quotes[: self.settings.quotes]
        question = so_far.question
        reads = self.reader.read_quotes(question.text, quotes)
        readings = tuple(map(weigh, repeat(question), quotes, reads))
        if question.last != question.text:
            # A quote that answers the questions before is found as well: it must answer this too.
            scores = self.reranker.score(question.last, [quote.read for quote in quotes])
            scored = [
                replace(quote, score=score) for quote, score in zip(quotes, scores, strict=True)
            ]
            reads = self.reader.read_quotes(question.last, quotes)
            alone = map(weigh, repeat(question), scored, reads)
            readings = tuple(map(both, alone, readings))
        return Decision(readings)

    def _ask_where_in_doubt(self, decision: Decision, so_far: _SoFar) -> Decision:
        """Let the language model read the best quotes too where the reader is in doubt."""
        try:
            for _ in range(ASKED):
                doubtful = decision.doubtful(DOUBT)
                writer = so_far.writer if doubtful else None
                if doubtful is None or writer is None:
                    break
                so_far.llm = writer.name
                none = writer.none_probability(doubtful.quote.read, so_far.question.text)
                decision = decision.with_copied(doubtful, none)
        except LLMUnavailable as error:
            so_far.fail(error)
        return decision

    def _write(self, so_far: _SoFar, writer: Writer, chosen: Sequence[Quote]) -> Iterator[Event]:
        """Let the LLM write from the quotes that answer, and verify what it wrote."""
        so_far.llm = writer.name
        written = ""
        read = [(quote.read, quote.words) for quote in chosen]
        for piece in writer.write(read, so_far.question.text):
            if piece and not written:
                so_far.time("first_token_s")
            written += piece
            yield Writing(written)
        so_far.composition = compose(written, so_far.quotes, so_far.question, chosen, self.reader)

    def _understood(self, asked: str, history: Sequence[Turn], so_far: _SoFar) -> Question:
        try:
            return Question.of(standalone(asked, history, so_far.condense), asked)
        except LLMUnavailable as error:
            so_far.fail(error)
            return Question.of(standalone(asked, history, None), asked)

    def _load_writer(self, wait: Wait, paused: Paused) -> Writer | None:
        writer = self._writer()
        return writer.for_one_answer(wait, paused) if writer else None

    def load(self) -> None:
        """Load all models now rather than with the first question.

        Raises ModelMissing when the weights for searching are not on this machine. A language
        model that cannot be loaded is told with each answer that it would have had a part in.
        """
        self._writer.begin()
        self._embedding()
        self.reranker.load()
        self.reader.load()
        with suppress(LLMUnavailable):
            writer = self._writer()
            if writer:
                writer.read_examples()


class _SoFar:
    """An answer while it is being made."""

    def __init__(self, question: str, settings: Settings) -> None:
        self.question = Question.of(question)
        self.quotes: tuple[Quote, ...] = ()
        self.composition = Composition()
        self.decision: Decision | None = None
        self.message: str | None = None
        self.llm: str | None = None
        self.llm_failed = False
        self.searched = 0
        self.way: str | None = None
        self.most_listed = min(MAX_LISTED, settings.sentences)
        self.load_writer: Callable[[], Writer | None] = lambda: None
        self._settings = settings
        self._started = time.perf_counter()
        self._timings: dict[str, float | None] = dict.fromkeys(
            ("retrieve_s", "first_quote_s", "first_token_s", "total_s")
        )

    @property
    def writer(self) -> Writer | None:
        """The language model, which may have to be waited for; None where there is none (more)."""
        if self.llm_failed:
            return None
        try:
            return self.load_writer()
        except LLMUnavailable as error:
            self.fail(error)
            return None

    def condense(self, history: Sequence[Turn], question: str) -> str:
        """Have the language model rewrite a follow-up; nothing without one."""
        writer = self.writer
        return writer.condense(history, question) if writer else ""

    def fail(self, error: LLMUnavailable) -> None:
        """Go on without the language model, and say why."""
        self.message, self.llm, self.llm_failed = str(error), None, True

    def list_quotes(self, listing: Listing) -> None:
        """Answer with what was listed, before the quotes of the search."""
        for at, item in enumerate(listing.items, 1):
            stop = "." if at == len(listing.items) else ";"
            self.composition.cite(item.words + stop, item.quotes)
        for quote in () if listing.items else listing.quotes:
            self.composition.cite(in_quotation_marks(quote), [quote])
        self.composition.sentences += [AnswerSentence(told, (), True) for told in listing.told]
        listed = {quote.span for quote in listing.quotes}
        others = (quote for quote in self.quotes if quote.span not in listed)
        self.quotes = (*listing.quotes, *others)
        self.message = " ".join(filter(None, (self.message, listing.note))) or None

    def add_quotes(self, quotes: Sequence[Quote]) -> None:
        """Take in the quotes that were found for a part of the question."""
        if not self.quotes:
            self.time("retrieve_s")
            self.time("first_quote_s")
        known = {quote.span for quote in self.quotes}
        self.quotes += tuple(quote for quote in quotes if quote.span not in known)

    def join(self, parts: Parts, answers: Sequence[Answer]) -> None:
        """Answer with the answers of the parts."""
        self.composition = joined(parts, answers)
        messages = (self.message, *(answer.message for answer in answers))
        self.message = " ".join(dict.fromkeys(filter(None, messages))) or None
        self.llm = next((answer.models["llm"] for answer in answers if answer.models["llm"]), None)
        self.llm_failed = any(answer.llm_failed for answer in answers)
        self.searched = sum(answer.searched for answer in answers)

    def mark(self, decision: Decision) -> None:
        """Let the quotes that would do alone show the words that answer, and no others."""
        marked = {each.quote.span: each.quote for each in decision.accepted}
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
            question=self.question.asked,
            standalone_question=self.question.text,
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
            decision=self.decision if self.decision and self.decision.readings else None,
            borne_out=self.composition.borne_out,
            llm_failed=self.llm_failed,
            searched=self.searched,
            way=self.way,
        )
