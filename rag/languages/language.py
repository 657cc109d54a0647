"""What a language provides (`FactLanguage` for facts, `Language` for all), and the data types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

Kind = Literal["number", "year", "date", "name", "word"]


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts that a text asserts and that can be checked, in normal forms."""

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

    One mention bears out another if it `holds` what the other `asserts`: "Oct. 14-17" asserts its
    days, and also holds October. A plain word asserts nothing. Two names are the same if one has
    all words of the other: "Holm" and "Lise Holm", but not "Alder Strait" and "Tolm Strait". A
    plain word bears out a name only if it is the whole name: "strait" does not bear out these two.
    """

    kind: Kind
    start: int
    end: int
    asserts: frozenset[str]
    holds: frozenset[str]
    unit: str | None = None
    words: tuple[frozenset[str], ...] = ()

    def same(self, other: Mention) -> bool:
        """Whether the other mention bears out this one."""
        # A word with a capital may be a name here, and a plain word where it opens a sentence.
        if self.kind == "date" == other.kind:
            return bool(self.asserts) and self.asserts <= other.holds
        if self.kind == "name" == other.kind:
            few, many = sorted((self, other), key=lambda each: len(each.words))
            return all(not word.isdisjoint(many.holds) for word in few.words)
        if self.kind == "name" and other.kind == "word":
            return all(not word.isdisjoint(other.holds) for word in self.words)
        alike = other.kind in (self.kind, "word")
        return alike and not self.asserts.isdisjoint(other.holds)


def normal_form(number: Decimal) -> str:
    """Return a number without trailing zeros in its fraction: "1.50" as "1.5", "2.0" as "2"."""
    digits = f"{number:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


Relation = Literal["in", "after", "since", "before", "until"]


@dataclass(frozen=True, slots=True)
class Point:
    """A day, or a run of whole months, as it was named; what was left out is None.

    `part` is (index, count of equal parts): (0, 1) is all of it. With `week`, the week of the day
    is meant.
    """

    year: int | None
    month: int | None
    day: int | None = None
    months: int = 1
    part: tuple[int, int] = (0, 1)
    week: bool = False


@dataclass(frozen=True, slots=True)
class Time:
    """Ranges between points, usually of one point with itself, and how the time relates to them."""

    relation: Relation
    ranges: tuple[tuple[Point, Point], ...]


@dataclass(frozen=True, slots=True)
class Times:
    """The times that a text names, and the text that is `left` without them.

    `event` is the event that a time is relative to, and the relation. `end` is (count, is latest)
    if the text only asks for the first or the last entries. `from_today` is set for words like
    "yesterday", which cannot be resolved: the documents' days are not relative to today.
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
    """What is to be computed from the answers about two things.

    `how` is "more" (which of the two is greater: `said` is the wording, such as "is wider", and
    `is_more` is false if the lesser one is wanted), the "difference", or the "days" or "weeks"
    between them.
    """

    things: tuple[str, str]
    how: How
    said: str = ""
    is_more: bool = True


@dataclass(frozen=True, slots=True)
class SubQuestions:
    """The parts of a question, each of which is answered or refused by itself.

    With `follow_up`, each is a follow-up of those before: its "it" may mean their answers.
    """

    questions: tuple[str, ...]
    follow_up: bool = False
    computed: Computed | None = None


Sense = Literal["more", "least", "less", "most"]
"""How an amount relates to its bound: more than it, at least it, less than it, at most it."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound that a text sets on an amount, with the place of its words."""

    sense: Sense
    value: Decimal
    start: int
    end: int

    def holds(self, amount: Decimal) -> bool:
        """Whether an amount is within the bound."""
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
    """The form of answer that a question wants: a yes or a no, or more than one thing."""

    yes_or_no: bool
    several: bool


class FrontMatterPatterns(NamedTuple):
    """The wording of the heads of texts, as regular expressions that ignore case.

    A `joint` is between names. `by` introduces authors, and `is_with` the institutions where they
    work. Names of institutions have an `institution` word, and names of publications a word of
    `works`. `given` introduces the text's own day and `other_day` another day; `beside_day` is what
    else may be next to a day. An `abstract` belongs to a paper, and a `summary` to any text.
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
    """Words of closed classes that show what a question asks of a table, in lower case.

    `times` ask for a time; they include `years` and `months`. `each` and `by` come before what the
    result is grouped by. `most` and `least` ask for the greatest and the smallest number, `many`
    for a number, and `number` may do so too. `than` is between two things that are compared, and
    `joints` are between any things that are named together. `requests` are words of any request,
    and verbs with no meaning of their own. `negations` come before what is excluded. `restricting`
    words exclude rows in many different ways. `verbs` are between the subject and what is said
    about it. `yes` and `no` are the cells of a column that says whether something is so.
    `summaries` are the first cells of rows that are computed from other rows.
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
"""Removes the wording that requests have in common from a text."""


@dataclass(frozen=True, slots=True)
class FactLanguage:
    """A language in which facts can be checked.

    `code` is its code in ISO 639, `letters` a regular expression for a letter of its script, and
    `function_words` are in lower case. `missing_facts` returns the facts of a sentence that none of
    the sources has.
    """

    code: str
    letters: str
    function_words: frozenset[str]
    missing_facts: Callable[[str, Sequence[str]], list[str]]


@dataclass(frozen=True, slots=True)
class Language(FactLanguage):
    """A language in which questions are understood as well.

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
