"""True sentences of a document, and false ones made of them by rule, one fact at a time.

No language model and no weights take part, and a fixed seed gives the same sentences in every run.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from eval.cases.cases import CaseSet
from eval.cases.evidence import locate
from index.documents import Document
from index.months import MONTHS
from index.split import split
from rag.answerability.reader import Reader
from rag.verifying.attribution import attribute
from rag.verifying.entailment import is_entailed


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
    """What a document's corruptions are made from."""

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
        numbers = {match[0] for each in sentences for match in _numbers(each)}
        names = {match[0] for each in sentences for match in _names(each)}
        return cls(sentences, elsewhere, tuple(sorted(numbers)), tuple(sorted(names)))


def verbatim(
    case_set: CaseSet, document: Document, words: Words, rng: random.Random
) -> Iterator[Claim]:
    """Yield each sentence that holds evidence once, with four other quotes of its document.

    The others are its two neighbours, the sentence that shares most words with it, and any one.
    """
    spans = [span for passage in split(document) for span in passage.sentences]
    sentences = words.sentences
    taken: set[str] = set()
    cases = [case for case in case_set.cases if case.evidence]
    for at, case in enumerate(cases):
        for evidence in case.evidence:
            place = locate(evidence, document)
            [here] = [i for i, span in enumerate(spans) if span[0] <= place.start < span[1]] or [-1]
            if here < 0 or sentences[here] in taken:
                continue
            taken.add(sentences[here])
            own = _bag(sentences[here])
            near = [i for i in (here - 1, here + 1) if 0 <= i < len(sentences)]
            rest = [i for i in range(len(sentences)) if i not in (here, *near)]
            like = max(rest, key=lambda i: len(own & _bag(sentences[i])))
            chosen = [here, *near, like, rng.choice([i for i in rest if i != like])]
            rng.shuffle(chosen)
            quotes = tuple(sentences[i] for i in chosen)
            yield Claim(
                "verbatim", sentences[here], quotes, case.question, at % 2 == 0, document.title
            )


def rewrites(claim: Claim) -> Iterator[Claim]:
    """Yield the sentence in the other words that a language model likes to use."""
    for kind, rewrite in _REWRITES.items():
        sentence = rewrite(claim.sentence)
        if sentence != claim.sentence:
            yield _with(claim, kind, sentence)


_SHORT = {month[: 4 if month == "September" else 3] + ".": month for month in MONTHS}
_MONTH = re.compile(rf"\b(?:{'|'.join(MONTHS)})\b|\b(?:{'|'.join(map(re.escape, _SHORT))})")
_DAY = re.compile(rf"(?P<month>{_MONTH.pattern})\s(?P<day>\d{{1,2}})\b")
_YEAR = re.compile(r"(?<![\d,.-])(?:19|20)\d\d(?![\d,]\d|-\d)")
_CARDINALS = "two three four five six seven eight nine ten eleven twelve".split()
_ORDINALS = "second third fourth fifth sixth seventh eighth ninth tenth".split()
_COUNTED = {word: at for at, word in enumerate(_CARDINALS, 2)}
_NUMBER = re.compile(
    rf"(?<![\w.,$-])\$?\d+(?:,\d{{3}})*(?:\.\d+)?(?:th|nd|rd|st)?(?![\w,]\d|[A-Z])"
    rf"|\b(?:{'|'.join(_CARDINALS + _ORDINALS[1:])})\b",
    re.IGNORECASE,
)


def _written_out(sentence: str) -> str:
    return _MONTH.sub(lambda match: _SHORT.get(match[0], match[0]), sentence)


def _in_digits(sentence: str) -> str:
    words = re.compile(rf"\b(?:{'|'.join(_CARDINALS)})\b")
    return words.sub(lambda match: str(_COUNTED[match[0]]), sentence)


def _in_words(sentence: str) -> str:
    return re.sub(
        r"(?<![\w.,$-])([2-9]|1[0-2])(?= (?!percent|million|billion)[a-z])",
        lambda match: _CARDINALS[int(match[1]) - 2],
        _MONTH.sub(lambda match: match[0], sentence),
    )


def _without_parenthesis(sentence: str) -> str:
    return re.sub(r"\s\([^()]*\)", "", sentence)


def _without_last_clause(sentence: str) -> str:
    """Drop what follows the last comma, where a relative clause or a participle begins there."""
    return re.sub(
        r", (?:which|who|where|while|adding|citing|with)\b[^,;:()“”\"]+\.$", ".", sentence
    )


def _reported(sentence: str) -> str:
    return re.sub(r"\b(said|complained|warned) (?=the |it |he |they )", r"\1 that ", sentence)


