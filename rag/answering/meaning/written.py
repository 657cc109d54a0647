"""What a message asks for, as the language model writes it.

Much of what people type in addition to a question, or instead of one, is not a request that the
router knows: “Much obliged, a pleasure to read of him again at my age”. The model has learned to
write all of it in a few plain words, here “Thank you.”, and the router knows these. It has also
learned to turn a question into a standalone question (`rag/writing/adapters/standing_alone.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from index.language import ENGLISH
from rag.answering.context import Context
from rag.asking.query import ASSISTANT_KINDS, FACT_KINDS, Query
from rag.asking.rewrite import FOOTNOTE
from rag.asking.route import REMARK, Route, request_words
from rag.asking.subject import in_words
from rag.languages import missing_facts, place_in_order
from rag.writing.adapters.standing_alone import MOST_TITLES, ONLY_TOLD, pairs
from rag.writing.failures import LLMUnavailable
from rag.writing.llm import Writer

Write = Callable[[str, Sequence[tuple[str, str]], Sequence[str]], str]
"""Rewrites a message, given the turns before it and the documents' titles."""

MADE_WHOLE = 0.8
"""How likely a message is meant as the standalone question that the language model writes; chosen
on seven conversations of `chatty` (eval/lab/RECORDS.md)."""

KNOWN, FEW = 0.94, 3
"""The router's probability for a request from which the language model is not asked about it, and
the most words that the request may have: “shorter”, “thx”, “who wrote it”. Of longer messages with
that probability, in 180 conversations, four in ten were something else (eval/lab/RECORDS.md)."""

SURE = 0.9
"""The router's probability from which what the language model has written is a request."""


def by_what_is_written(query: Query, context: Context) -> Query:
    """Understand a message by what the language model writes, unless the router sees a question.

    Questions are searched for first, since they may be sure then. A statement is judged as it was
    typed, unless it is only addressed to the assistant.
    """
    kind = query.route.kind
    if kind == "evidence" or _names_footnote(query) or is_known(query.typed, query.route):
        return query
    if not (writer := _writer(query, context)) or not writer.knows_requests:
        return query
    asked = request(query, context)
    if kind == "claim":
        return asked if asked and asked.route.kind in ASSISTANT_KINDS else query
    text = _requested(query, context)
    if asked or context.run.llm_failed:
        return asked or query
    asks_fact = not text or asks_for_fact(context.understand(text).route)
    if not asks_fact and not _has_no_answer(query, query.route):
        return query
    whole = written(query, context)
    is_used = whole and is_said(whole, query, context)
    return (query.also(whole, MADE_WHOLE) if is_used else query).as_evidence()


def earlier(query: Query, context: Context) -> Iterator[Query]:
    """Yield the messages typed before this one, the latest first, each understood likewise."""
    for text, before in query.earlier():
        yield by_what_is_written(context.understand(text, before), context)


def _names_footnote(query: Query) -> bool:
    """Whether a message names a footnote of an answer, by its number or in words."""
    if not query.history:
        return False
    in_words = "footnote" in query.route.matters and place_in_order(query.typed, 1) is not None
    return in_words or bool(FOOTNOTE.search(query.typed))


def is_known(typed: str, route: Route) -> bool:
    """Whether the router is sure what a message is: it can be only if the message is short."""
    return route.probability >= KNOWN and len(typed.split()) <= FEW


def request(query: Query, context: Context) -> Query | None:
    """Return the query of a message that is not a question of fact, by what the model writes.

    Returns None if the message may well be a question of fact.
    """
    text = _requested(query, context)
    plain = context.understand(text or query.typed)
    if not text or not is_request(plain.route) or _has_no_answer(query, plain.route):
        return None
    if plain.route.kind in ASSISTANT_KINDS:
        route = REMARK if text == ONLY_TOLD else plain.route
        return replace(query, text=query.typed, route=route, share=1.0, others=())
    if not is_said(text, query, context, plain.route):
        return None
    return replace(plain, typed=query.typed, history=query.history, language=query.language)


def _has_no_answer(query: Query, route: Route) -> bool:
    """Whether a message would be about the last answer although there is none yet."""
    return route.kind == "command" and not query.history


def is_request(route: Route) -> bool:
    """Whether what the language model has written is surely not a question of fact."""
    return not asks_for_fact(route) and route.probability >= SURE


def asks_for_fact(route: Route) -> bool:
    """Whether what the language model has written is a question of fact.

    It has not learned to write about footnotes: what the router takes for one is something else.
    """
    return route.kind in FACT_KINDS or "footnote" in route.matters


def is_said(text: str, query: Query, context: Context, route: Route | None = None) -> bool:
    """Whether all names and numbers of a text were said before.

    They may be in the message, in the turns before it, or in the documents' titles. If a `route` is
    given, the words for requests of its kind do not count as names.
    """
    said = [*(words for _, words in query.history), *(each.title for each in context.titles)]
    words = request_words(route.kind) if route else frozenset[str]()
    return all(each.casefold() in words for each in missing_facts(text, said, question=query.typed))


def is_filled_in(query: Query) -> bool:
    """Whether words were only added to what was typed: “and the ascent today?”.

    The text is seldom a natural question then. If the words replace a pronoun, it mostly is.
    """
    there = iter(in_words(query.text).split())
    typed = in_words(query.typed).split()
    return query.text != query.typed and all(word in there for word in typed)


def written(query: Query, context: Context, *, learned: bool = True) -> str:
    """Return the standalone question that the language model makes of a message; empty if none.

    With `learned`, only a model that has learned to write these is asked.
    """
    writer = _writer(query, context)
    if writer is None or (learned and not writer.stands_alone):
        return ""
    return _once(query, writer.stand_alone, context, is_request=False)


def _requested(query: Query, context: Context) -> str:
    """Return what a message asks for in plain words.

    Empty if the model writes a long question instead, or has not learned to write requests.
    """
    writer = _writer(query, context)
    if writer is None or not writer.knows_requests:
        return ""
    return _once(query, writer.request, context, is_request=True)


def _writer(query: Query, context: Context) -> Writer | None:
    """Return the language model for a message that it may read better than it was typed.

    These follow others, have a preamble, or would be about an answer that there is none of yet. It
    has learned to write English only.
    """
    if context.as_typed or query.language != ENGLISH:
        return None
    needs = query.history or query.has_preamble or _has_no_answer(query, query.route)
    return context.writer if needs else None


def _once(query: Query, write: Write, context: Context, *, is_request: bool) -> str:
    key = query.typed, query.history, is_request
    if key not in context.run.written:
        context.run.written[key] = _text(query, write, context)
    return context.run.written[key]


def _text(query: Query, write: Write, context: Context) -> str:
    if writer := context.writer:
        context.run.llm = writer.name
    few = context.titles if len(context.titles) <= MOST_TITLES else []
    turns = pairs([(role, FOOTNOTE.sub("", said)) for role, said in query.history])
    try:
        return write(query.typed, turns, [each.title for each in few])
    except LLMUnavailable as error:
        context.run.fail(error)
        return ""
