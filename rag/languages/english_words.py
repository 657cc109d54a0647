"""English as data: the words of numbers, comparisons, names, measures, documents and heads."""

from __future__ import annotations

import re

from index.english import FUNCTION_WORDS, MONTH
from index.english import MONTHS as MONTHS
from rag.languages.language import FrontMatterPatterns

NO_CONTENT = FUNCTION_WORDS | frozenset(
    "answer article document excerpt excerpts quote quotes source sources text passage".split()
)
"""Words that say nothing about a subject, including those for documents and quotes."""

# --- numbers

UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
ORDINALS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
    "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
).split()
WORD_NUMBERS = (
    {word: value for value, word in enumerate(UNITS)}
    | {word: value for value, word in enumerate(ORDINALS)}
    | {word: 20 + 10 * at for at, word in enumerate(TENS)}
    | {word[:-1] + "ieth": 20 + 10 * at for at, word in enumerate(TENS)}
    | {"once": 1, "twice": 2, "dozen": 12, "hundred": 100}
)
# Words that are as often a pronoun or an ordinal: they assert no number that can be checked.
NOT_ASSERTED = {"one", "first", "second", "zero", "once"}
SCALES = {
    "hundred": 100,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
    "bn": 10**9,
    "mn": 10**6,
    "tn": 10**12,
}
SHORT_SCALES = {"k": 10**3, "K": 10**3, "m": 10**6, "M": 10**6, "B": 10**9}
"""Scales of one letter right after the digits: “340M”, “$5m”."""


# --- comparisons

COMPARATIVES = {
    "wider": ("wide", True),
    "narrower": ("wide", False),
    "longer": ("long", True),
    "shorter": ("long", False),
    "larger": ("large", True),
    "bigger": ("big", True),
    "smaller": ("large", False),
    "higher": ("high", True),
    "lower": ("high", False),
    "taller": ("tall", True),
    "deeper": ("deep", True),
    "shallower": ("deep", False),
    "heavier": ("heavy", True),
    "lighter": ("heavy", False),
    "faster": ("fast", True),
    "slower": ("fast", False),
    "older": ("old", True),
    "younger": ("old", False),
    "thicker": ("thick", True),
    "thinner": ("thick", False),
    "farther": ("far", True),
    "further": ("far", True),
    "nearer": ("far", False),
}
"""Comparatives: the adjective of what they measure, and whether they mean more of it."""

# --- names

OPENERS = frozenset(
    "additionally also approximately besides currently despite due earlier finally given later "
    "meanwhile moreover nevertheless one overall shortly there today two unlike".split()
)
"""Words that have a capital only if they open a sentence, like those in -ly, -ing and -ed."""

PEOPLE_ENDINGS = ("ians", "ian", "ans", "an", "ns", "n", "ese", "ish", "is", "i", "s", "a", "y")
"""Endings of words for a country's people, and endings of the country's name that they replace."""

# --- measures

UNITS_OF_MEASURE = (
    "km kms kilometre kilometres kilometer kilometers",
    "metre metres meter meters m",
    "cm centimetre centimetres centimeter centimeters",
    "mm millimetre millimetres millimeter millimeters",
    "mile miles mi",
    "nautical-mile nautical-miles nmi",
    "foot feet ft",
    "inch inches",
    "hectare hectares ha",
    "kg kgs kilogram kilograms kilogramme kilogrammes kilo kilos",
    "gram grams gramme grammes",
    "ton tons tonne tonnes",
    "pound pounds lb lbs",
    "kilobyte kilobytes kb",
    "megabyte megabytes mb",
    "gigabyte gigabytes gb",
    "terabyte terabytes tb",
    "kilowatt kilowatts kw",
    "megawatt megawatts mw",
    "gigawatt gigawatts gw",
    "second seconds sec secs",
    "minute minutes min mins",
    "hour hours hr hrs h",
    "day days",
    "week weeks",
    "month months",
    "year years",
    "decade decades",
    "century centuries",
    "percent % per-cent pct",
    "per-mille ‰",
    "$ dollar dollars",
    "€ euro euros",
    "£",
    "¥ yen yuan",
)

# --- follow-ups