_REWRITES: dict[str, Callable[[str], str]] = {
    "month written out": _written_out,
    "unit without hyphens": lambda text: re.sub(r"(\d)-(\w+)-(wide|long)\b", r"\1 \2 \3", text),
    "number in digits": _in_digits,
    "number in words": _in_words,
    "without a parenthesis": _without_parenthesis,
    "without its last clause": _without_last_clause,
    "Chinese for China's": lambda text: re.sub(r"\bChina[’']s (?=[a-z])", "Chinese ", text),
    "Russian for Russia's": lambda text: re.sub(r"\bRussia[’']s (?=[a-z])", "Russian ", text),
    "said that": _reported,
}


# --- corruptions


def corruptions(claim: Claim, words: Words, rng: random.Random) -> Iterator[Claim]:
    """Yield the sentence with one thing made false, once for each kind that it allows."""
    for kind, corrupt in _CORRUPTIONS.items():
        sentence = corrupt(claim, words, rng)
        if sentence is not None and sentence != claim.sentence:
            yield _with(claim, kind, sentence)
    others = words.elsewhere or [each for each in words.sentences if each not in claim.quotes]
    quotes = tuple(rng.sample(others, min(5, len(others))))
    yield replace(claim, kind="quotes of elsewhere", quotes=quotes)


def _number_changed(claim: Claim, words: Words, rng: random.Random) -> str | None:
    def another(old: str) -> str | None:
        if re.fullmatch(r"\d+", old) and rng.random() < 0.5:
            return str(int(old) + 1)
        return _pick(rng, [each for each in words.numbers if not _holds(claim, each)], old)

    return _replace(claim.sentence, _numbers(claim.sentence), another, rng)


def _number_of_another_thing(claim: Claim, words: Words, rng: random.Random) -> str | None:
    there = [match[0] for quote in claim.quotes for match in _numbers(quote)]
    return _replace(
        claim.sentence, _numbers(claim.sentence), lambda old: _pick(rng, there, old), rng
    )


def _day_moved(claim: Claim, words: Words, rng: random.Random) -> str | None:
    def moved(old: str) -> str | None:
        month, day = old.rsplit(" ", 1)
        other = int(day) + rng.choice([-1, 1])
        return f"{month} {other}" if 1 <= other <= 30 else None

    return _replace(claim.sentence, list(_DAY.finditer(claim.sentence)), moved, rng)


def _month_changed(claim: Claim, words: Words, rng: random.Random) -> str | None:
    def changed(old: str) -> str | None:
        return rng.choice([name for name in (_SHORT if old in _SHORT else MONTHS) if name != old])

    return _replace(claim.sentence, list(_MONTH.finditer(claim.sentence)), changed, rng)


def _year_changed(claim: Claim, words: Words, rng: random.Random) -> str | None:
    def changed(old: str) -> str | None:
        return str(int(old) + rng.choice([-2, -1, 1, 2]))

    return _replace(claim.sentence, list(_YEAR.finditer(claim.sentence)), changed, rng)


def _name_from_elsewhere(claim: Claim, words: Words, rng: random.Random) -> str | None:
    absent = [name for name in words.names if not _holds(claim, name)]
    return _replace(
        claim.sentence, _names(claim.sentence), lambda old: _pick(rng, absent, old), rng
    )


def _name_from_another_quote(claim: Claim, words: Words, rng: random.Random) -> str | None:
    there = [match[0] for quote in claim.quotes for match in _names(quote)]
    there = [name for name in there if name not in claim.sentence]
    return _replace(claim.sentence, _names(claim.sentence), lambda old: _pick(rng, there, old), rng)


def _names_swapped(claim: Claim, words: Words, rng: random.Random) -> str | None:
    """Let two names change places, but not in a list ("Russia and China")."""
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
    """Return a sentence that denies what one affirms, or None where that takes more than a rule."""
    if _DENIAL.search(sentence):
        return None
    found = _AUXILIARY.search(sentence)
    if found:
        end = found.end()
        word = rng.choice([" not", " never"])
        return sentence[:end] + word + sentence[end:]
    found = _VERB.search(sentence)
    if not found:
        return None
    return f"{sentence[: found.start()]}never {sentence[found.start() :]}"


def affirmed(sentence: str) -> str | None:
    """Return a sentence that affirms what one denies, or None where it denies nothing."""
    made = _DENIAL.sub("", sentence, count=1)
    return made if made != sentence else None


def _negated(claim: Claim, words: Words, rng: random.Random) -> str | None:
    return denied(claim.sentence, rng)


def _affirmed(claim: Claim, words: Words, rng: random.Random) -> str | None:
    return affirmed(claim.sentence)


