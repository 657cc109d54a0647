"""Answering a statement, not a question: “so it was closed in winter, right?”

A statement is checked like a sentence of a text under Check, and the answer begins with whether the
sources say so. If they neither support nor contradict it, it is answered as a question.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from rag.answer import Event, Found
from rag.answering.context import Context
from rag.asking.query import Query
from rag.languages import stated
from rag.verifying.compose import Composition, as_said
from rag.verifying.judge import SURE, Judged, judge

SAYS_SO = "Yes, the sources say so:"
SAYS_OTHERWISE = "No, the sources say otherwise:"


def answer(query: Query, context: Context) -> Iterator[Event]:
    """Say whether the sources support or contradict a statement, with the quotes.

    Yields nothing if they do neither. They have to support it surely, in any one interpretation. To
    contradict it, they must contradict the likeliest one, and the fact that differs must be known.
    """
    first = _judged(query, context)
    others = ((other, _judged(other, context)) for other in query.others)
    ways = chain([(query, first)], others)
    query, judged = next((each for each in ways if _is_sure(each[1])), (query, first))
    denied = judged.verdict == "contradicted" and judged.differs
    if not _is_sure(judged) and not denied:
        return
    found = context.find(query.text)
    context.run.time("first_quote_s")
    yield Found(found)
    composition, opening = Composition(), SAYS_OTHERWISE if denied else SAYS_SO
    for quote in judged.quotes:
        quoted = as_said(quote)
        composition.cite(quoted if composition.citations else f"{opening} {quoted}", [quote])
    note = f"What differs: {'; '.join(each.text for each in judged.differs)}." if denied else None
    yield context.answer(query, composition, found, note=note)


def _is_sure(judged: Judged) -> bool:
    return judged.verdict == "supported" and judged.supported >= SURE


def _judged(query: Query, context: Context) -> Judged:
    return judge(stated(query.text), context.find(query.text), context.reader)
