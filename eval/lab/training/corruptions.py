"""True sentences of a document, and false ones made from them by rule, one fact at a time.

No language model and no weights take part, and a fixed seed gives the same sentences in every run.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from eval.cases.cases import CaseSet
from eval.cases.evidence import locate
from index.documents import Document
from index.english import MONTHS
from index.split import split
from rag.answerability.reader import Reader
from rag.verifying.attribution import attribute
from rag.verifying.entailment import is_entailed

Match = re.Match[str]


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence with the quotes that it is checked against; `kind` says how it was made."""

    kind: str
    sentence: str
    quotes: tuple[str, ...]
    question: str
    development: bool
    title: str = ""

    def flagged(self, reader: Reader) -> bool:
        """Whether the verification would keep the sentence out of an answer."""
        found = attribute(self.sentence, self.quotes, self.question)
        cited = [self.quotes[at] for at in found.quotes]
        return not (found.supported and is_entailed(self.sentence, cited, self.title, reader))


# --- true sentences


@dataclass(frozen=True, slots=True)
class Words:
    """The material that a document's corruptions are made from."""

    sentences: tuple[str, ...]
    elsewhere: tuple[str, ...]
    numbers: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, document: Document, others: Sequence[str]) -> Words:
        """Gather a document's sentences, numbers and names; `others` are other documents' texts."""
        spans = [span for passage in split(document) for span in passage.sentences]
        sentences = tuple(" ".join(document.text[start:end].split()) for start, end in spans)
        elsewhere = tuple(
            line for text in others for line in re.findall(r"[^.\n]{60,}\.(?=\s)", text)
        )
        numbers, names = (sorted(set(_all(each, sentences))) for each in (_numbers, _names))
        return cls(sentences, elsewhere, tuple(numbers), tuple(names))


def verbatim(
    case_set: CaseSet, document: Document, words: Words, rng: random.Random
) -> Iterator[Claim]:
    """Yield each sentence that holds evidence once, with four other quotes of its document.

    The others are its two neighbours, the sentence that shares most words with it, and a random
    one.
    """
    spans = [span for passage in split(document) for span in passage.sentences]
    sentences = words.sentences
    bags = [{word.lower() for word in re.findall(r"\w{4,}", each)} for each in sentences]
    taken: set[str] = set()
    cases = [case for case in case_set.cases if case.evidence]
    for at, case in enumerate(cases):
        for evidence in case.evidence:
            start = locate(evidence, document).start
            here = next((i for i, span in enumerate(spans) if span[0] <= start < span[1]), None)
            if here is None or sentences[here] in taken:
                continue
            taken.add(sentences[here])
            near = [i for i in (here - 1, here + 1) if 0 <= i < len(sentences)]
            rest = [i for i in range(len(sentences)) if i not in (here, *near)]
            like = max(rest, key=lambda i: len(bags[here] & bags[i]))
            chosen = [here, *near, like, rng.choice([i for i in rest if i != like])]
            rng.shuffle(chosen)
            quotes = tuple(sentences[i] for i in chosen)
            yield Claim(
                "verbatim", sentences[here], quotes, case.question, at % 2 == 0, document.title
            )


def rewrites(claim: Claim) -> Iterator[Claim]:
    """Yield the sentence reworded in the ways that language models like."""
    for kind, (pattern, new) in _REWRITES.items():
        sentence = re.sub(pattern, new, claim.sentence)
        if sentence != claim.sentence:
            yield replace(claim, kind=kind, sentence=sentence)


_SHORT = {month[: 4 if month == "September" else 3] + ".": month for month in MONTHS}
_MONTH = re.compile(rf"\b(?:{'|'.join(MONTHS)})\b|\b(?:{'|'.join(map(re.escape, _SHORT))})")
_DAY = re.compile(rf"(?:{_MONTH.pattern})\s\d{{1,2}}\b")
_YEAR = re.compile(r"(?<![\d,.-])(?:19|20)\d\d(?![\d,]\d|-\d)")
_CARDINALS = "two three four five six seven eight nine ten eleven twelve".split()
_ORDINALS = "second third fourth fifth sixth seventh eighth ninth tenth".split()
_NUMBER = re.compile(
    rf"(?<![\w.,$-])\$?\d+(?:,\d{{3}})*(?:\.\d+)?(?:th|nd|rd|st)?(?![\w,]\d|[A-Z])"
    rf"|\b(?:{'|'.join(_CARDINALS + _ORDINALS[1:])})\b",
    re.IGNORECASE,
)