LINKS = ("", *"the of in on for by with to from at about than did".split())
"""Words that link what a follow-up left out: “How long is it, *in the* Tolm Strait?”."""

OWNING = "'s"
"""The possessive ending."""

# --- documents

DOCUMENT_WORDS = frozenset(
    "article book brochure chapter contract doc document essay file leaflet manual minutes paper "
    "pdf report story text thesis transcript".split()
)
"""Words for a document next to its name: “the Hartwell report”."""

SEVERAL = frozenset(
    "all both each every everything these they them their those".split()
) | frozenset(f"{word}s" for word in DOCUMENT_WORDS)
"""Words by which a message speaks of several documents."""

CITING = frozenset(
    "bibliography citation citations cite cited cites citing referenced references".split()
)
"""Words about the entries of a list of references. “Reference” alone has other meanings."""

CITED = frozenset("author publication source study title work".split())
"""Words for such an entry, in addition to those for a document."""

# --- the heads of texts

_ORDINAL = r"\d{1,2}(?:st|nd|rd|th)?"
HEAD = FrontMatterPatterns(
    joint="and",
    by=r"(?:(?:written|prepared|words|text|story) )?by\b:?|authors?\b:?",
    institution=r"universi\w*|institut\w*|dep(?:artmen)?t|school|college|facult\w*|laborator\w*|labs?"
    r"|inc|academy|cent(?:er|re)|hospital|council|ministry|agency|committee|foundation|company|ltd",
    works=r"reports?|journal|conference|minutes|news\w*|edition|volume|draft|papers?|press",
    given=r"(?:first )?(?:published|posted|issued|date)(?: online)?(?: (?:on|in))?",
    other_day=r"(?:last |manuscript )?(?:updated|modified|revised|received|submitted|accepted)",
    beside_day=r"at|(?:min )?read|e-?mails?",
    abstract=r"abstract|a b s t r a c t",
    summary=r"(?:executive )?summary",
    after_abstract=r"(?:additional )?key ?words|index terms|ccs concepts|\d*\.? ?introduction"
    r"|contents",
    is_with=r"(?:is|are) with",
    publisher=r"(?:first )?(?:published|issued)(?: in \d{4})? by\b:?|publisher\b:?",
    day=rf"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?[ \t]+)?(?:{MONTH}[ \t]+{_ORDINAL},?[ \t]+"
    rf"\d{{4}}|(?:{_ORDINAL}\.?[ \t]+)?{MONTH},?[ \t]+\d{{4}})",
)

# --- plurals

PEOPLE = "everyone|everybody|anyone|anybody|people|persons|all"
"""Words for people that may come before “who” in a request for a list, as a regular expression."""

_ODD = {"men": "man", "women": "woman", "people": "person", "children": "child", "crises": "crisis"}
_ES = re.compile(r"(?:ss|x|zz|ch|sh)es$")


def ordinal(number: int) -> str:
    """Return a number as an ordinal in digits: “1st”, “12th”, “22nd”."""
    from babel import Locale

    endings = {"one": "st", "two": "nd", "few": "rd"}
    return f"{number}{endings.get(Locale('en').ordinal_form(number), 'th')}"


def without_article(name: str, *, opens: bool) -> str:
    """Return a name without the article before it.

    An article with a capital, “The Hague”, belongs to the name, unless it `opens` a sentence.
    """
    first, _, rest = name.partition(" ")
    is_article = first.casefold() in ("a", "an", "the") and (opens or first.islower())
    return rest if rest and is_article else name


def singular(things: str) -> str:
    """Return a list of things in the singular: “ship or boat” for “ships and boats”."""
    parts = re.split(r"(,? and |,? or |, )", things)
    parts[::2] = [_one(part) for part in parts[::2]]
    return "".join(part.replace("and", "or") if at % 2 else part for at, part in enumerate(parts))


def _one(words: str) -> str:
    *before, last = words.split(" ")
    lower = last.lower()
    if lower in _ODD:
        last = _ODD[lower]
    elif lower.endswith("ies") and len(last) > len("ties"):
        last = f"{last[:-3]}y"
    elif _ES.search(lower):
        last = last[:-2]
    elif lower.endswith("s") and not lower.endswith(("ss", "us", "is")):
        last = last[:-1]
    return " ".join([*before, last])
