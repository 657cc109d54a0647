"""Questions that ask more than one thing: parted by rule, where it is plain how."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag.languages.english_words import COMPARATIVES, MONTH


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


@dataclass(frozen=True, slots=True)
class Parts:
    """The questions that a question asks, each to be answered or refused by itself.

    Where `follow_up`, the second is a follow-up of the first: it may speak of its answer as "it".
    `computed` is what is to be computed from both answers.
    """

    questions: tuple[str, str]
    follow_up: bool = False
    computed: Comparison | Difference | Interval | None = None


def parted(question: str) -> Parts | None:
    """Return the parts of a question, or None where it asks one thing, or it is not plain."""
    question = " ".join(question.split())
    for form, parts in _FORMS:
        if match := form.fullmatch(question):
            return next(parts(match), None)
    return None


_WH = r"(?:who|whom|whose|what|when|where|which|why|how)"
_VERB = r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should)"
_POINTS = re.compile(r"\b(?:those|that|these|this|it|one|ones|they|them)\b", re.IGNORECASE)


def _one_after_the_other(match: re.Match[str]) -> Iterator[Parts]:
    first, second = (each.strip(" ,?") for each in match.group("first", "second"))
    second = re.sub(r"^and ", "", second, flags=re.IGNORECASE)
    yield Parts((f"{first}?", f"{second[0].upper()}{second[1:]}?"), follow_up=True)


def _each(match: re.Match[str]) -> Iterator[Parts]:
    opening, rest = match["opening"], match["rest"]
    things = match.group("x", "y")
    yield Parts((f"{opening} {things[0]} {rest}?", f"{opening} {things[1]} {rest}?"))


def _comparison(match: re.Match[str]) -> Iterator[Parts]:
    """Yield “How wide is …?” of both for “Which is wider, … or …?”."""
    measure, more = COMPARATIVES.get(match["word"].lower(), ("", True))
    x, y = match.group("x", "y")
    if not measure or _POINTS.search(f"{x} {y}"):
        return
    found = match.groupdict()
    if quality := found.get("quality"):  # "Which missile has the longer range, … or …?"
        questions = (f"What {quality} does {x} have?", f"What {quality} does {y} have?")
        said = f"has the {match['word']} {quality}"
    else:
        noun = (found.get("noun") or "").strip()
        x, y = (f"the {each} {noun}" if _is_bare(each, noun) else each for each in (x, y))
        verb = match["verb"]
        questions = (f"How {measure} {verb} {x}?", f"How {measure} {verb} {y}?")
        said = f"{verb} {match['word']}"
    yield Parts(questions, computed=Comparison((x, y), said, more))


def _difference(match: re.Match[str]) -> Iterator[Parts]:
    """Yield “How wide is …?” of both for “How much wider is … than …?”."""
    measure, _ = COMPARATIVES.get(match["word"].lower(), ("", True))
    x, y = match.group("x", "y")
    if measure and not _POINTS.search(f"{x} {y}"):
        verb = match["verb"]
        questions = (f"How {measure} {verb} {x}?", f"How {measure} {verb} {y}?")
        yield Parts(questions, computed=Difference((x, y)))


def _interval(match: re.Match[str]) -> Iterator[Parts]:
    """Yield “When was …?” of both for “How many days lay between … and …?”."""
    x, y = match.group("x", "y")
    if not _POINTS.search(f"{x} {y}"):
        unit = (match["unit"] or "days").lower().removesuffix("s")
        yield Parts((f"When was {x}?", f"When was {y}?"), computed=Interval((x, y), unit))


def _two_times(match: re.Match[str]) -> Iterator[Parts]:
    """Yield what happened in both months for “What changed between … and …?”."""
    year = match["year"] or ""
    x, y = (f"What happened in {month}{year}?" for month in match.group("x", "y"))
    yield Parts((x, y))


def _is_bare(name: str, noun: str) -> bool:
    """Whether a name goes without the noun that says what it is: "Tsugaru" of a strait."""
    return bool(noun) and noun.lower() not in name.lower() and not name.lower().startswith("the ")


def _side_by_side(match: re.Match[str]) -> Iterator[Parts]:
    """Yield a short overview of both for “Compare … and …”."""
    x, y = match.group("x", "y")
    # "the Tsugaru and Osumi straits": the noun belongs to both.
    *names, last = y.split()
    if names and len(x.split()) <= len(names) + 1 and re.fullmatch(r"[a-z]+[^si\W]s", last):
        x, y = f"{x} {last[:-1]}", f"{' '.join(names)} {last[:-1]}"
    if not _POINTS.search(f"{x} {y}"):
        yield Parts((f"Tell me about {x} in 3 sentences.", f"Tell me about {y} in 3 sentences."))


_FORMS = [
    (re.compile(form, re.IGNORECASE), parts)
    for form, parts in (
        (rf"(?P<first>{_WH}\b[^?]+\?) (?P<second>(?:and )?{_WH}\b[^?]+\?)", _one_after_the_other),
        (
            rf"(?P<opening>[^?]*\b{_VERB}) (?P<x>[^,?]+?) and (?P<y>[^,?]+?) each "
            r"(?!other|of|one|year|month|week|day|what)(?P<rest>[^?]+)\?",
            _each,
        ),
        (
            r"(?:which|what|who)\b(?P<noun>(?: \w+){0,2}?) (?P<verb>is|was|are|were) "
            r"(?:the )?(?P<word>\w+)(?: one)?[,:]? (?P<x>[^,?]+?),? or "
            r"(?P<y>[^,?]+)\?",
            _comparison,
        ),
        (
            r"(?:which|what)\b(?: \w+){0,2}? (?:has|have|had) (?:the|a) (?P<word>\w+) "
            r"(?P<quality>\w+)[,:] (?P<x>[^,?]+?),? or (?P<y>[^,?]+)\?",
            _comparison,
        ),
        (
            r"how much (?P<word>\w+) (?P<verb>is|are|was|were) (?P<x>[^?]+?) than (?P<y>[^?]+)\?",
            _difference,
        ),
        (
            r"how (?:many (?P<unit>days|weeks)|much time|long) (?:are|were|was|is|lay|lie|passed"
            r"|elapsed|went by)(?: it| there)? between (?P<x>[^?]+?) and (?P<y>[^?]+)\?",
            _interval,
        ),
        (
            r"what (?:has |have )?(?:changed|happened|is different|was different) between "
            rf"(?P<x>{MONTH}) and (?P<y>{MONTH})(?P<year>,? \d{{4}})?\?",
            _two_times,
        ),
        (
            r"(?:please )?(?:compare|contrast) (?P<x>.+?) (?:and|with|to) (?P<y>.+?)[.?]?",
            _side_by_side,
        ),
    )
]
