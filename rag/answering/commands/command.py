"""Answering requests about the last answer: shorter, as a list, are you sure, what is [2].

The last question is answered again in the same way, which gives the same answer. So every sentence
is proven again, and nothing that a browser sends back is mistaken for an answer of ours.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Sequence
from dataclasses import replace

from index.documents import Span
from index.printable import title_line
from rag.answer import Answer, AnswerSentence, Event
from rag.answering.commands import footnote, recap
from rag.answering.context import MAX_LISTED, Context
from rag.answering.conversation import tell
from rag.answering.meaning.written import earlier
from rag.answering.overview import BRIEF
from rag.asking.query import ASSISTANT_KINDS, Query
from rag.asking.route import Route
from rag.asking.subject import number_wanted, wanted
from rag.finding.quotes import sentence_quotes
from rag.languages.phrases import say
from rag.quote import Quote
from rag.verifying.compose import Composition, as_said, says_the_same

OVERVIEW = Route("overview", ("all",), 1.0)
MATTERS = ("shorter", "longer", "simpler", "list", "table", "sure", "where")
"""What can be wanted of the last answer, apart from what has a module of its own."""

MORE = 3
"""How many sentences “longer” adds."""


def answer(query: Query, context: Context) -> Iterator[Event]:
    """Answer the previous question again, in the form that is wanted now.

    If there is none, a request for shorter, simpler or a list gets an overview of everything.
    """
    matter = query.route.matters[0]
    if of_earlier := {"footnote": footnote.answer, "found": recap.answer}.get(matter):
        yield from of_earlier(query, context)
        return
    if matter not in MATTERS:  # Repeating the answer would pass for doing what was asked.
        yield from tell(query, context, [say(query.language, "of_answers")])
        return
    commands = [query.route]
    for each in earlier(query, context):
        if each.route.kind == "command":
            commands.insert(0, each.route)
        if each.route.kind in ASSISTANT_KINDS:
            continue
        again = _limited(query, each, commands, context)
        if (yield from _answered_again(query, each, again)):
            return
    of_all = matter in ("shorter", "simpler", "list")
    overview = context.ask(replace(query, route=OVERVIEW))
    yield from overview if of_all else tell(query, context, [say(query.language, "no_answer")])


def _answered_again(query: Query, asked: Query, context: Context) -> Generator[Event, None, bool]:
    """Answer an earlier message in the form wanted now; return whether it was a question."""
    for event in context.ask(asked):
        if isinstance(event, Answer):
            if event.way in ASSISTANT_KINDS:
                return False
            event = _as_wanted(query, event, context)
        yield event
    return True


def _limited(query: Query, asked: Query, commands: Sequence[Route], context: Context) -> Context:
    """Return the context for answering an earlier question again, at the length wanted now."""
    is_overview = asked.route.kind == "overview"
    now, before = wanted(query.text), number_wanted(asked) if is_overview else None
    limit = now or _limit(commands, before or context.limit)
    return replace(
        context,
        limit=limit if is_overview else min(limit, MAX_LISTED),
        counted=bool(now or before),
        asks_back=False,
    )


def _limit(commands: Sequence[Route], usual: int) -> int:
    """Return how many sentences are wanted: half as many for each “shorter” or “simpler”."""
    limit = usual
    for each in commands:
        if each.matters[0] in ("shorter", "simpler"):
            limit = max(limit // 2, 1)
        elif each.matters[0] == "longer":
            limit = min(limit * 2, 2 * MAX_LISTED)
    return limit


def _as_wanted(query: Query, last: Answer, context: Context) -> Answer:
    """Return the last answer in the form wanted now. A refusal remains a refusal."""
    matter, language, limit = query.route.matters[0], query.language, context.limit
    composition, note = Composition(), None
    if last.refused:
        composition.sentences += last.sentences
        if matter == "sure" and last.decision:
            note = say(language, "likely_answered", share=last.decision.probability)
    elif matter in ("sure", "where"):
        for quote in last.citations:
            composition.cite(f"{_place(quote, language)}: {as_said(quote)}", [quote])
        if matter == "sure":
            _add_others(composition, last, language)
        for sentence in _how_sure(last, language) if matter == "sure" or not last.citations else ():
            composition.cite(sentence, ())
    else:
        said = [each for each in last.sentences if each.supported]
        is_overview = last.way == "overview"
        is_brief = is_overview and limit <= BRIEF  # Its sentences may be one quote.
        if matter == "shorter" and len(said) < limit and not is_brief:
            # The limit does not make it any shorter.
            half = max(len(said) // 2, 1)
            said = said[:half] if is_overview else _surest(said, last, half)
        listed = matter in ("list", "table")
        sure = last.decision is not None and last.decision.words_are_sure
        for each in said[:limit]:
            cited = last.quotes_of(each)
            short = matter == "shorter" and sure and len(said) == len(cited) == 1
            rows = listed and [
                quote.model_text for quote in cited if quote.model_text != quote.text
            ]
            text = (short and cited[0].words) or "; ".join(rows or ()) or each.text
            is_item = replace(each, text=text).is_item
            composition.cite(f"• {text}" if listed and not is_item else text, cited)
        if matter == "simpler":
            note = say(language, "own_words")
        elif matter == "longer":
            note = None if _add_more(composition, last, context) else say(language, "no_more")
        elif matter == "table" and all(quote.model_text == quote.text for quote in last.citations):
            note = say(language, "no_table")
    note = " ".join(filter(None, (last.message, note))) or None
    again = context.answer(
        query, composition, last.quotes, last.reason, note=note, decision=last.decision
    )
    asked = last.standalone_question
    return replace(again, standalone_question=asked, nearest=last.nearest, way="command")


def _surest(said: Sequence[AnswerSentence], last: Answer, most: int) -> list[AnswerSentence]:
    """Return the sentences that decided, then those nearest the question, in the answer's order."""
    best = last.decision.best if last.decision else None

    def worth(at: int) -> tuple[bool, float]:
        quotes = last.quotes_of(said[at])
        decided = best is not None and any(quote.overlaps(best.quote) for quote in quotes)
        return decided, max((quote.score for quote in quotes), default=0.0)

    ranked = sorted(range(len(said)), key=worth, reverse=True)
    return [said[at] for at in sorted(ranked[:most])]


