"""Answering what is asked of two things: each by itself, and what can be computed from both."""

from __future__ import annotations

from collections.abc import Iterator

from rag.answer import Event
from rag.answering.context import Context
from rag.answering.parts import answer_parts
from rag.asking.query import Query
from rag.asking.subject import subject
from rag.languages import Parts, asked_of_two


def answer(query: Query, context: Context) -> Iterator[Event]:
    """Answer for both of two things; what is computed of the answers says so.

    Not where it is not plain which two they are.
    """
    asked = (asked_parts(query.last, each) for each in query.route.matters)
    if parts := next(filter(None, asked), None):
        yield from answer_parts(query, context, parts)


def asked_parts(text: str, matter: str) -> Parts | None:
    """Return what a message asks of two things, by the matter of its route."""
    return asked_of_two(text, matter, lambda part: subject(part, "comparison"))
