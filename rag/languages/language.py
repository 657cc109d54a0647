"""What a language is: for facts (`FactLanguage`), for all else (`Language`), and what it tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

Kind = Literal["number", "year", "date", "name", "word"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a text asserts that can be checked: each set holds normal forms."""

    numbers: frozenset[str]
    days: frozenset[str]
    months: frozenset[str]
    names: frozenset[str]

    def __bool__(self) -> bool:
        """Whether there is anything to check."""
        return bool(self.numbers or self.days or self.months or self.names)


@dataclass(frozen=True, slots=True)
class Mention:
    """A fact, or a plain word, at its place in a text.

    Two mentions are of the same fact when what the one `asserts` is among what the other `holds`:
    "Oct. 14-17" holds October, and asserts its days. A plain word asserts nothing. Of two names
    one holds all words of the other: "Holm" and "Lise Holm", not "Alder Strait" and "Tolm Strait".
    """

    kind: Kind
    start: int
    end: int
    asserts: frozenset[str]
    holds: frozenset[str]
    unit: str | None = None
    words: tuple[frozenset[str], ...] = ()

    def same(self, other: Mention) -> bool:
        """Whether the other one bears this one out."""
        # A word that only opens a sentence looks like a name, and is found as a plain word.
        if self.kind == "date" == other.kind:
            return bool(self.asserts) and self.asserts <= other.holds
        if self.kind == "name" == other.kind:
            few, many = sorted((self, other), key=lambda each: len(each.words))
            return all(not word.isdisjoint(many.holds) for word in few.words)
        alike = other.kind in (self.kind, "word")
        return alike and not self.asserts.isdisjoint(other.holds)


def normal_form(number: Decimal) -> str:
    """Return a number without the zeros of its fraction: "1.50" as "1.5", "2.0" as "2"."""
    digits = f"{number:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


Relation = Literal["in", "after", "since", "before", "until"]


@dataclass(frozen=True, slots=True)
class Point:
    """A day, or a run of whole months, as it was named; what was left out is None.

    `part` says which of how many equal parts of it is meant, from 0 on: (0, 1) is all of it. Of a
    day its `week` may be meant.
    """

    year: int | None
    month: int | None
    day: int | None = None
    months: int = 1
    part: tuple[int, int] = (0, 1)
    week: bool = False


@dataclass(frozen=True, slots=True)
class Time:
    """Ranges between points, mostly of one point with itself, and how a time relates to them."""

    relation: Relation
    ranges: tuple[tuple[Point, Point], ...]


@dataclass(frozen=True, slots=True)
class Times:
    """What a text says of time, and what is `left` of it beside that.

    `event` is what is said of an event that the time is counted from, and how. `end` is how many
    entries are asked for from an end, where that is all that is said, and whether from the latest
    one. `from_today` tells of "yesterday": the documents' days are not counted from today.
    """

    times: tuple[Time, ...]
    left: str
    event: tuple[Relation, Times] | None = None
    end: tuple[int, bool] | None = None
    from_today: bool = False

    @property
    def days(self) -> set[Point]:
        """The days that are named."""
        ranges = (each for time in self.times for each in time.ranges)
        return {point for each in ranges for point in each if point.day}


How = Literal["more", "difference", "days", "weeks"]


@dataclass(frozen=True, slots=True)
class Computed:
    """What is to be computed from the answers on two things.

    `how` is "more" (which of the two is greater: `said` is the wording, such as "is wider", and
    `is_more` is false if the lesser one is asked for), the "difference", or the "days" or "weeks"
    between them.
    """

    things: tuple[str, str]
    how: How
    said: str = ""
    is_more: bool = True


@dataclass(frozen=True, slots=True)
class SubQuestions:
    """The questions that a question asks, each to be answered or refused by itself.

    Where `follow_up`, each is a follow-up of those before: it may speak of their answers as "it".
    """

    questions: tuple[str, ...]
    follow_up: bool = False
    computed: Computed | None = None


