"""Amounts in English: bounds (“at least 5”), comparatives, superlatives, units, and measures."""

from __future__ import annotations

import re
from decimal import Decimal

from rag.languages.english_tokens import DIGITS, SPELLED, number
from rag.languages.english_words import COMPARATIVES
from rag.languages.language import Bound, Sense, TableWords

PERCENT = frozenset(("percent", "per cent", "pct", "percentage"))

_YEARS, _MONTHS = frozenset(("year", "years")), frozenset(("month", "months"))
TABLE_WORDS = TableWords(
    times=_YEARS | _MONTHS | frozenset("when date day days quarter quarters".split()),
    years=_YEARS,
    months=_MONTHS,
    each=frozenset(("each", "per", "every")),
    by=frozenset(("by",)),
    most=frozenset(("most",)),
    least=frozenset(("least", "fewest")),
    many=frozenset(("many",)),
    number=frozenset(("number",)),
    than=frozenset(("than",)),
    joints=frozenset("and or than versus vs to".split()),
    requests=frozenset(
        "please tell show give find list calculate compute determine know want need like make made "
        "get got come came hold held see saw there".split()
    ),
    negations=frozenset("not non never except excluding besides".split()),
    restricting=frozenset(
        "no nor neither none without other others than above below under after before since until "
        "or but only either against same another unless both".split()
    ),
    verbs=frozenset(
        "is are was were be been do does did has have had can could will would".split()
    ),
    yes=frozenset(("yes", "true", "y", "t", "1")),
    no=frozenset(("no", "false", "n", "f", "0")),
    summaries=frozenset(
        "total totals sum subtotal all overall average mean median altogether".split()
    )
    | {"grand total", "sub total", "sub-total"},
)


def _comparative(adjective: str) -> str:
    """Return an adjective's comparative: “hotter”, “earlier”, “later”."""
    if adjective.endswith("y"):
        return f"{adjective[:-1]}ier"
    if adjective.endswith("e"):
        return f"{adjective}r"
    doubled = re.search(r"[^aeiou][aeiou][bdgmnt]$", adjective)
    return f"{adjective}{adjective[-1] if doubled else ''}er"


_AMOUNTS = {"more": True, "greater": True, "less": False, "fewer": False}
_MORE_THAN = _AMOUNTS | {word: is_more for word, (_, is_more) in COMPARATIVES.items()}
_SENSES: dict[str, Sense] = {
    **dict.fromkeys(("over", "above", "exceed", "exceeds", "exceeded", "exceeding"), "more"),
    **dict.fromkeys(("under", "below"), "less"),
    **dict.fromkeys(("at least", "minimum of", "no less than", "not less than"), "least"),
    **dict.fromkeys(("at most", "maximum of", "no more than", "not more than", "up to"), "most"),
}
_BEFORE = re.compile(
    rf"\b(?:(?P<sense>{'|'.join(sorted(_SENSES, key=len, reverse=True))})"
    rf"|(?P<than>{'|'.join(_MORE_THAN)}) (?P<only>than)|(?P<between>between))"
    r"\s+(?:a |the )?[$€£¥]?[-−]?$",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    r"\s*(?:[^\W\d]+\s+)?or (?P<than>more|above|less|fewer|below)\b", re.IGNORECASE
)
_AND = re.compile(r"\s*and\s+[$€£¥]?[-−]?", re.IGNORECASE)
_SIGNED = re.compile(r"\b(?:(?P<less>negative)|positive)\b", re.IGNORECASE)


def bounds(text: str) -> tuple[Bound, ...]:
    """Return the bounds on amounts in a text, with their places."""
    found: list[Bound] = []
    matches = sorted(
        (match for pattern in (DIGITS, SPELLED) for match in pattern.finditer(text)),
        key=lambda match: match.start(),
    )
    upper: re.Match[str] | None = None
    for match, following in zip(matches, [*matches, None][1:], strict=True):
        before, behind = _BEFORE.search(text[: match.start()]), _BEHIND.match(text, match.end())
        value = _signed(text, match)
        if match is upper:
            continue
        if before and before["between"]:
            gap = text[match.end() : following.start()] if following else ""
            if following and _AND.fullmatch(gap):
                upper, start, end = following, before.start(), following.end()
                found.append(Bound("least", value, start, end))
                found.append(Bound("most", _signed(text, following), start, end))
        elif before:
            sense = before["sense"]
            than: Sense = "more" if _MORE_THAN.get((before["than"] or "").lower()) else "less"
            kind = _SENSES[sense.lower()] if sense else than
            # “older” also says what is measured, so it is not part of the bound's place.
            tells = before["than"] and before["than"].lower() not in _AMOUNTS
            start = before.start("only") if tells else before.start()
            found.append(Bound(kind, value, start, match.end()))
        elif behind:
            least: Sense = "least" if behind["than"].lower() in ("more", "above") else "most"
            found.append(Bound(least, value, match.start(), behind.end()))
    for match in _SIGNED.finditer(text):
        kind = "less" if match["less"] else "more"
        found.append(Bound(kind, Decimal(0), *match.span()))
    return tuple(found)


