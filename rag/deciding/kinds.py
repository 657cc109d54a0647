"""Whether words, in their quote, are of the kind that a question asks for.

A guessing model answers "how deep" with a width and "when" with a name. The kinds are few and told
from the question's own words, so that a mismatch is evidence for a refusal and never a guess.
"""

from __future__ import annotations

import re

from rag.languages import facts, mentions

# A measure that is asked for by an adjective must be named in the quote by a word of its family, or
# by a unit that measures nothing else.
_MEASURES: dict[str, str] = {
    "wide": r"wid\w+|broad\w*|breadth|narrow\w*|across",
    "deep": r"deep\w*|depth\w*|fathoms?",
    "long": r"long\w*|length\w*|last(?:s|ed|ing)?|dur\w+|minutes?|hours?|days?|weeks?|months?"
    r"|years?|decades?|km|kilomet\w+|miles?|met(?:er|re)s?|until|till|since|permanent\w*|forever",
    "tall": r"tall\w*|high\w*|height\w*|stor(?:e?y|ies)",
    "high": r"high\w*|height\w*|tall\w*|elevation|altitude|above",
    "heavy": r"heav\w+|weigh\w*|tons?|tonnes?|kg|kilogram\w*|pounds?",
    "fast": r"fast\w*|speed\w*|quick\w*|mach|km/h|mph|knots?|hour",
    "far": r"far\w*|distance\w*|range\w*|away|km|kilomet\w+|miles?|from",
    "old": r"old\w*|age[ds]?|born|years?|founded|built|since",
    "large": r"large\w*|size\w*|area|square|big\w*|hectares?|acres?|tons?|tonnes?|billion|million",
    "big": r"large\w*|size\w*|area|square|big\w*|hectares?|acres?|tons?|tonnes?|billion|million",
    "often": r"\w+ly|times?|twice|once|every|each|regular\w*|annual\w*|per",
}
_NOUNS = {
    "speed": "fast",
    "width": "wide",
    "depth": "deep",
    "length": "long",
    "height": "tall",
    "weight": "heavy",
    "distance": "far",
    "range": "far",
    "age": "old",
    "size": "large",
}
"""A measure's noun, and the adjective that asks for the same."""

_HOW = re.compile(r"\bhow\s+(\w+)", re.IGNORECASE)
_WHAT_MEASURE = re.compile(
    rf"\b(?:what|which)\s+(?:(?:is|was|are|were)\s+)?(?:(?:the|its|their)\s+)?(?:\w+\s+)?"
    rf"({'|'.join(_NOUNS)})\b",
    re.IGNORECASE,
)


def fits(question: str, words: str, quote: str, before: str = "") -> bool:
    """Whether words, in the quote they come from, are of the kind that is asked for.

    True where the question asks for nothing in particular. What is asked of one thing
    ("Games 2018", "the Osumi Strait") is not answered by a quote on another one of its kind, nor
    what someone said by a quote that does not name them. `before` is the text before the quote,
    where "he" may have been named.
    """
    if _another(question, quote) or _another_speaks(question, f"{before} {quote}"):
        return False
    how, what = _HOW.search(question), _WHAT_MEASURE.search(question)
    measure = how[1].lower() if how else _NOUNS[what[1].lower()] if what else ""
    if measure in _SAID and _other_measure(measure, words, quote):
        return False
    if family := _MEASURES.get(measure):
        return _has(family, quote) or _plain_length(measure, words, quote)
    return True


_SAID = {
    "wide": "wide",
    "width": "wide",
    "deep": "deep",
    "depth": "deep",
    "tall": "high",
    "high": "high",
    "height": "high",
    "long": "long",
    "length": "long",
    "far": "long",
}
"""What a length is said to be, as an adjective or a noun; what is far is as long a way."""

