"""What the ways of answering share: the library, the models, and how an answer begins and ends.

A way is a function from a query and a context to events. It yields nothing if the query is not for
it. Otherwise it yields `Found` and an `Answer`, which `Context.answer` makes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import dropwhile, pairwise, repeat

from index.documents import Span
from index.library import Hit, Library
from index.printable import title_line
from index.storage.store import Title
from rag.answer import Answer, AnswerSentence, Event, Found, Reason
from rag.answerability.gate import Decision, Reading, weigh
from rag.answerability.nearest import nearest
from rag.answerability.reader import Reader
from rag.asking.query import Query
from rag.asking.rewrite import Turn
from rag.asking.subject import in_words
from rag.config import Settings
from rag.finding.quotes import Ranked, find_quotes, sentences_around
from rag.finding.rerank import Reranker
from rag.languages.phrases import say
from rag.quote import Quote
from rag.verifying.compose import Composition, as_said
from rag.writing.adapters.selection import MOST_LETTERS, MOST_SENTENCES
from rag.writing.failures import LLMUnavailable
from rag.writing.llm import Writer

MIN_QUOTES = 5
"""The fewest candidate quotes of an answer that was searched for, even of a refusal."""

FEW = 3
"""The most quotes of a document that are given as prose: more are given as a list."""

MAX_LISTED = 10
"""The most entries that an answer lists: more would fill two screens of the window or longer."""


@dataclass(frozen=True, slots=True)
class Item:
    """A thing in a list, in the words of the first quote that names it."""

    words: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """The quotes that answer a request for a list; none if there is nothing.

    `note` says what the quotes do not show: what they cover, what is left out for length. `remarks`
    are sentences that answer without a quote, from a file's properties or from counting, and say
    so. `items` are listed in place of the quotes, if these name things. If quotes are `named` and
    from several documents, the first quote of each document follows the document's title. If they
    are `headed` and more than a few from one document, those after the first heading become a list,
    with the heading of each before it.
    """

    quotes: tuple[Quote, ...]
    note: str | None = None
    remarks: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    named: bool = False
    headed: bool = False

    @property
    def heads(self) -> dict[Span, str]:
        """What precedes quotes in the answer, by their spans."""
        firsts: dict[str, Quote] = {}
        for quote in self.quotes if self.named else ():
            firsts.setdefault(quote.document.id, quote)
        if len(firsts) > 1:
            titled = firsts.values()
            return {quote.span: f"{title_line(quote.document.title)}: " for quote in titled}
        if not self.headed or len(self.quotes) <= FEW:
            return {}
        opening = self.quotes[0].heading
        below = dropwhile(lambda pair: pair[1].heading in (opening, None), pairwise(self.quotes))
        return {quote.span: _item_of(quote, before) for before, quote in below}


def _item_of(quote: Quote, before: Quote) -> str:
    """Return what precedes an item: a bullet, and its heading if that is a new one."""
    if quote.heading in (before.heading, None):
        return "• "
    return f"• {title_line(quote.heading).rstrip(':')}: "


Way = Callable[[Query, "Context"], Iterator[Event]]

PARTS = ("caption", "reference")
"""The ways that answer with parts of a text that are quoted only if asked for."""


@dataclass(slots=True)
class Run:
    """What is recorded while answering a message: how long steps took, and whether the LLM failed.

    `timings` are seconds since the start. `found` is keyed by what was searched for, and
    `written` by a message, the turns before it, and whether it was to be written as a request.
    """

    started: float = field(default_factory=time.perf_counter)
    timings: dict[str, float | None] = field(
        default_factory=lambda: dict.fromkeys(
            ("retrieve_s", "first_quote_s", "first_token_s", "first_sentence_s", "total_s")
        )
    )
    llm: str | None = None
    llm_failed: bool = False
    message: str | None = None
    found: dict[str, Ranked] = field(default_factory=dict)
    written: dict[tuple[str, tuple[Turn, ...], bool], str] = field(default_factory=dict)

    def time(self, *names: str) -> None:
        """Record that steps are done, unless they were done before."""
        for name in names:
            if self.timings[name] is None:
                self.timings[name] = time.perf_counter() - self.started

    def fail(self, error: LLMUnavailable) -> None:
        """Go on without the language model, and say why."""
        self.message, self.llm, self.llm_failed = str(error), None, True


@dataclass(frozen=True)
class Context:
    """All that a way needs to answer a message. Documents in `exclude`, by id, are not searched.

    At most `limit` sentences are listed. `ways` are all ways of answering, by the kind of route
    that they are for. `load_writer` returns the language model, or None if there is none.
    """

    library: Library
    reranker: Reranker
    reader: Reader
    settings: Settings
    exclude: Sequence[str]
    ways: Mapping[str, Way]
    load_writer: Callable[[], Writer | None]
    understood: Callable[[str, Sequence[Turn], Context], Query]
    """Makes the query of a message, given the turns before it."""
    run: Run = field(default_factory=Run)
    limit: int = MAX_LISTED
    counted: bool = False
    """Whether `limit` is a number that was asked for."""
    asks_back: bool = True
    """Whether the user may be asked what is meant: not if this answer becomes part of another."""
    as_typed: bool = False
    """Whether the user wants the message to be read exactly as it was typed."""

    @property
    def writer(self) -> Writer | None:
        """The language model, which may take time to load; None if there is none (any more)."""
        if self.run.llm_failed:
            return None
        try:
            return self.load_writer()
        except LLMUnavailable as error:
            self.run.fail(error)
            return None

    def understand(self, typed: str, history: Sequence[Turn] = ()) -> Query:
        """Understand a message other than the one that is answered."""
        return self.understood(typed, history, self)

    @cached_property
    def titles(self) -> list[Title]:
        """What the documents are called, in the order they were added."""
        return self.library.titles(self.exclude)

    @cached_property
    def headings(self) -> frozenset[str]:
        """The headings of all documents, in words."""
        return frozenset(map(in_words, self.library.headings()))

    def find(self, question: str) -> tuple[Quote, ...]:
        """Search for the quotes that may answer a question, once."""
        return self.search(question).quotes

    def search(self, question: str) -> Ranked:
        """Search for the quotes and passages that may answer a question, once."""
        if question not in self.run.found:
            self.run.found[question] = find_quotes(
                self.library,
                self.reranker,
                question,
                max(self.settings.quotes, MIN_QUOTES),
                self.exclude,
            )
            self.run.time("retrieve_s")
        return self.run.found[question]

    @property
    def passages(self) -> Iterator[Hit]:
        """All passages found so far."""
        for found in self.run.found.values():
            yield from found.passages

    def ask(self, query: Query) -> Iterator[Event]:
        """Answer a query by the way for its route, or else by evidence.

        Tables are tried before that, if they may have the answer, and so is what can be asked for
        by name.
        """
        tables = query.route.computes or query.route.kind == "evidence"
        first = ("compute",) if tables else ()
        for kind in dict.fromkeys((*first, *PARTS, query.route.kind, "evidence")):
            for event in self.ways[kind](query, self):
                yield replace(event, way=event.way or kind) if isinstance(event, Answer) else event
                if isinstance(event, Answer):
                    return

    def listed(self, query: Query, listing: Listing) -> Iterator[Event]:
        """Answer with a listing. If it has few quotes, those of a search are shown after them."""
        composition = Composition()
        for at, item in enumerate(listing.items, 1):
            stop = "." if at == len(listing.items) else ";"
            composition.cite(item.words + stop, item.quotes)
        heads = listing.heads
        for quote in () if listing.items else listing.quotes:
            composition.cite(heads.get(quote.span, "") + as_said(quote), [quote])
        composition.sentences += [AnswerSentence(remark, (), True) for remark in listing.remarks]
        few = len(listing.quotes) < MIN_QUOTES
        others = self.find(query.text) if few else ()
        apart = (each for each in others if not any(map(each.overlaps, listing.quotes)))
        quotes = (*listing.quotes, *apart)
        self.run.time("retrieve_s", "first_quote_s")
        yield Found(quotes)
        reason: Reason | None = None if composition.sentences else "not_in_sources"
        yield self.answer(query, composition, quotes, reason, note=listing.note)

    def answer(
        self,
        query: Query,
        composition: Composition,
        quotes: Sequence[Quote] = (),
        reason: Reason | None = None,
        *,
        note: str | None = None,
        decision: Decision | None = None,
    ) -> Answer:
        """Return the answer, with all that was recorded on the way.

        The composition is cut to its first sentences, as many as the settings allow; a note says
        what is left out. Only quotes that are cited have the answering words marked.
        """
        most = self.settings.sentences
        shown, left = composition.first(most)
        left_out = None
        if left:
            left_out = say(query.language, "left_sentences", count=left, most=most)
        messages = dict.fromkeys(filter(None, (self.run.message, note, left_out)))
        cited = {quote.span for quote in shown.citations}
        if shown.citations:
            self.run.time("first_sentence_s")
        self.run.time("total_s")
        return Answer(
            question=query.typed,
            standalone_question=query.text,
            sentences=tuple(shown.sentences),
            citations=tuple(shown.citations),
            quotes=tuple(
                each if each.span in cited else replace(each, marks=()) for each in quotes
            ),
            reason=reason,
            models={
                "embedding": self.settings.embedding,
                "reranker": self.settings.reranker,
                "llm": self.run.llm,
            },
            timings=dict(self.run.timings),
            message=" ".join(messages) or None,
            decision=decision if decision and decision.readings else None,
            nearest=nearest(query.text, quotes, decision, query.language)
            if reason == "not_in_sources"
            else None,
            borne_out=composition.borne_out,
            llm_failed=self.run.llm_failed,
            searched=sum(each.searched for each in self.run.found.values()),
            route=query.route,
            language=query.language,
        )


def weighed(
    query: Query, quotes: Sequence[Quote], passages: Sequence[Hit], reader: Reader
) -> tuple[Reading, ...]:
    """Judge quotes by what the reader finds in them. Each must be from one of the passages.

    A quote is read alone, since it must say by itself what answers, and among the sentences around
    it, which say what it is about.
    """
    reads = reader.read_quotes(query.text, quotes)
    near = [around(each, passages) for each in quotes]
    read_around = reader.read_around(query.text, quotes, near)
    return tuple(map(weigh, repeat(query), quotes, reads, read_around))


def around(quote: Quote, passages: Iterable[Hit]) -> list[Quote]:
    """Return the sentences that are read with a quote, including its own."""
    return sentences_around(quote, passages, MOST_SENTENCES, MOST_LETTERS)


def read_together(quotes: Sequence[Quote], passages: Sequence[Hit]) -> list[Quote]:
    """Return the sentences around the first of some quotes, and the others that are apart."""
    read = around(quotes[0], passages)
    for each in quotes[1:]:
        if not any(map(each.overlaps, read)):
            read.append(each)
    return read