_REWRITES: dict[str, tuple[str, str | Callable[[Match], str]]] = {
    "month written out": (_MONTH.pattern, lambda match: _SHORT.get(match[0], match[0])),
    "unit without hyphens": (r"(\d)-(\w+)-(wide|long)\b", r"\1 \2 \3"),
    "number in digits": (
        rf"\b(?:{'|'.join(_CARDINALS)})\b",
        lambda match: str(_CARDINALS.index(match[0]) + 2),
    ),
    "number in words": (
        r"(?<![\w.,$-])([2-9]|1[0-2])(?= (?!percent|million|billion)[a-z])",
        lambda match: _CARDINALS[int(match[1]) - 2],
    ),
    "without a parenthesis": (r"\s\([^()]*\)", ""),
    # If a relative clause or a participle begins after the last comma.
    "without its last clause": (
        r", (?:which|who|where|while|adding|citing|with)\b[^,;:()“”\"]+\.$",
        ".",
    ),
    "Chinese for China's": (r"\bChina[’']s (?=[a-z])", "Chinese "),
    "Russian for Russia's": (r"\bRussia[’']s (?=[a-z])", "Russian "),
    "said that": (r"\b(said|complained|warned) (?=the |it |he |they )", r"\1 that "),
}


# --- corruptions

Corrupt = Callable[[Claim, Words, random.Random], str | None]
"""Returns a claim's sentence made false, or None if it cannot."""

Change = Callable[[str, Claim, Words, random.Random], str | None]
"""Returns a replacement for some words of a claim, or None."""


def corruptions(claim: Claim, words: Words, rng: random.Random) -> Iterator[Claim]:
    """Yield the sentence with one fact made false, once for each kind that it allows."""
    for kind, corrupt in CORRUPTIONS.items():
        sentence = corrupt(claim, words, rng)
        if sentence is not None and sentence != claim.sentence:
            yield replace(claim, kind=kind, sentence=sentence)
    others = words.elsewhere or [each for each in words.sentences if each not in claim.quotes]
    quotes = tuple(rng.sample(others, min(5, len(others))))
    yield replace(claim, kind="quotes of elsewhere", quotes=quotes)


def _at(places: Callable[[str], Iterable[Match]], change: Change) -> Corrupt:
    """Return a corruption of one place of a sentence: the first, in random order, that it can."""

    def corrupt(claim: Claim, words: Words, rng: random.Random) -> str | None:
        found, text = list(places(claim.sentence)), claim.sentence
        for place in rng.sample(found, len(found)):
            new = change(place[0], claim, words, rng)
            if new and new != place[0]:
                return text[: place.start()] + new + text[place.end() :]
        return None

    return corrupt


def _another_number(old: str, claim: Claim, words: Words, rng: random.Random) -> str | None:
    if re.fullmatch(r"\d+", old) and rng.random() < 0.5:
        return str(int(old) + 1)
    return _pick(old, _absent(words.numbers, claim), rng)


def _day_beside(old: str, claim: Claim, words: Words, rng: random.Random) -> str | None:
    month, day = old.rsplit(" ", 1)
    other = int(day) + rng.choice([-1, 1])
    return f"{month} {other}" if 1 <= other <= 30 else None


def _another_month(old: str, claim: Claim, words: Words, rng: random.Random) -> str | None:
    return rng.choice([name for name in (_SHORT if old in _SHORT else MONTHS) if name != old])


def _name_of_another_quote(old: str, claim: Claim, words: Words, rng: random.Random) -> str | None:
    there = [name for name in _all(_names, claim.quotes) if name not in claim.sentence]
    return _pick(old, there, rng)


def _lookalikes(old: str, claim: Claim, words: Words, rng: random.Random) -> str | None:
    return old[0] + old[1:-1].translate(str.maketrans("aceopxy", "асеорху")) + old[-1]


def _names_swapped(claim: Claim, words: Words, rng: random.Random) -> str | None:
    """Swap two names, but not in a list ("Russia and China")."""
    text = claim.sentence
    found = _names(text)
    pairs = [
        (one, two)
        for at, one in enumerate(found)
        for two in found[at + 1 :]
        if not _akin(one[0], two[0])
        and re.search(r"[a-z]{3,}", re.sub(r"\band\b", "", text[one.end() : two.start()]))
    ]
    if not pairs:
        return None
    one, two = rng.choice(pairs)
    between = text[one.end() : two.start()]
    return text[: one.start()] + two[0] + between + one[0] + text[two.end() :]


_AUXILIARY = re.compile(r"\b(?:was|were|is|are|has|had|have|will|would|can|could|may|should)\b")
_VERB = re.compile(
    r"(?<=[a-z’] )(?:said|held|took|told|called|met|sent|joined|began|spoke|came|made"
    r"|[a-z]{3,}(?<!e)ed)(?= (?!by\b|in\b|to\b))"
)
_DENIAL = re.compile(r"\b(?:not |never |no )|n’t\b")


def denied(sentence: str, rng: random.Random) -> str | None:
    """Return a sentence that denies what one affirms, or None if that takes more than a rule."""
    if _DENIAL.search(sentence):
        return None
    if found := _AUXILIARY.search(sentence):
        return sentence[: found.end()] + rng.choice([" not", " never"]) + sentence[found.end() :]
    if found := _VERB.search(sentence):
        return f"{sentence[: found.start()]}never {sentence[found.start() :]}"
    return None


def affirmed(sentence: str) -> str | None:
    """Return a sentence that affirms what one denies, or None if it denies nothing."""
    made = _DENIAL.sub("", sentence, count=1)
    return made if made != sentence else None


