"""Answering questions about a footnote of the last answer: “what does [2] say about cost?”

The last question is answered again, so the footnote is proven again and has the same number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from index.language import ENGLISH
from rag.answer import Answer, Event, Found
from rag.answering.context import Context
from rag.answering.conversation import tell
from rag.answering.evidence import read_in
from rag.answering.meaning.written import earlier
from rag.asking.query import Query
from rag.asking.rewrite import FOOTNOTE
from rag.asking.subject import subject
from rag.finding.quotes import select_quotes
from rag.languages import place_in_order
from rag.languages.phrases import say
from rag.verifying.compose import Composition, as_said


def answer(query: Query, context: Context) -> Iterator[Event]:
    """Answer from a footnote of the last answer, named by its number or its place in order.

    Yields nothing if words name a footnote that the answer does not have: they mean something else
    then.
    """
    if not FOOTNOTE.search(query.typed) and place_in_order(query.typed, 1) is None:
        return
    before = earlier(query, context)
    last = next((each for each in before if not _is_passed_over(each)), None)
    if last is None:
        yield from tell(query, context, [say(query.language, "no_answer")])
        return
    *_, reply = context.ask(last)
    if isinstance(reply, Answer):
        yield from _of(query, reply, context)


def _is_passed_over(query: Query) -> bool:
    """Whether a message has no footnotes, or was about those of the answer before."""
    return query.route.kind == "conversation" or "footnote" in query.route.matters


def _of(query: Query, last: Answer, context: Context) -> Iterator[Event]:
    """Search a footnote's passage for what the message asks about it.

    If the passage does not say, or if nothing is asked, the footnote's quote is shown. What
    messages in languages other than English ask about it is not known.
    """
    count = len(last.citations)
    marked = FOOTNOTE.search(query.typed)
    in_words = place_in_order(query.typed, count) or (0, "")
    number, named = (int(marked[0].strip("[]")), marked[0]) if marked else in_words
    if not 0 < number <= count:
        has = say(query.language, "has_footnotes" if count else "has_no_footnotes", count=count)
        yield from tell(query, context, [has]) if marked else ()
        return
    quote, composition = last.citations[number - 1], Composition()
    rest = re.sub(rf"(?<!\w){re.escape(named)}(?!\w)", " ", query.typed, flags=re.IGNORECASE)
    about = subject(rest, "footnote") if query.language == ENGLISH else ""
    if about:
        hits = context.search(last.standalone_question).passages
        own = [hit for hit in hits if hit.passage.span.begins(quote.span)]
        near = select_quotes(own, context.reranker, about, context.settings.quotes).quotes
        decision = read_in(Query.of(about), near, context)
        if decision.answerable:
            quote = decision.accepted[0].quote
        else:
            composition.cite(say(query.language, "does_not_speak", about=about), ())
    composition.cite(as_said(quote), [quote])
    yield Found((quote,))
    yield context.answer(query, composition, [quote])
