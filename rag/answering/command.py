"""Answering what is said of the last answer: shorter, as a list, are you sure, where is that.

The last question is answered again, the same way, since the same question has the same answer; so
every sentence is proven anew, and nothing that came back from a browser is taken for one of ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from index.printable import title_line
from rag.answer import Answer, Event
from rag.answering.context import MAX_LISTED, Context
from rag.answering.conversation import tell
from rag.asking.query import Query
from rag.asking.rewrite import Turn
from rag.asking.route import Route
from rag.asking.subject import wanted
from rag.quote import Quote
from rag.verifying.compose import Composition, in_quotation_marks

OVERVIEW = Route("overview", ("all",), 1.0)
NO_ANSWER = "There is no answer yet that this could be about: ask something of the documents first."


def answer(query: Query, context: Context) -> Iterator[Event]:
    """Answer the question before again, as is wanted now.

    Without one, who wants it shorter, simpler or as a list wants an overview of all.
    """
    asked, before, commands = _last_asked(query, context)
    if asked is None:
        of_all = query.route.matters[0] in ("shorter", "simpler", "list")
        overview = context.ask(replace(query, route=OVERVIEW))
        yield from overview if of_all else tell(query, context, [NO_ANSWER])
        return
    last = context.understand(asked, before)
    limit = wanted(query.text) or _limit([*commands, query.route], context.limit)
    again = replace(context, limit=limit, asks_back=False)
    for event in again.ask(last):
        wanted_now = isinstance(event, Answer) and _as_wanted(query, event, context, limit)
        yield wanted_now or event


def _last_asked(query: Query, context: Context) -> tuple[str | None, Sequence[Turn], list[Route]]:
    """Return the last question that is no command, what was said before it, and later commands."""
    commands: list[Route] = []
    for at in range(len(query.history) - 1, -1, -1):
        role, text = query.history[at]
        if role == "user":
            route = context.understand(text, ()).route
            if route.kind not in ("command", "conversation"):
                return text, query.history[:at], commands
            if route.kind == "command":
                commands.insert(0, route)
    return None, (), []


def _limit(commands: Sequence[Route], usual: int) -> int:
    """Return how many sentences are wanted: half as many for each “shorter” or “simpler”."""
    limit = usual
    for each in commands:
        if each.matters[0] in ("shorter", "simpler"):
            limit = max(limit // 2, 1)
        elif each.matters[0] == "longer":
            limit = min(limit * 2, MAX_LISTED)
    return limit


def _as_wanted(query: Query, last: Answer, context: Context, limit: int) -> Answer:
    """Return the last answer as it is wanted now: a refusal stays one."""
    matter = query.route.matters[0]
    composition, note = Composition(), None
    if last.refused:
        composition.sentences += last.sentences
    elif matter in ("sure", "where"):
        for quote in last.citations:
            composition.cite(f"{_place(quote)}: {in_quotation_marks(quote)}", [quote])
        for told in _how_sure(last) if matter == "sure" or not last.citations else ():
            composition.add(told, ())
    else:
        said = [each for each in last.sentences if each.supported]
        for each in said[:limit]:
            cited = last.quotes_of(each)
            short = matter == "shorter" and len(said) == len(cited) == 1
            text = (short and cited[0].words) or each.text
            bare = matter == "list" and not each.is_item
            composition.add(f"• {text}" if bare else text, cited)
        if matter == "simpler":
            note = "These are the sources’ own words: I put nothing in simpler ones of mine."
        elif matter == "longer":
            note = _add_more(composition, last)
    note = " ".join(filter(None, (last.message, note))) or None
    again = context.answer(
        query, composition, last.quotes, last.reason, note=note, decision=last.decision
    )
    asked = last.standalone_question
    return replace(again, standalone_question=asked, nearest=last.nearest, way="command")


def _add_more(composition: Composition, last: Answer) -> str | None:
    """Add the other quotes that would do alone; say so where there is none."""
    accepted = last.decision.accepted if last.decision else ()
    cited = {quote.span for quote in composition.citations}
    more = [each.quote for each in accepted if each.quote.span not in cited]
    for quote in more:
        composition.cite(in_quotation_marks(quote), [quote])
    return None if more else "I have found no more on this: ask about a part of it."


def _how_sure(last: Answer) -> list[str]:
    told = ["Each quote was read anew at its place, word for word."] if last.citations else []
    if last.decision:
        told.append(
            f"By what was read, it is {last.decision.probability:.0%} sure that this is an answer."
        )
    return told or ["That is not quoted: it was counted, or is what the file says of itself."]


def _place(quote: Quote) -> str:
    """Say where a quote stands: its document, and its page and heading, where it has any."""
    page = f"page {quote.page}" if quote.page else None
    heading = quote.heading and f"under “{title_line(quote.heading)}”"
    return ", ".join(filter(None, (title_line(quote.title), page, heading)))
