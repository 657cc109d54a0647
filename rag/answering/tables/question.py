"""A question, matched against a table: which words the table accounts for, and which are left."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log

from index.printable import number_of
from rag.answering.tables.cells import stem_of, stems
from rag.answering.tables.columns import KINDS, Column, Sheet
from rag.asking.route import request_words
from rag.languages import FUNCTION_WORDS, TABLE_WORDS, degree, superlative
from rag.languages.english_amounts import dimension
from rag.languages.english_words import UNITS_OF_MEASURE, WORD_NUMBERS, singular

Alike = Callable[[Sequence[str], Sequence[str]], Sequence[Sequence[float]]]
"""Returns the similarity in meaning of each text to each of the others, from -1 to 1."""

SAME_MEANING = 0.7
"""The similarity from which words of a question and a head say the same in other words, with the
default embedding: “weigh” and “body mass” are at .78, two unrelated words at about .55."""

SAME_MEASURE = 0.8
"""The same for nouns and verbs: “rain” and “precipitation” are at .86, “weight” and “height” at
.78."""

SAME_THING = 0.8
"""The same for what is counted: “vehicles” and “cars” are at .90, “lifeboats” and “titanic” at
.72."""

SAME_SUBJECT = 0.55
"""The same for what is counted and all heads of a table, if the question has another name for it:
“the companies” for a table of their sales. Unrelated things are usually below."""

SAME_VALUE = 0.75
"""The similarity from which a word and a value mean the same: “women” and “Female” are at .85,
“Korean” and “Japan” at .67."""

CLEARLY = 0.03
"""The lead in similarity that the head that is meant must have over any other."""

LEAST_SHARE = 0.3
"""The share of a head that must be named. Words that fewer heads have weigh more."""

SHORT = 3
"""The fewest letters of a head's word that may be short for a longer one: “temp”, “pop”, “max”.
Anything shorter is a unit, “mm”."""


@dataclass(slots=True)
class Token:
    """A word of the question. It is `taken` once it is clear what it stands for."""

    text: str
    stem: str
    start: int
    end: int
    taken: bool = False

    @property
    def word(self) -> str:
        """The word in lower case."""
        return self.text.casefold()


class Asked:
    """A question, read against a sheet. Whatever is recognized in it takes its words."""

    def __init__(self, question: str, sheet: Sheet, alike: Alike) -> None:
        """Split the question into words, none of them taken yet."""
        whole = re.sub(r"n['’]t\b", " not", question)
        self.text = re.sub(r"['’]s\b", "  ", whole)
        self.sheet, self.alike = sheet, alike
        found = re.finditer(r"[^\W_]+", self.text)
        self.tokens = [Token(each[0], stem_of(each[0]), *each.span()) for each in found]
        numbers = [each for each in sheet.columns if each.numbers_rows]
        called = " ".join([sheet.title, *(each.head for each in numbers)])
        self.names = re.findall(r"\w+", in_words(called))
        self.title = frozenset(map(stem_of, self.names)) | frozenset(stems(called))
        self.columns = [each for each in sheet.columns if not each.numbers_rows]
        self.explained = 0
        self.units: set[int] = set()
        heads = Counter(word for each in self.columns for word in set(each.words))
        self.weights = {word: log(1 + len(self.columns) / n) for word, n in heads.items()}

    def take(self, places: Iterable[int]) -> None:
        """Mark words as taken, which means that the table explains them."""
        for at in places:
            self.explained += not self.tokens[at].taken
            self.tokens[at].taken = True

    def inside(self, start: int, end: int) -> list[int]:
        """Return the positions of the words within a span of the text."""
        tokens = enumerate(self.tokens)
        return [at for at, each in tokens if start <= each.start and each.end <= end]

    def says_nothing(self, run: Iterable[int]) -> bool:
        """Whether words could be in any question, and so name no value of a column."""
        return all(
            self._is_small(at)
            or self.tokens[at].word in TABLE_WORDS.requests
            or (self.tokens[at].stem in _request_stems() and not is_number(self.tokens[at]))
            for at in run
        )

    def _is_small(self, at: int) -> bool:
        """Whether a word is a function word, and not a single capital used as a name: “A”."""
        token = self.tokens[at]
        called = at > 0 and len(token.text) == 1 and token.text.isupper() and token.text != "I"
        return token.word in FUNCTION_WORDS and not called

    # --- heads

    def named(self, column: Column, within: Container[int] | None = None) -> dict[str, list[int]]:
        """Return the words of a column's head that the question has, each with its positions."""
        found: dict[str, list[int]] = {}
        for word in _telling(column):
            for at, token in enumerate(self.tokens):
                joined = token.stem + "".join(each.stem for each in self.tokens[at + 1 : at + 2])
                if token.taken or (within is not None and at not in within):
                    continue
                behind = self.tokens[at + 1] if at + 1 < len(self.tokens) else None
                rest = word.removeprefix(token.stem)
                if _stands_for(word, token) and not (behind and _shortens(rest, behind)):
                    found.setdefault(word, []).append(at)
                elif len(word) > len(token.stem) and (
                    joined.startswith(word) or (rest != word and behind and _shortens(rest, behind))
                ):
                    found.setdefault(word, []).extend((at, at + 1))
        return found

    def take_head(self, column: Column, within: Container[int] | None = None) -> None:
        """Take the words of a column's head."""
        self.take(at for places in self.named(column, within).values() for at in places)

    def heads_of(self, at: int) -> list[Column]:
        """Return the columns whose head has this word of the question."""
        token = self.tokens[at]
        return [
            column
            for column in self.columns
            if any(_stands_for(word, token) for word in column.words if _is_telling(word))
        ]

    def best_named(
        self, columns: Sequence[Column], within: Container[int] | None = None
    ) -> tuple[list[Column], bool]:
        """Return the columns whose head is named best, and whether it is named well enough."""
        shares = [self._share(each, within) for each in columns]
        best = max(shares, default=(0.0, 0.0))
        if best[1] < LEAST_SHARE:
            return list(columns), False
        return [each for each, share in zip(columns, shares, strict=True) if share == best], True

    def _share(self, column: Column, within: Container[int] | None) -> tuple[float, float]:
        """Return the weight of a head's words that are named, and its share of the whole head's."""
        named = sum(self.weights[word] for word in self.named(column, within))
        whole = sum(self.weights[word] for word in _telling(column)) or 1
        return round(named, 6), round(named / whole, 6)

    def meant(
        self, columns: Sequence[Column], least: float, within: Container[int] | None = None
    ) -> list[Column]:
        """Return the column whose head means what is left of the question, if one clearly does."""
        left = [
            at
            for at, each in enumerate(self.tokens)
            if not (each.taken or self.says_nothing([at]) or self._names(at) or at in self.units)
            and (within is None or at in within)
        ]
        words = " ".join(self.tokens[at].text for at in left)
        if not words or not columns:
            return []
        [found] = self.alike([words], [in_words(each.head) for each in columns])
        first, *others = sorted(found, reverse=True)
        best = columns[list(found).index(first)]
        if not all(map(self._compares, left)):
            least = max(least, SAME_MEASURE) if least > 0 else least
        said = {dimension(self.tokens[at].word) for at in left} - {None}
        other = {dimension(word) for word in in_words(best.head).split()} - {None}
        if first < least or (others and first - others[0] < CLEARLY) or (said and other - said):
            return []
        return [best]

    def ranks_what_is_counted(self, column: Column) -> bool:
        """Whether a superlative precedes the singular of a head's plural.

        “The loudest unit” asks which unit ranks first, not how many there are under “Units”.
        """
        counted = {singular(word.casefold()) for word in in_words(column.head).split()}
        return any(
            at and token.word in counted and self._compares(at - 1)
            for at, token in enumerate(self.tokens)
            if not token.taken and token.word not in in_words(column.head).casefold().split()
        )

    def _compares(self, at: int) -> bool:
        """Whether a word is an adjective that compares: “heaviest”, “most expensive”."""
        before = self.tokens[at - 1].word if at else ""
        word = self.tokens[at].word
        return degree(word) is not None or before in TABLE_WORDS.most | TABLE_WORDS.least

    def _names(self, at: int) -> bool:
        """Whether a word is in the table's name, or in the head of a column without amounts."""
        heads = self.heads_of(at)
        return self.tokens[at].stem in self.title or any(not each.amounts for each in heads)

    # --- is that all?

    def is_understood(self, heads: Sequence[Column], *, counts: bool, rows_told: bool) -> bool:
        """Whether no word is left that might be another condition.

        If the rows are determined without it, one word may name what the rows are, unless another
        word already does: “diesel cars” are not all cars.
        """
        left = [at for at, each in enumerate(self.tokens) if not each.taken and self._tells(at)]
        in_title = [at for at in left if self.tokens[at].stem in self.title]
        self.take(in_title)
        left = [at for at in left if at not in in_title]
        if any(self._is_strict(at) for at in left):
            return False
        said = [*(in_words(each.head) for each in heads), *self.names]
        words = [self.tokens[at].text for at in left]
        least = [SAME_MEANING] * len(heads) + [SAME_THING if counts else SAME_MEANING] * len(
            self.names
        )
        close = self.alike(words, said) if left else []
        other = [
            word
            for word, row in zip(words, close, strict=True)
            if all(value < enough for value, enough in zip(row, least, strict=True))
        ]
        one = len(other) == 1 and rows_told and not in_title
        return not other or (one and self._is_subject(other[0]))

    def _is_subject(self, word: str) -> bool:
        """Whether a word names what the rows are, by its similarity to all heads together."""
        subject = ", ".join([*self.names, *(in_words(each.head) for each in self.columns)])
        plural = number_of(2, word).partition(" ")[2]
        alike = self.alike([word, plural], [subject])
        return max(value for [value] in alike) >= SAME_SUBJECT and not self._means_value(word)

    def _means_value(self, word: str) -> bool:
        """Whether a word means some rows, not what all of them are: the wage “of the women”."""
        kinds = [each for each in self.columns if not each.amounts and len(each.groups) <= KINDS]
        values = [value for column in kinds for value in column.groups]
        return bool(values) and max(self.alike([word], values)[0]) >= SAME_VALUE

    def _tells(self, at: int) -> bool:
        """Whether a word says something that not every such question says."""
        token = self.tokens[at]
        if at in self.units and not any(each.amounts for each in self.heads_of(at)):
            return False
        compares = degree(token.word) is not None or superlative(token.word) is not None
        told = self.says_nothing([at]) or compares or token.word in UNITS
        return token.word in _LIMITING or bool(self.heads_of(at)) or not told

    def _is_strict(self, at: int) -> bool:
        """Whether a word has to be matched exactly: a number, a name, another column's head."""
        token = self.tokens[at]
        named = token.text[0].isupper() and at > 0
        limits = token.word in _LIMITING
        return named or limits or is_number(token) or bool(self.heads_of(at))


