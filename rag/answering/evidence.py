"""Answering a question by evidence: quotes are found and read, and decide whether to answer."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from itertools import repeat

from rag.answer import Event, Found, Reason, Writing
from rag.answering.context import Context
from rag.asking.query import Query
from rag.deciding.gate import DOUBT, Decision, both, weigh
from rag.finding.choose import choose
from rag.quote import Quote
from rag.verifying.attribution import MAX_CITED
from rag.verifying.compose import Composition, compose, compose_prose, quoted
from rag.writing.llm import LLMUnavailable, Writer

ASKED = 2
"""Quotes that the language model reads as well where the reader is in doubt, at most: each takes
about a second."""


def answer(query: Query, context: Context) -> Iterator[Event]:
    """Answer from the quotes that hold the answer, or refuse. This way is for every question."""
    found = context.find(query.text)
    decision = read(query, context)
    context.run.time("first_quote_s")
    yield Found(_marked(found, decision))
    decision = _ask_where_in_doubt(decision, query, context)
    quotes = _marked(found, decision)
    if not decision.answerable:
        yield context.answer(query, Composition(), quotes, "not_in_sources", decision=decision)
        return
    together = () if decision.words_are_sure else _together(query, context, decision)
    accepted = [each.quote for each in decision.accepted]
    chosen = together or accepted[: MAX_CITED if query.form.several else 1]
    composition = None
    if (decision.words_are_sure or len(together) > 1) and (writer := context.writer):
        try:
            prose = bool(together)
            composition = yield from _written(query, context, writer, quotes, chosen, prose)
        except LLMUnavailable as error:
            context.run.fail(error)
    if composition is None:
        composition = quoted(chosen, decision.words_are_sure)
        reason: Reason | None = "llm_unavailable" if context.run.llm_failed else None
        yield context.answer(query, composition, quotes, reason, decision=decision)
    elif composition.borne_out or decision.sure:
        yield context.answer(query, composition, quotes, decision=decision)
    else:
        nothing = Composition(borne_out=False)
        yield context.answer(query, nothing, quotes, "not_in_sources", decision=decision)


def read(query: Query, context: Context) -> Decision:
    """Decide by what the reader finds in the quotes."""
    quotes = context.find(query.text)[: context.settings.quotes]
    reads = context.reader.read_quotes(query.text, quotes)
    readings = tuple(map(weigh, repeat(query), quotes, reads))
    if query.last != query.text:
        # A quote that answers the questions before is found as well: it must answer this too.
        scored = context.reranker.scored(query.last, quotes)
        reads = context.reader.read_quotes(query.last, quotes)
        alone = map(weigh, repeat(query), scored, reads)
        readings = tuple(map(both, alone, readings))
    return Decision(readings)


def _ask_where_in_doubt(decision: Decision, query: Query, context: Context) -> Decision:
    """Let the language model read the best quotes too where the reader is in doubt."""
    try:
        for _ in range(ASKED):
            doubtful = decision.doubtful(DOUBT)
            writer = context.writer if doubtful else None
            if doubtful is None or writer is None:
                break
            context.run.llm = writer.name
            none = writer.none_probability(doubtful.quote.read, query.text)
            decision = decision.with_copied(doubtful, none)
    except LLMUnavailable as error:
        context.run.fail(error)
    return decision


def _written(
    query: Query,
    context: Context,
    writer: Writer,
    quotes: Sequence[Quote],
    chosen: Sequence[Quote],
    prose: bool,
) -> Generator[Event, None, Composition]:
    """Let the LLM write from the quotes that were chosen; return what it wrote, verified.

    It writes `prose` from sentences that answer together, and else around the words that answer.
    """
    context.run.llm = writer.name
    read = [(each.read, each.words) for each in chosen]
    texts = [text for text, _ in read]
    written = ""
    pieces = writer.write_prose(texts, query.text) if prose else writer.write(read, query.text)
    for piece in pieces:
        if piece:
            context.run.time("first_token_s")
        written += piece
        yield Writing(written)
    if prose:
        return compose_prose(written, query, chosen, context.reader)
    return compose(written, quotes, query, chosen, context.reader)


def _together(query: Query, context: Context, decision: Decision) -> tuple[Quote, ...]:
    """Choose the sentences that answer together: one where a look-up is asked for."""
    passages, answering = context.search(query.text).passages, decision.accepted[0].quote
    return choose(query.text, passages, answering, context.reranker)


def _marked(quotes: Sequence[Quote], decision: Decision) -> tuple[Quote, ...]:
    """Return quotes of which those that would do alone show the words that answer."""
    marked = {each.quote.span: each.quote for each in decision.accepted}
    return tuple(marked.get(each.span, replace(each, marks=())) for each in quotes)