_CIRCUMSTANCE = re.compile(
    rf" (?:on {_DAY.pattern.replace('?P<month>', '?:').replace('?P<day>', '?:')}"
    r"|(?:in|at|near|from|through) (?:the )?(?:[A-Z][\w’-]+ ?)+|in (?:19|20)\d\d)(?=[\s.,;])"
)


def _merged(claim: Claim, words: Words, rng: random.Random) -> str | None:
    """Add the date or the place of another quote."""
    there = [
        match[0].rstrip()
        for quote in claim.quotes
        for match in _CIRCUMSTANCE.finditer(quote)
        if match[0].split()[-1] not in claim.sentence
    ]
    if not there or not claim.sentence.endswith("."):
        return None
    return f"{claim.sentence[:-1]}{rng.choice(there)}."


_UNITS = {
    "nautical miles": "kilometers",
    "kilometers": "miles",
    "km": "miles",
    "minutes": "hours",
    "minute": "hour",
    "percent": "per mille",
    "million": "billion",
    "billion": "million",
    "years": "months",
    "months": "weeks",
    "days": "weeks",
    "ton": "pound",
    "$": "€",
}
_UNIT = re.compile(r"(?<=\d[ -])(?:[a-z]+ miles|[a-z]+)\b|(?<=[a-z]{3} )(?:years|months|days)\b|\$")


def _unit_changed(claim: Claim, words: Words, rng: random.Random) -> str | None:
    return _replace(claim.sentence, list(_UNIT.finditer(claim.sentence)), _UNITS.get, rng)


def _mixed_script(claim: Claim, words: Words, rng: random.Random) -> str | None:
    lookalikes = str.maketrans("aceopxy", "асеорху")
    long = list(re.finditer(r"\b[A-Za-z]{5,}\b", claim.sentence))
    return _replace(
        claim.sentence, long, lambda old: old[0] + old[1:-1].translate(lookalikes) + old[-1], rng
    )


_CORRUPTIONS: dict[str, Callable[[Claim, Words, random.Random], str | None]] = {
    "number changed": _number_changed,
    "number of another thing": _number_of_another_thing,
    "day moved by one": _day_moved,
    "month changed": _month_changed,
    "year changed": _year_changed,
    "name from elsewhere": _name_from_elsewhere,
    "name from another quote": _name_from_another_quote,
    "two names swapped": _names_swapped,
    "negation inserted": _negated,
    "negation removed": _affirmed,
    "facts of two quotes merged": _merged,
    "unit changed": _unit_changed,
    "letters of two scripts": _mixed_script,
}


# --- what sentences are made of


def _numbers(text: str) -> list[re.Match[str]]:
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


def _names(text: str) -> list[re.Match[str]]:
    """Return the runs of capitalised words, months and the openings of sentences apart."""
    return [
        match
        for match in _NAME.finditer(text)
        if match[0].split()[0] not in _NOT_NAMES
        and not _MONTH.match(match[0])
        and match[0] + "." not in _SHORT
        and not (match.start() == 0 and " " not in match[0])
    ]


def _akin(one: str, two: str) -> bool:
    """Whether two names share the beginning of a word ("China", "Chinese"; "Xi", "Xi Jinping")."""
    return not _heads(one).isdisjoint(_heads(two))


def _holds(claim: Claim, words: str) -> bool:
    """Whether any word of a name or a number stands in the claim's quotes or question."""
    return not _heads(words).isdisjoint(_heads(" ".join((*claim.quotes, claim.question))))


@lru_cache(maxsize=1024)
def _heads(text: str) -> frozenset[str]:
    words = re.findall(r"\d[\d.,]*\d|\w+", text)
    return frozenset(word if word[0].isdigit() else word[:4] for word in words)


def _pick(rng: random.Random, choice: Sequence[str], old: str) -> str | None:
    """Choose something else of the same form (digits for digits, a capital for a capital)."""

    def form(text: str) -> tuple[bool, bool, bool]:
        return text[0].isupper(), text[:1].isalpha(), text in _ORDINALS

    others = [each for each in choice if form(each) == form(old) and not _akin(each, old)]
    return rng.choice(others) if others else None


def _replace(
    text: str,
    places: Sequence[re.Match[str]],
    change: Callable[[str], str | None],
    rng: random.Random,
) -> str | None:
    """Change one of the places, the first in a random order that can be changed."""
    for place in rng.sample(places, len(places)):
        new = change(place[0])
        if new and new != place[0]:
            return text[: place.start()] + new + text[place.end() :]
    return None


def _bag(text: str) -> set[str]:
    return {word.lower() for word in re.findall(r"\w{4,}", text)}


def _with(claim: Claim, kind: str, sentence: str) -> Claim:
    return replace(claim, kind=kind, sentence=sentence)
