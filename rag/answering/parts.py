"""Answering a question of several parts: each by itself, put together, and what is computed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from index.split import sentence_spans
from rag.answer import Answer, AnswerSentence, Event, Found, Reason
from rag.answering.context import Context
from rag.asking.condense import Turn
from rag.asking.query import Query
from rag.languages import mentions
from rag.languages.english_words import month_number
from rag.quote import Quote
from rag.verifying.compose import Composition


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two things that are compared by a number, and whether the one with `more` is asked for.

    `said` is what the one asked for is or has: "is wider", "has the longer range".
    """

    things: tuple[str, str]
    said: str
    more: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """How much more the first thing's number is than the second's."""

    things: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Interval:
    """How many of a unit, "day" or "week", lie between the days of two things."""

    things: tuple[str, str]
    unit: str


Computed = Comparison | Difference | Interval


@dataclass(frozen=True, slots=True)
class Parts:
    """The questions that a question asks, each to be answered or refused by itself.

    Where `follow_up`, each is a follow-up of those before: it may speak of their answers as "it".
    `computed` is what is to be computed from the answers of two, and `things` are two that are
    compared in general.
    """

    questions: tuple[str, ...]
    follow_up: bool = False
    computed: Computed | None = None
    things: tuple[str, ...] = ()


MOST_PARTS = 4
LEAST_WORDS = 3


def several(query: Query) -> Parts | None:
    """Return the questions of a message that asks one after the other, or one of each of two.

    None for any other.
    """
    text = query.text
    if _OF_EACH.search(text) and (each := of_each(text)):
        return each
    asked = [" ".join(text[slice(*at)].split()) for at in sentence_spans(text, 0, len(text))]
    whole = all(each.endswith("?") and len(each.split()) >= LEAST_WORDS for each in asked)
    if not whole or not 1 < len(asked) <= MOST_PARTS or text != query.typed:
        return None
    alone = [_AND.sub("", each) for each in asked]
    return Parts(tuple(each[0].upper() + each[1:] for each in alone), follow_up=True)


_AND = re.compile(r"^(?:and|but|also) ", re.IGNORECASE)
_OF_EACH = re.compile(r"\s(?:each|respectively)\b", re.IGNORECASE)
_EACH = re.compile(r",?\s+(?:(?:each|both)(?: of)?|respectively|in turn)\b", re.IGNORECASE)
_EACH_OTHER = re.compile(r"\b(?:each other|one another)\b", re.IGNORECASE)


def of_each(text: str) -> Parts | None:
    """Read “What did … and … each say?”: the question is asked of either of two names."""
    if _EACH_OTHER.search(text):
        return None
    plain = _EACH.sub("", text)
    names = [each for each in mentions(plain) if each.kind == "name"]
    for one, other in pairwise(names):
        if re.fullmatch(r",? and (?:the )?", plain[one.end : other.start]):
            first = plain[: one.end] + plain[other.end :]
            return Parts((first, plain[: one.start] + plain[other.start :]))
    return None


