"""Asking back if a message leaves open which thing it means, and the quotes are about several.

“When did he die?” is about one person. Each quote that answers it completes the question with words
of its own, as the turns before would (`rag/asking/rewrite.py`). If the completed questions name
different things, they are shown, each with its quote, and the user chooses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rag.answer import Event
from rag.answerability.gate import Decision
from rag.answering.context import Context, weighed
from rag.asking.query import Query
from rag.asking.rewrite import Turn, leaves_open, rewritten
from rag.languages import content_words
from rag.languages.phrases import say
from rag.quote import Quote
from rag.verifying.compose import Composition, as_said

OPEN = 0.5
"""The probability that a message leaves open what it is about, from which the quotes are
examined."""

SEVERAL = 2
"""How many quotes must answer before it is examined whether the message leaves anything open."""

MOST = 4
"""The most things that the user may choose from."""


def meant(query: Query, decision: Decision, context: Context) -> dict[str, Quote]:
    """Return each way to complete the question, with the quote that answers it then.

    Empty if the question is complete already, or if it follows other turns: a message that these do
    not complete is mostly complete to the user.
    """
    if query.history or not context.asks_back or len(decision.accepted) < SEVERAL:
        return {}
    if leaves_open(query.text, context.reader.edits) < OPEN or _is_phrase(query.text, context):
        return {}
    found: dict[str, Quote] = {}
    named: list[frozenset[str]] = []
    for each in decision.accepted:
        turns: list[Turn] = [("user", each.quote.title), ("assistant", each.quote.model_text)]
        made = rewritten(query.text, turns, context.reader.edits)
        whole = Query.of(made.first_of_all(query.text))
        names = whole.words - query.words
        if not names or any(names & other for other in named):
            continue
        [again] = weighed(whole, [each.quote], list(context.passages), context.reader)
        if again.probability >= decision.threshold:
            found[whole.text] = again.quote
            named.append(names)
    return dict(list(found.items())[:MOST])


def _is_phrase(text: str, context: Context) -> bool:
    """Whether a message is just a phrase from a document: it asks for all that is said of it."""
    several = len(content_words(text)) > 1
    return several and bool(context.library.holding(text, 1, context.exclude))


def ask_back(
    query: Query,
    context: Context,
    choices: dict[str, Quote],
    quotes: Sequence[Quote],
    decision: Decision,
) -> Iterator[Event]:
    """Ask which of several things is meant, with what the quotes say of each."""
    composition = Composition()
    composition.cite(say(query.language, "which_one"), ())
    for whole, quote in choices.items():
        composition.cite(f"• {whole} {as_said(quote)}", [quote])
    made = context.answer(query, composition, quotes, decision=decision)
    yield replace(made, way="unclear", choices=tuple(choices))
