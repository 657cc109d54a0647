"""Answering a question about several things: each by itself, then put together, or computed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from index.printable import number_of
from index.split import sentence_spans
from rag.answer import Answer, Event, Found, Reason
from rag.answering.context import Context
from rag.asking.query import Query
from rag.asking.rewrite import Turn
from rag.asking.subject import subject
from rag.languages import (
    Computed,
    Point,
    SubQuestions,
    asked_of_two,
    joined_questions,
    mentions,
    times,
)
from rag.quote import Quote
from rag.verifying.compose import Composition

MOST_PARTS = 4
LEAST_WORDS = 3
LEAP_YEAR = 2020
DAYS_OF_WEEK = 7


def several(query: Query) -> SubQuestions | None:
    """Return the questions of a message that asks several in a row; None for any other message."""
    text = query.text
    asked = [" ".join(text[slice(*at)].split()) for at in sentence_spans(text, 0, len(text))]
    whole = all(each.endswith("?") and len(each.split()) >= LEAST_WORDS for each in asked)
    if not whole or not 1 < len(asked) <= MOST_PARTS or text != query.typed:
        return None
    return _following(_AND.sub("", each) for each in asked)


def joined_in(query: Query) -> SubQuestions | None:
    """Return the questions that “and” joins in a message: “Who built it and when was that?”

    Returns None if there is only one, or if there are more than are answered.
    """
    asked = joined_questions(" ".join(query.text.split())) if query.text == query.typed else ()
    return _following(asked) if 1 < len(asked) <= MOST_PARTS else None


def _following(asked: Iterable[str]) -> SubQuestions:
    """Return questions as sentences, each of them a follow-up of those before."""
    return SubQuestions(tuple(each[0].upper() + each[1:] for each in asked), follow_up=True)


_AND = re.compile(r"^(?:and|but|also) ", re.IGNORECASE)


def answer(query: Query, context: Context) -> Iterator[Event]:
    """Answer for both of two things; what is computed from the answers says so.

    Yields nothing if it is unclear which two things are meant.
    """
    asked = (asked_parts(query.text, each) for each in query.route.matters)
    if parts := next(filter(None, asked), None):
        yield from answer_parts(query, context, parts)


def asked_parts(text: str, matter: str) -> SubQuestions | None:
    """Return what a message asks about two things, given a matter of its route."""
    return asked_of_two(text, matter, lambda part: subject(part, "comparison"))


def answer_parts(query: Query, context: Context, parts: SubQuestions) -> Iterator[Event]:
    """Answer each part by itself, and put the answers together.

    If a result is to be computed but a part is refused, the whole question is answered by evidence,
    since a single sentence may state the result.
    """
    answers: list[Answer] = []
    turns: list[Turn] = []
    quotes: dict[object, Quote] = {}
    limit = max(context.limit // len(parts.questions), 1)
    part = replace(context, limit=limit, asks_back=False)
    for text in parts.questions:
        for event in part.ask(part.understand(text, turns)):
            if isinstance(event, Answer):
                answers.append(event)
                if parts.follow_up:
                    turns += [("user", text), ("assistant", event.text)]
            elif isinstance(event, Found):
                quotes = {quote.span: quote for quote in event.quotes} | quotes
                yield Found(tuple(quotes.values()))
    refused = [answer.refused for answer in answers]
    if parts.computed and any(refused):
        yield from context.ask(query.as_evidence())
        return
    reason: Reason | None = "llm_unavailable" if context.run.llm_failed else None
    notes = dict.fromkeys(answer.message for answer in answers if answer.message)
    made = context.answer(
        query,
        Composition() if all(refused) else joined(parts, answers),
        tuple(quotes.values()),
        "not_in_sources" if all(refused) else reason,
        note=None if all(refused) else " ".join(notes) or None,
    )
    yield replace(made, way=query.route.kind if query.route.kind == "comparison" else "parts")


def joined(parts: SubQuestions, answers: Sequence[Answer]) -> Composition:
    """Return the sentences of all parts in order, with footnotes numbered throughout.

    A refused part is reported, with its question. If a result can be computed from both answers, a
    last sentence gives it and says that it was computed.
    """
    composition = Composition()
    for question, answer in zip(parts.questions, answers, strict=True):
        if answer.refused:
            composition.cite(f"“{question}” {answer.phrase('refusal')}", ())
        for sentence in () if answer.refused else answer.sentences:
            cited = answer.quotes_of(sentence)
            if parts.computed and cited and _answering(answer.citations) not in cited:
                continue  # The computation takes one number of each part.
            if sentence.supported:
                composition.cite(sentence.text, cited)
            else:
                composition.sentences.append(sentence)
    if parts.computed and all(answer.citations for answer in answers):
        quotes = [_answering(answer.citations) for answer in answers]
        if computed := _computed(parts.computed, quotes):
            composition.cite(f"Computed: {computed}", quotes)
    return composition


def _answering(cited: Sequence[Quote]) -> Quote:
    """Return the first quote with words marked as the answer, or else the first quote."""
    return next((quote for quote in cited if quote.marks), cited[0])


def _computed(asked: Computed, quotes: Sequence[Quote]) -> str | None:
    """Return what is computed from two quotes, or None if they lack what it takes."""
    said = [" ".join(quote.words.split()) for quote in quotes]
    if asked.how in ("days", "weeks"):
        days = [day for day in map(day_of, quotes) if day]
        return _between(days, said, asked.how) if len(days) == len(quotes) else None
    one, other = map(measured, quotes)
    if one is None or other is None or one.unit != other.unit:
        return None
    if asked.how == "more":
        return _compared(asked, one, other, said)
    if one.least != one.greatest or other.least != other.greatest:
        return None
    number = f"{one.least - other.least:,f}"
    if one.unit and one.unit.isalpha():
        written = re.search(r"\d[\s-]*([^\W\d_]+)", said[0])  # "metres", where the unit is "metre"
        number += f" {written[1] if written else one.unit}"
    return f"the difference is {number}, {said[0]} compared with {said[1]}."


def _compared(asked: Computed, one: Measure, other: Measure, said: Sequence[str]) -> str | None:
    """Say which of two measures is more, or return None if they overlap."""
    if one.least <= other.greatest and other.least <= one.greatest:
        return None
    first = int((one.least > other.greatest) != asked.is_more)
    return f"{asked.things[first]} {asked.said}, {said[first]} compared with {said[1 - first]}."


def _between(days: Sequence[Point], said: Sequence[str], unit: str) -> str | None:
    """Say how much time is between two days; a day without a year takes the other's."""
    year = next((each.year for each in days if each.year), None)
    try:
        first, last = (
            date(each.year or year or LEAP_YEAR, each.month or 1, each.day or 1) for each in days
        )
    except ValueError:  # Feb. 29, in the year of the other day.
        return None
    number = abs((last - first).days)
    count = number_of(number, "day")
    if unit == "weeks" and number >= DAYS_OF_WEEK:
        weeks, rest = divmod(number, DAYS_OF_WEEK)
        parts = [number_of(weeks, "week"), *([number_of(rest, "day")] if rest else [])]
        count += f" ({' and '.join(parts)})"
    same = "" if year else ", if both are in the same year"
    return f"it is {count} from {said[0]} to {said[1]}{same}."


def day_of(quote: Quote) -> Point | None:
    """Return the day that the answering words of a quote name, or None unless it is exactly one.

    The year is from these words, or else from the chronology entry that the quote is in.
    """
    days = times(quote.words).days
    if len(days) != 1:
        return None
    day = days.pop()
    return replace(day, year=day.year or (quote.dates[0].year if quote.dates else None))


class Measure(NamedTuple):
    """A measure, or a range of it: "1,800 to 2,500 km"."""

    least: Decimal
    greatest: Decimal
    unit: str | None


def measured(quote: Quote) -> Measure | None:
    """Return the measure in the answering words of a quote, or None if they have no number."""
    found = [each for each in mentions(quote.words) if each.kind == "number"]
    said = (value for each in found for value in each.holds)
    values = [Decimal(each) for each in said if each.replace(".", "", 1).isdigit()]
    return Measure(min(values), max(values), found[-1].unit) if values else None