def _signed(text: str, match: re.Match[str]) -> Decimal:
    signed = match[0].startswith("-") or text[: match.start()].endswith(("-", "−"))
    value, _ = number(match)
    return -value if signed else value


_GREAT = "big great high large strong hot warm rich loud bright dense steep late full wet busy hard"
_SMALL = "few little low small weak cold cool poor quiet dark cheap early empty dry soft mild slim"
_DEGREES = (
    {word: is_more for word, (_, is_more) in COMPARATIVES.items()}
    | {_comparative(word): True for word in _GREAT.split()}
    | {_comparative(word): False for word in _SMALL.split()}
)
"""Comparatives, and whether they mean more of what is measured, or less."""


def degree(word: str) -> bool | None:
    """Whether a comparative or superlative means more (“older”) or less (“weakest”).

    None for other words, and for unknown adjectives.
    """
    word = word.casefold()
    return _DEGREES.get(f"{word[:-3]}er" if word.endswith("est") else word)


_ENDS = dict.fromkeys(("top", "maximum", "max"), True) | dict.fromkeys(
    ("bottom", "minimum", "min"), False
)


def superlative(word: str) -> bool | None:
    """Whether a superlative means the most (“oldest”) or the least (“weakest”); else None."""
    word = word.casefold()
    return degree(word) if word.endswith("est") else _ENDS.get(word)


_UNIT = re.compile(r"[^\W\d_%°$€£¥]{0,12}[%°$€£¥²³]?[A-Z]?(?:[/ ][^\W\d_]{1,12})?")


def amount(text: str) -> tuple[Decimal, str] | None:
    """Parse a text that is a single amount: “$3m”, “12 per cent”, “20 km”; else return None."""
    matches = [*DIGITS.finditer(text)]
    if len(matches) != 1 or (matches[0]["named"] or "").strip("-"):
        return None
    before, behind = text[: matches[0].start()].strip(), text[matches[0].end() :].strip()
    if before not in ("", "$", "€", "£", "¥") or not _UNIT.fullmatch(behind):
        return None
    unit = "%" if behind.casefold() in PERCENT else behind
    return number(matches[0])[0], before or unit


# --- what is measured

_SAID = {
    **dict.fromkeys(("wide", "width"), "wide"),
    **dict.fromkeys(("deep", "depth"), "deep"),
    **dict.fromkeys(("tall", "high", "height"), "high"),
    **dict.fromkeys(("long", "length", "far"), "long"),
}
"""The dimensions of a length, by their adjectives and nouns; “how far” asks for a length too."""


def dimension(word: str) -> str | None:
    """Return the dimension that a word names, if any: “width” and “wide” are the same."""
    return _SAID.get(word.casefold())


_ASKED = re.compile(
    r"\bhow\s+(\w+)|\b(?:what|which)\s+(?:(?:is|was|are|were)\s+)?(?:(?:the|its|their)\s+)?(?:\w+\s+)?"
    r"(width|depth|height|length)\b",
    re.IGNORECASE,
)
_MEASURED = re.compile(
    r"(?:\b(?P<noun>width|depth|height|length) of (?:[a-z]+ ){0,2})?(?P<number>\d[\d.,]*)"
    r"(?:[\s-][a-z]+){0,2}?[\s-](?P<adjective>wide|deep|tall|high|long)\b"
    r"|\b(?P<only>width|depth|height|length) of (?:[a-z]+ ){0,2}(?P<its>\d[\d.,]*)"
)


def other_measure(question: str, words: str, quote: str) -> bool:
    """Whether a quote says that the number in the words is another dimension than is asked for.

    “How deep is the strait?” is not answered by “20 kilometers wide”.
    """
    match = _ASKED.search(question)
    asked = _SAID.get((match[1] or match[2]).lower()) if match else None
    if asked is None:
        return False
    for found in _MEASURED.finditer(quote):
        said = found["adjective"] or found["noun"] or found["only"]
        number = re.escape((found["number"] or found["its"]).rstrip(".,"))
        read = re.search(rf"(?<![\d.,]){number}(?![\d.,]*\d)", words)
        if read and _SAID[said] != asked:
            return True
    return False