def answer_parts(query: Query, context: Context, parts: Parts) -> Iterator[Event]:
    """Answer each part by itself, and put the answers together.

    Where something is to be computed, and a part is refused, it is answered like any other
    question: a sentence may say it without their numbers.
    """
    answers: list[Answer] = []
    quotes: dict[object, Quote] = {}
    part = replace(context, limit=max(context.limit // len(parts.questions), 1))
    for number, text in enumerate(parts.questions):
        before = zip(parts.questions[:number], answers, strict=True) if parts.follow_up else ()
        turns: list[Turn] = []
        for asked, told in before:
            turns += [("user", asked), ("assistant", told.text)]
        for event in part.ask(part.understand(text, turns)):
            if isinstance(event, Answer):
                answers.append(event)
            elif isinstance(event, Found):
                quotes = {quote.span: quote for quote in event.quotes} | quotes
                yield Found(tuple(quotes.values()))
    if parts.computed and any(answer.refused for answer in answers):
        yield from context.ask(query.as_evidence())
        return
    every = tuple(quotes.values())
    if all(answer.refused for answer in answers):
        made = context.answer(query, Composition(), every, "not_in_sources")
    else:
        reason: Reason | None = "llm_unavailable" if context.run.llm_failed else None
        notes = dict.fromkeys(filter(None, (answer.message for answer in answers)))
        composition = joined(parts, answers)
        made = context.answer(query, composition, every, reason, note=" ".join(notes) or None)
    yield replace(made, way=query.route.kind if query.route.kind == "comparison" else "parts")


def joined(parts: Parts, answers: Sequence[Answer]) -> Composition:
    """Return the sentences of all parts in their order, with footnotes numbered through.

    A part that is refused is said to be, with its question. Where something is to be computed from
    both answers, and can be, a last sentence says it, and that it was computed.
    """
    composition = Composition()
    for question, answer in zip(parts.questions, answers, strict=True):
        if answer.refused:
            told = f"“{question}” The sources do not say."
            composition.sentences.append(AnswerSentence(told, (), True))
        for sentence in () if answer.refused else answer.sentences:
            cited = [answer.citations[number - 1] for number in sentence.citations]
            if sentence.supported and cited:
                composition.cite(sentence.text, cited)
            else:
                composition.sentences.append(sentence)
    if parts.computed and all(answer.citations for answer in answers):
        quotes = [answer.citations[0] for answer in answers]
        if computed := _computed(parts.computed, quotes):
            composition.cite(f"Computed: {computed}", quotes)
    return composition


def _computed(asked: Computed, quotes: Sequence[Quote]) -> str | None:
    """Return what is computed from two quotes, or None where they do not hold what it takes."""
    said = [" ".join(quote.words.split()) for quote in quotes]
    if isinstance(asked, Interval):
        days = [day_of(quote) for quote in quotes]
        return _between(days, said, asked.unit) if all(days) else None
    one, other = map(measured, quotes)
    if one is None or other is None or one.unit != other.unit:
        return None
    if isinstance(asked, Comparison):
        return _compared(asked, one, other, said)
    if one.is_range or other.is_range:
        return None
    number = f"{one.least - other.least:,f}"
    if one.unit and one.unit.isalpha():
        written = re.search(r"\d[\s-]*([^\W\d_]+)", said[0])  # "metres", where the unit is "metre"
        number += f" {written[1] if written else one.unit}"
    return f"the difference is {number}, from {said[0]} and {said[1]}."


def _compared(asked: Comparison, one: Measure, other: Measure, said: Sequence[str]) -> str | None:
    """Say which of two measures is more; None where they overlap."""
    if one.greatest < other.least:
        less, more = 0, 1
    elif other.greatest < one.least:
        less, more = 1, 0
    else:
        return None
    first, second = (more, less) if asked.more else (less, more)
    return f"{asked.things[first]} {asked.said}, {said[first]} against {said[second]}."


def _between(days: Sequence[Day | None], said: Sequence[str], unit: str) -> str | None:
    """Say how much time lies between two days; of two without a year, within one year."""
    one, other = (each for each in days if each)
    year = one.year or other.year
    try:
        first, last = (
            date(each.year or year or LEAP_YEAR, each.month, each.day) for each in (one, other)
        )
    except ValueError:  # "Feb. 30"
        return None
    number = abs((last - first).days)
    assumed = "" if year else ", both of one year"
    count = f"{number} day{'' if number == 1 else 's'}"
    if unit == "week" and number >= DAYS_OF_WEEK:
        weeks, rest = divmod(number, DAYS_OF_WEEK)
        count += f" ({weeks} week{'' if weeks == 1 else 's'}"
        count += f" and {rest} day{'' if rest == 1 else 's'})" if rest else ")"
    return f"from {said[0]} to {said[1]}{assumed}, it is {count}."


LEAP_YEAR = 2020
DAYS_OF_WEEK = 7


class Day(NamedTuple):
    """A day; the year may not be told."""

    year: int | None
    month: int
    day: int


def day_of(quote: Quote) -> Day | None:
    """Return the day that the words of a quote name which answer; None if none, or several.

    The year is that of the words, or of the chronology's entry that the quote stands in.
    """
    found = mentions(quote.words)
    days = {form for each in found if each.kind == "date" for form in each.asserts if " " in form}
    years = {int(float(value)) for each in found if each.kind == "year" for value in each.asserts}
    if len(days) != 1 or len(years) > 1:
        return None
    month, day = days.pop().split()
    year = next(iter(years), None) or (quote.dates[0].year if quote.dates else None)
    return Day(year, month_number(month), int(day))


class Measure(NamedTuple):
    """A measure, or a range of it: "1,800 to 2,500 km"."""

    least: Decimal
    greatest: Decimal
    unit: str | None

    @property
    def is_range(self) -> bool:
        """Whether it is not one number."""
        return self.least != self.greatest


def measured(quote: Quote) -> Measure | None:
    """Return what the words measure that answer in a quote; None where they hold no number."""
    found = [each for each in mentions(quote.words) if each.kind == "number"]
    values = [Decimal(value) for each in found for value in each.holds if _is_number(value)]
    return Measure(min(values), max(values), found[-1].unit) if values else None


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()
