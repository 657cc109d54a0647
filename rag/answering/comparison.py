"""Answering what is asked of two things: each by itself, and what can be computed from both."""

from __future__ import annotations

from collections.abc import Iterator

from index.split import sentence_spans
from rag.answer import Event
from rag.answering.context import Context
from rag.answering.evidence import read
from rag.answering.parts import answer_parts
from rag.asking.query import Query
from rag.asking.subject import subject
from rag.languages import Parts, asked_of_two, content_words


def answer(query: Query, context: Context) -> Iterator[Event]:
    """Answer for both of two things; what is computed of the answers says so.

    Not where it is not plain which two they are, or where one sentence may name both and say it.
    """
    asked = next(
        filter(None, (asked_parts(query.last, each) for each in query.route.matters)), None
    )
    if asked and not _one_sentence_says(asked, query, context):
        yield from answer_parts(query, context, asked)


def asked_parts(text: str, matter: str) -> Parts | None:
    """Return what a message asks of two things, by the matter of its route."""
    return asked_of_two(text, matter, lambda part: subject(part, "comparison"))


def _one_sentence_says(asked: Parts, query: Query, context: Context) -> bool:
    """Whether a sentence names both things, and so may state what is asked of them together.

    Of two things in general it has to answer the question.
    """
    named = asked.computed.things if asked.computed else asked.things
    if not named or (asked.computed and asked.computed.how == "more"):
        return False
    things = content_words(" ".join(named))
    for quote in context.find(query.text):
        text = quote.text
        sentences = (text[slice(*at)] for at in sentence_spans(text, 0, len(text)))
        if any(things <= content_words(sentence) for sentence in sentences):
            return asked.computed is not None or read(query, context).answerable
    return False