_MEASURED = re.compile(
    r"(?:\b(?P<noun>width|depth|height|length) of (?:[a-z]+ ){0,2})?(?P<number>\d[\d.,]*)"
    r"(?:[\s-][a-z]+){0,2}?[\s-](?P<adjective>wide|deep|tall|high|long)\b"
    r"|\b(?P<only>width|depth|height|length) of (?:[a-z]+ ){0,2}(?P<its>\d[\d.,]*)"
)


def _other_measure(asked: str, words: str, quote: str) -> bool:
    """Whether the quote says of the very number in the words that it is another measure."""
    for found in _MEASURED.finditer(quote):
        said = found["adjective"] or found["noun"] or found["only"]
        number = re.escape((found["number"] or found["its"]).rstrip(".,"))
        read = re.search(rf"(?<![\d.,]){number}(?![\d.,]*\d)", words)
        if read and _SAID[said] != _SAID[asked]:
            return True
    return False


_LENGTHS = ("wide", "deep", "tall", "high")
_LENGTH = r"\d[\d.,]*[\s-]*(?:km|kilomet\w+|miles?|m|met(?:er|re)s?|feet|ft)"


def _has(words: str, text: str) -> bool:
    return re.search(rf"\b(?:{words})\b", text, re.IGNORECASE) is not None


def _plain_length(asked: str, words: str, quote: str) -> bool:
    """Whether the words are a length of which the quote does not say that it is another one."""
    others = [_MEASURES[name] for name in _LENGTHS if name != asked]
    return asked in _LENGTHS and _has(_LENGTH, words) and not _has("|".join(others), quote)


# "Games 2018", "DF-17", "Taiwan Strait": a kind, and which one of it.
_EDITION = re.compile(r"\b(?P<kind>[A-Z]\w+) (?P<which>(?:19|20)\d\d)\b")
_DESIGNATION = re.compile(r"\b(?P<kind>[A-Z]{1,5})[-\u2010\u2011 ]?(?P<which>\d{1,4})\b")
_PLACE = re.compile(
    r"\b(?P<which>[A-Z]\w+) (?P<kind>Strait|Sea|Gulf|Bay|Island|Islands|River|Lake|Bridge|Canal"
    r"|Mount|Summit|Treaty|Pact|Agreement|Academy|University|Museum|Institute|Region|Province|Airport)\b"
)


def _another(question: str, quote: str) -> bool:
    """Whether the quote names another one of a kind than the question does, and not that one.

    Months have no editions: what was in August 2021 may be told of with August 2022.
    """
    for pattern in (_EDITION, _DESIGNATION, _PLACE):
        asked, told = (
            {(found["kind"], found["which"]) for found in pattern.finditer(text)}
            for text in (question, quote)
        )
        kinds = {kind for kind, _ in told if not facts(f"in {kind}").months}
        for kind, which in asked - told:
            if kind in kinds and not re.search(rf"\b{re.escape(which)}", quote):
                return True
    return False


_SPEAKER = re.compile(
    r"\b(?:did|does|do|has|have|had|would|could)\s+(?P<who>(?:[A-Z][\w’'.-]*\s?)+)"
    r"(?!been\b)(?=.*\b(?:say|said|tell|told|call(?:ed)?|comment\w*|claim\w*|warn\w*|describe\w*|argue\w*"
    r"|think|thought|propose\w*|suggest\w*|respond\w*|react\w*|answer\w*|reply|replied|predict\w*"
    r"|explain\w*|complain\w*|critici[sz]\w*|promise\w*|demand\w*)\b)"
)


def _another_speaks(question: str, text: str) -> bool:
    """Whether a question asks what someone said, of whom the text has no name."""
    speaker = _SPEAKER.search(question)
    if speaker is None:
        return False
    # In the middle of a sentence a capital is a name's.
    asked = [each for each in mentions(f"and {speaker['who'].strip()}") if each.kind == "name"]
    return bool(asked) and not any(one.same(each) for one in asked for each in mentions(text))
