"""A library, asked by one way of answering, with the real models and without a language model."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from index.library import Library
from rag.answer import Answer
from rag.answering import WAYS
from rag.answering.context import MAX_LISTED, Context
from rag.asking.query import Query
from rag.asking.rewrite import Turn
from rag.asking.route import KINDS, Route
from rag.assistant import Assistant

AssistantOf = Callable[[Library], Assistant]
Knowing = Callable[..., Assistant]
"""Makes an assistant of documents, or of one text and the name of its file."""


def route(name: str) -> Route:
    """Return the route that is called so: "overview/all", "items/list+count"."""
    kind, _, matters = name.partition("/")
    [known] = [each for each in KINDS if each == kind]
    return Route(known, tuple(matters.split("+")), 1.0)


def context_of(
    assistant: Assistant, *, exclude: Sequence[str] = (), limit: int = MAX_LISTED
) -> Context:
    """Return what an assistant gives its ways to work with, where no language model has a part."""
    return Context(
        assistant.library,
        assistant.reranker,
        assistant.reader,
        assistant.settings,
        exclude,
        WAYS,
        lambda: None,
        assistant._understood,
        limit=limit,
    )


def answered(
    assistant: Assistant,
    text: str,
    name: str,
    *,
    history: Sequence[Turn] = (),
    exclude: Sequence[str] = (),
    limit: int = MAX_LISTED,
) -> Answer | None:
    """Return what the way for a route answers, whatever the router says; None where it does not."""
    query = Query.of(text, route=route(name), history=history)
    events = [*WAYS[query.route.kind](query, context_of(assistant, exclude=exclude, limit=limit))]
    if not events:
        return None
    assert isinstance(events[-1], Answer)
    return events[-1]


def length(answer: Answer | None) -> int:
    """Return how many sentences an overview says that it has."""
    said = re.match(r"\d+", answer.message or "") if answer else None
    return int(said[0]) if said else 0


def quoted(answer: Answer | None) -> list[str]:
    """Return the texts of the footnotes' quotes."""
    return [quote.text for quote in answer.citations] if answer else []