Sense = Literal["more", "least", "less", "most"]
"""How an amount relates to its bound: more than it, at least so much, less, at most."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound that a text sets to an amount, with the place of all its words."""

    sense: Sense
    value: Decimal
    start: int
    end: int

    def holds(self, amount: Decimal) -> bool:
        """Whether an amount keeps to it."""
        match self.sense:
            case "more":
                return amount > self.value
            case "least":
                return amount >= self.value
            case "less":
                return amount < self.value
            case _:
                return amount <= self.value


@dataclass(frozen=True, slots=True)
class QuestionForm:
    """Which form of answer a question wants: a yes or a no, or more than one thing."""

    yes_or_no: bool
    several: bool


class FrontMatterPatterns(NamedTuple):
    """How what stands at the head of texts is worded: regular expressions, for any case.

    A `joint` stands between names. `by` leads to authors, and `is_with` to where they work, whose
    names have a word for an `institution`; names of `works` have others. `given` leads to the day
    that a text is of, `other_day` to another one, and `beside_day` is what else stands there. An
    `abstract` is a paper's, a `summary` anything's.
    """

    joint: str
    by: str
    institution: str
    works: str
    given: str
    other_day: str
    beside_day: str
    abstract: str
    summary: str
    after_abstract: str
    is_with: str
    publisher: str
    day: str


class TableWords(NamedTuple):
    """Words of closed classes by which it is told what is asked of a table, in small letters.

    `times` ask for a time, among them `years` and `months`. `each` and `by` stand before what
    something is asked for each of. `most` and `least` ask for the greatest and the smallest number,
    `many` for a number, and so may `number`. `than` stands between two things that are compared,
    and `joints` between all that are named together. `requests` are words of any request, and verbs
    that say nothing by themselves.
    `negations` stand before what is excluded. `restricting` words exclude rows in ways of many
    kinds. `verbs` stand between what is asked about and what is said of it. `yes` and `no` are what
    the cells of a column say that tells whether something is so. `summaries` are what the first
    cell of a row says that is computed from others.
    """

    times: frozenset[str]
    years: frozenset[str]
    months: frozenset[str]
    each: frozenset[str]
    by: frozenset[str]
    most: frozenset[str]
    least: frozenset[str]
    many: frozenset[str]
    number: frozenset[str]
    than: frozenset[str]
    joints: frozenset[str]
    requests: frozenset[str]
    negations: frozenset[str]
    restricting: frozenset[str]
    verbs: frozenset[str]
    yes: frozenset[str]
    no: frozenset[str]
    summaries: frozenset[str]


Own = Callable[[str], str]
"""Returns a text without the wording that requests have in common."""


@dataclass(frozen=True, slots=True)
class FactLanguage:
    """A language whose facts are checked: what a sentence has of them that no source holds.

    `code` is its code in ISO 639. `letters` is a regular expression for a letter of its script, and
    `function_words` are those that every text in it has, in small letters.
    """

    code: str
    letters: str
    function_words: frozenset[str]
    missing_facts: Callable[[str, Sequence[str]], list[str]]


@dataclass(frozen=True, slots=True)
class Language(FactLanguage):
    """What else is known of a language in which questions are understood.

    Its functions are documented in `rag/languages/__init__.py`.
    """

    sentence_spans: Callable[[str, int, int], list[tuple[int, int]]]
    content_words: Callable[[str], set[str]]
    facts: Callable[[str], Facts]
    missing_names: Callable[[str, Sequence[str]], list[str]]
    mentions: Callable[[str], tuple[Mention, ...]]
    in_full: Callable[[str], str]
    worded_as: Callable[[str, str], str]
    times: Callable[[str], Times]
    head: FrontMatterPatterns
    stated: Callable[[str], str]
    asked_of: Callable[[str, str], str | None]
    place_in_order: Callable[[str, int], tuple[int, str] | None]
    form: Callable[[str], QuestionForm]
    joined_questions: Callable[[str], tuple[str, ...]]
    asked_of_two: Callable[[str, str, Own], SubQuestions | None]
    amount: Callable[[str], tuple[Decimal, str] | None]
    bounds: Callable[[str], tuple[Bound, ...]]
    degree: Callable[[str], bool | None]
    superlative: Callable[[str], bool | None]
    table_words: TableWords
