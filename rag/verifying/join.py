"""Putting the answers of a question's parts together, and what can be computed from them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from rag.answer import Answer, AnswerSentence
from rag.asking.parts import Comparison, Parts
from rag.english.mentions import mentions
from rag.quote import Quote
from rag.verifying.compose import Composition


def joined(parts: Parts, answers: Sequence[Answer]) -> Composition:
    """Return the sentences of all parts in their order, with footnotes numbered through.

    A part that is refused is said to be, with its question. Where two things are compared, and both
    answers are numbers of one unit, a last sentence says which is more, and that it was computed.
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
    if parts.comparison and all(answer.citations for answer in answers):
        quotes = [answer.citations[0] for answer in answers]
        _compare(parts.comparison, quotes, composition)
    return composition


def _compare(asked: Comparison, quotes: Sequence[Quote], composition: Composition) -> None:
    """Add which of two measures is more, where they are of one unit and do not overlap."""
    one, other = map(measured, quotes)
    if one is None or other is None or one.unit != other.unit:
        return
    if one.greatest < other.least:
        less, more = 0, 1
    elif other.greatest < one.least:
        less, more = 1, 0
    else:
        return
    first, second = (more, less) if asked.more else (less, more)
    said = [" ".join(quote.words.split()) for quote in quotes]
    told = f"{asked.things[first]} {asked.said}, {said[first]} against {said[second]}."
    composition.cite(f"Computed: {told}", quotes)


class Measure(NamedTuple):
    """A measure, or a range of it: "1,800 to 2,500 km"."""

    least: Decimal
    greatest: Decimal
    unit: str | None


def measured(quote: Quote) -> Measure | None:
    """Return what the words measure that answer in a quote; None where they hold no number."""
    found = [each for each in mentions(quote.words) if each.kind == "number"]
    values = [Decimal(value) for each in found for value in each.holds if _is_number(value)]
    return Measure(min(values), max(values), found[-1].unit) if values else None


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()
