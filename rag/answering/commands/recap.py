"""Answering a request for everything that was found: “What have we found so far?”

Each question is answered again from the quotes alone, so every footnote is proven again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rag.answer import Answer, Event, Found
from rag.answering.context import Context
from rag.answering.conversation import tell
from rag.answering.meaning.written import earlier
from rag.asking.query import ASSISTANT_KINDS, Query
from rag.languages.phrases import quoted, say
from rag.quote import Quote
from rag.verifying.compose import Composition

MOST = 8
"""The most questions that are answered again, the latest ones: each takes up to a second."""

OF_EACH = 2
"""The most sentences of each answer that are repeated."""


def answer(query: Query, context: Context) -> Iterator[Event]:
    """Repeat what was found for the latest questions, in their order, with the footnotes."""
    asked = list(earlier(query, context))
    asked = [each for each in reversed(asked) if each.route.kind not in ASSISTANT_KINDS]
    if not asked:
        yield from tell(query, context, [say(query.language, "no_answer")])
        return
    composition, quotes, missing = Composition(), list[Quote](), list[str]()
    quoting = replace(context, load_writer=lambda: None, asks_back=False)
    for each in asked[-MOST:]:
        *_, last = quoting.ask(each)
        if not isinstance(last, Answer) or last.refused:
            missing.append(quoted(query.language, each.text))
            continue
        said = [sentence for sentence in last.sentences if sentence.supported][:OF_EACH]
        cited = [quote for sentence in said for quote in last.quotes_of(sentence)]
        text = " ".join(sentence.text for sentence in said)
        composition.cite(f"• “{last.standalone_question}” {text}", list(dict.fromkeys(cited)))
        quotes += cited
    if missing:
        questions = "; ".join(missing)
        composition.cite(say(query.language, "refused_questions", questions=questions), ())
    left = len(asked) - MOST
    note = say(query.language, "left_questions", count=left) if left > 0 else None
    yield Found(tuple(quotes))
    yield context.answer(query, composition, quotes, note=note)