_CIRCUMSTANCE = re.compile(
    rf" (?:on {_DAY.pattern}"
    r"|(?:in|at|near|from|through) (?:the )?(?:[A-Z][\w’-]+ ?)+|in (?:19|20)\d\d)(?=[\s.,;])"
)


def _merged(claim: Claim, words: Words, rng: random.Random) -> str | None:
    """Add the date or the place of another quote."""
    there = [
        found.rstrip()
        for found in _all(_CIRCUMSTANCE.finditer, claim.quotes)
        if found.split()[-1] not in claim.sentence
    ]
    if not there or not claim.sentence.endswith("."):
        return None
    return f"{claim.sentence[:-1]}{rng.choice(there)}."


_PAIRS = (
    "nautical miles/kilometers, kilometers/miles, km/miles, minutes/hours, minute/hour, "
    "percent/per mille, million/billion, billion/million, years/months, months/weeks, days/weeks, "
    "ton/pound, $/€"
)
_UNITS: dict[str, str] = dict(pair.split("/") for pair in _PAIRS.split(", "))
_UNIT = re.compile(r"(?<=\d[ -])(?:[a-z]+ miles|[a-z]+)\b|(?<=[a-z]{3} )(?:years|months|days)\b|\$")


# --- what sentences are made of


def _numbers(text: str) -> list[Match]:
    """Return the numbers that are neither a day nor a year."""
    dates = [match.span() for match in (*_DAY.finditer(text), *_YEAR.finditer(text))]
    return [
        match
        for match in _NUMBER.finditer(text)
        if not any(start <= match.start() < end for start, end in dates)
    ]


_NOT_NAMES = frozenset(
    "A After Also An And As At Beyond Both But By Despite During Early Even For From Given Having "
    "He His However If Immediately In It Its Late Meanwhile On Over Shortly Since So Soon Such "
    "That The Their These They This Three To Two Under What When Whether While With Five Six Ten "
    "Four Directly Back Between Referring Coming Much We No One Daily Neither Nor".split()
)
_NAME = re.compile(r"(?<![\w-])[A-Z][a-z]+(?: [A-Z][a-z]+)*(?![\w-])")


def _names(text: str) -> list[Match]:
    """Return the runs of capitalised words, except months and the openings of sentences."""
    return [
        match
        for match in _NAME.finditer(text)
        if match[0].split()[0] not in _NOT_NAMES
        and not _MONTH.match(match[0])
        and match[0] + "." not in _SHORT
        and not (match.start() == 0 and " " not in match[0])
    ]


def _all(places: Callable[[str], Iterable[Match]], texts: Iterable[str]) -> list[str]:
    """Return the words of all places in some texts."""
    return [match[0] for text in texts for match in places(text)]


def _akin(one: str, two: str) -> bool:
    """Whether two names share the beginning of a word ("China", "Chinese"; "Xi", "Xi Jinping")."""
    return not _heads(one).isdisjoint(_heads(two))


def _absent(some: Sequence[str], claim: Claim) -> list[str]:
    """Return the names or numbers that share no word with the claim's quotes or question."""
    there = _heads(" ".join((*claim.quotes, claim.question)))
    return [each for each in some if _heads(each).isdisjoint(there)]


@lru_cache(maxsize=1024)
def _heads(text: str) -> frozenset[str]:
    words = re.findall(r"\d[\d.,]*\d|\w+", text)
    return frozenset(word if word[0].isdigit() else word[:4] for word in words)


def _pick(old: str, choice: Sequence[str], rng: random.Random) -> str | None:
    """Choose something else of the same form (digits for digits, a capital for a capital)."""

    def form(text: str) -> tuple[bool, bool, bool]:
        return text[0].isupper(), text[:1].isalpha(), text in _ORDINALS

    others = [each for each in choice if form(each) == form(old) and not _akin(each, old)]
    return rng.choice(others) if others else None


CORRUPTIONS: dict[str, Corrupt] = {
    "number changed": _at(_numbers, _another_number),
    "number of another thing": _at(
        _numbers, lambda old, claim, _, rng: _pick(old, _all(_numbers, claim.quotes), rng)
    ),
    "day moved by one": _at(_DAY.finditer, _day_beside),
    "month changed": _at(_MONTH.finditer, _another_month),
    "year changed": _at(
        _YEAR.finditer, lambda old, _, __, rng: str(int(old) + rng.choice([-2, -1, 1, 2]))
    ),
    "name from elsewhere": _at(
        _names, lambda old, claim, words, rng: _pick(old, _absent(words.names, claim), rng)
    ),
    "name from another quote": _at(_names, _name_of_another_quote),
    "two names swapped": _names_swapped,
    "negation inserted": lambda claim, _, rng: denied(claim.sentence, rng),
    "negation removed": lambda claim, *_: affirmed(claim.sentence),
    "facts of two quotes merged": _merged,
    "unit changed": _at(_UNIT.finditer, lambda old, *_: _UNITS.get(old)),
    "letters of two scripts": _at(re.compile(r"\b[A-Za-z]{5,}\b").finditer, _lookalikes),
}
