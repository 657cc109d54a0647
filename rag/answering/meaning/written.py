"""What a message asks for, as the language model writes it.

What people type beside a question, or instead of one, is mostly no request that the router knows:
“Much obliged, a pleasure to read of him again at my age”. The model has learned to write all of it
in few plain words (`rag/writing/requests.py`), here “Thank you.”, and these the router knows. How a
question stands alone it has learned besides (`rag/writing/standing_alone.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from index.language import ENGLISH
from rag.answering.context import Context
from rag.asking.query import ASSISTANT_KINDS, FACT_KINDS, Query
from rag.asking.rewrite import FOOTNOTE
from rag.asking.route import REMARK, Route, request_words
from rag.languages import missing_facts, place_in_order
from rag.writing.llm import LLMUnavailable, Writer
from rag.writing.requests import ONLY_TOLD
from rag.writing.standing_alone import MOST_TITLES, pairs

Write = Callable[[str, Sequence[tuple[str, str]], Sequence[str]], str]
"""Writes of a message, the turns before it, and what the documents are called."""

MADE_WHOLE = 0.8
"""How likely a message is meant as the language model writes it, so that it stands alone; chosen on
seven conversations of `chatty` (eval/lab/RECORDS.md)."""

KNOWN, FEW = 0.94, 3
"""How sure the router is of a request, and of how many words that is at most, where the language
model is not asked about it: “shorter”, “thx”, “who wrote it”. Of longer messages that the router
was as sure of, in 180 conversations, four in ten were something else (eval/lab/RECORDS.md)."""

SURE = 0.9
"""How sure the router is of a request that the language model has written, from which it is one."""


def by_what_is_written(query: Query, context: Context) -> Query:
    """Return a message that the router takes for no question as the language model writes it.

    Questions are searched for first: they may be sure then. What states something is judged as it
    was typed, unless it is only said to the assistant.
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
    if text and not asks_for_fact(context.understand(text).route):
        return query
    whole = written(query, context)
    is_used = whole and is_said(whole, query, context)
    return (query.also(whole, MADE_WHOLE) if is_used else query).as_evidence()


def earlier(query: Query, context: Context) -> Iterator[Query]:
    """Yield what was typed before a message, the latest first, each as it is understood here."""
    for text, before in query.earlier():
        yield by_what_is_written(context.understand(text, before), context)


def _names_footnote(query: Query) -> bool:
    """Whether a message names a footnote, by its number or in words."""
    in_words = "footnote" in query.route.matters and place_in_order(query.typed, 1) is not None
    return in_words or bool(FOOTNOTE.search(query.typed))


def is_known(typed: str, route: Route) -> bool:
    """Whether the router is sure of what it takes a message for: of few words it is."""
    return route.probability >= KNOWN and len(typed.split()) <= FEW


def request(query: Query, context: Context) -> Query | None:
    """Return the query of a message that asks for no fact, by what the language model writes.

    None where it may well ask for one.
    """
    text = _requested(query, context)
    plain = context.understand(text or query.typed)
    if not text or not is_request(plain.route):
        return None
    if plain.route.kind in ASSISTANT_KINDS:
        route = REMARK if text == ONLY_TOLD else plain.route
        return replace(query, text=query.typed, route=route, share=1.0, others=())
    if not is_said(text, query, context, plain.route):
        return None
    return replace(plain, typed=query.typed, history=query.history, language=query.language)


def is_request(route: Route) -> bool:
    """Whether what the language model has written surely asks for no fact."""
    return not asks_for_fact(route) and route.probability >= SURE


def asks_for_fact(route: Route) -> bool:
    """Whether what the language model has written asks for a fact.

    It has not learned to write of footnotes: what the router takes for that names something else.
    """
    return route.kind in FACT_KINDS or "footnote" in route.matters


def is_said(text: str, query: Query, context: Context, route: Route | None = None) -> bool:
    """Whether all names and numbers of a text were said before.

    They may stand in the message, in the turns before it, and in what the documents are called.
    The words of the request that it is by its route are no names.
    """
    said = [*(words for _, words in query.history), *(each.title for each in context.titles)]
    words = request_words(route.kind) if route else frozenset[str]()
    return all(each.casefold() in words for each in missing_facts(text, said, question=query.typed))


def written(query: Query, context: Context, *, learned: bool = True) -> str:
    """Return a message as the language model makes it stand alone; empty where it does not.

    One that has not learned it is asked where that is not wanted.
    """
    writer = _writer(query, context)
    if writer is None or (learned and not writer.stands_alone):
        return ""
    return _once(query, writer.stand_alone, context, is_request=False)


def _requested(query: Query, context: Context) -> str:
    """Return what a message asks for in plain words; empty where the model writes a long question.

    So it is where the model has not learned it.
    """
    writer = _writer(query, context)
    if writer is None or not writer.knows_requests:
        return ""
    return _once(query, writer.request, context, is_request=True)


def _writer(query: Query, context: Context) -> Writer | None:
    """Return the language model for messages that follow others, in English."""
    return context.writer if query.history and query.language == ENGLISH else None


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