UNITS = frozenset(word for line in UNITS_OF_MEASURE for word in line.split()) - TABLE_WORDS.times
"""Units that a question may ask for an amount in."""

_LIMITING = TABLE_WORDS.each | TABLE_WORDS.negations | TABLE_WORDS.restricting
"""Words that change which rows are meant, although they occur in any text."""


def is_number(token: Token) -> bool:
    """Whether a word is a number, in digits or not."""
    return token.text[0].isdigit() or token.word in WORD_NUMBERS


def in_words(head: str) -> str:
    """Return a head as people would say it: “life Exp” for “lifeExp”."""
    return re.sub(r"[_\W]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", head)).strip()


def _telling(column: Column) -> list[str]:
    return [word for word in column.words if _is_telling(word)] or list(column.words)


def _is_telling(word: str) -> bool:
    return word.isdigit() or (len(word) >= SHORT and word not in FUNCTION_WORDS)


def _stands_for(word: str, token: Token) -> bool:
    """Whether a head's word matches a word of the question; either may be shortened."""
    if word in (token.stem, token.word) or _shortens(word, token):
        return True
    if token.word in FUNCTION_WORDS or word.isdigit() or token.text.isdigit():
        return False
    short, long = sorted((word, token.stem), key=len)
    return len(short) >= SHORT + (short is token.stem) and long.startswith(short)


def _shortens(word: str, token: Token) -> bool:
    """Whether a head's word is a longer word without its vowels: “wt” for “weight”."""
    bare = re.sub(r"[aeiou]", "", token.stem)
    same_ends = word[:1] == bare[:1] and word[-1:] == bare[-1:]
    letters = iter(bare)
    return 1 < len(word) <= len(bare) and same_ends and all(each in letters for each in word)


@lru_cache(maxsize=1)
def _request_stems() -> frozenset[str]:
    return frozenset(map(stem_of, request_words("compute")))