def _add_more(composition: Composition, last: Answer, context: Context) -> bool:
    """Add the other quotes that would do alone, or else the sentences right after those cited.

    Return whether there are any.
    """
    more = _others(last)
    if not more and last.decision:
        cited = {quote.span for quote in composition.citations}
        hits = context.search(last.standalone_question).passages
        own = [hit for hit in hits if any(hit.passage.span.begins(span) for span in cited)]
        sentences = sentence_quotes((hit.document, hit.passage) for hit in own)
        more = [each for each in sentences if _is_behind(each, cited)]
    for quote in more[:MORE]:
        composition.cite(as_said(quote), [quote])
    return bool(more)


def _is_behind(sentence: Quote, cited: Collection[Span]) -> bool:
    """Whether a sentence comes after a cited place in its document, and is not cited itself."""
    if any(span.covers(sentence.span) for span in cited):
        return False
    own = [span.end for span in cited if span.document_id == sentence.document.id]
    return sentence.start >= min(own, default=sentence.end)


def _add_others(composition: Composition, last: Answer, language: str) -> None:
    """Add the other places that would do alone, and say whether their words are the same."""
    said = [quote.words for quote in last.citations if quote.words]
    for quote in _others(last):
        same = any(says_the_same(quote.words, words) for words in said)
        key = "same_elsewhere" if same else "another_place"
        composition.cite(say(language, key, quote=as_said(quote)), [quote])


def _others(last: Answer) -> list[Quote]:
    """Return the quotes that would do alone and overlap no citation, nor one another."""
    others: list[Quote] = []
    for each in last.decision.accepted if last.decision else ():
        if not any(each.quote.overlaps(said) for said in (*last.citations, *others)):
            others.append(each.quote)
    return others


def _how_sure(last: Answer, language: str) -> list[str]:
    sentences = [say(language, "read_again")] if last.citations else []
    if last.decision:
        sentences.append(say(language, "sure_answer", share=last.decision.probability))
    return sentences or [say(language, "not_quoted")]


def _place(quote: Quote, language: str) -> str:
    """Say where a quote is: its document, and its page and heading if it has any."""
    at = f"at_{quote.document.page_kind}"
    page = say(language, at, number=str(quote.page)) if quote.page else None
    heading = quote.heading and title_line(quote.heading)
    under = say(language, "under_heading", heading=heading) if heading else None
    return ", ".join(filter(None, (title_line(quote.title), page, under)))
