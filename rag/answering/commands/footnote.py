"""Answering what is said of a footnote of the last answer: “what does [2] say about cost?”

The question before is answered again, so the footnote is proven anew.
"""

from __future__ import annotations

from collections.abc import Iterator

from rag.answer import Answer, Event
from rag.answering.context import Context
from rag.answering.conversation import tell
from rag.answering.evidence import read_in
from rag.asking.query import Query
from rag.asking.rewrite import FOOTNOTE
from rag.asking.subject import subject
from rag.finding.quotes import select_quotes
from rag.verifying.compose import Composition, in_quotation_marks


def of_footnote(query: Query, context: Context, last: Answer) -> Iterator[Event]:
    """Answer from what a footnote of the last answer shows, which is named by its number.

    What is asked of it is looked for in its passage. Where that does not say, and where nothing is
    asked, the quote is shown.
    """
    wanted = [int(each[0].strip("[]")) for each in FOOTNOTE.finditer(query.typed)]
    if not 0 < wanted[0] <= len(last.citations):
        count = len(last.citations)
        has = f"The last answer has {count or 'no'} footnote{'' if count == 1 else 's'}."
        yield from tell(query, context, [has])
        return
    quote = last.citations[wanted[0] - 1]
    composition, found = Composition(), (quote,)
    about = subject(FOOTNOTE.sub(" ", query.typed), "command")
    if about:
        hits = context.search(last.standalone_question).passages
        own = [hit for hit in hits if hit.passage.span.covers(quote.span)]
        near = select_quotes(own, context.reranker, about, context.settings.quotes).quotes
        decision = read_in(Query.of(about), near, context)
        if decision.answerable:
            found = (decision.accepted[0].quote,)
        else:
            composition.add(f"What stands there does not speak of “{about}”. It says:", ())
    for each in found:
        composition.cite(in_quotation_marks(each), [each])
    yield context.answer(query, composition, found)
