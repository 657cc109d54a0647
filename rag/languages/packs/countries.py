"""The words for countries and their people in a language, derived from babel's data.

Babel has the names of territories, languages and currencies: "China", "chinesisch", "chinesischer
Yuan".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import takewhile

from rag.languages.packs.tables import Table
from rag.languages.packs.text import WORD, bare, forms, plain, stem

ALIKE = 3
"""Letters that a word for a country's people shares with the beginning of the country's name."""

SURELY_ALIKE = 4
"""Letters that a language's name shares with the beginning of its country's name."""

LONG = 4
"""A word that begins with a known word of more letters than this speaks of that country."""


@cache
def countries(table: Table) -> dict[str, frozenset[str]]:
    """Return the codes of countries by stems; words for languages without a country have none."""
    from babel import Locale

    locale = Locale.parse(table.locales[0])
    found: defaultdict[str, set[str]] = defaultdict(set)
    names = {code: plain(name) for code, name in locale.territories.items() if code.isalpha()}
    for code, name in names.items():
        if WORD.fullmatch(name):
            found[bare(stem(name, table))].add(code)
    single = {bare(name): code for code, name in names.items() if WORD.fullmatch(name)}
    for word, code in _currencies(dict(locale.currencies), names):
        found[bare(stem(word, table))].add(code)
    for word, code in _languages(dict(locale.languages)):
        found[bare(stem(word, table))].update([code] if code else _named_for(word, single))
    for word, code in table.countries.items():
        found[word].add(code)
    return {each: frozenset(codes) for each, codes in found.items()}


@cache
def names_of_several_words(table: Table) -> dict[str, str]:
    """Return the codes of countries by names like “Estados Unidos”, longer names first."""
    from babel import Locale

    names = Locale.parse(table.locales[0]).territories.items()
    several = {plain(name): code for code, name in names if code.isalpha() and " " in name}
    return dict(sorted(several.items(), key=lambda each: -len(each[0])))


def _named_for(word: str, names: dict[str, str]) -> list[str]:
    """Return the country whose name has the longest beginning in common with a language's."""
    plainly = bare(word)
    alike = [name for name in names if name.startswith(plainly[:SURELY_ALIKE])]
    best = max(alike, key=lambda name: _alike(plainly, name), default=None)
    return [names[best]] if best else []


def _alike(one: str, other: str) -> int:
    """Return the length of the common beginning of two words."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def country_of(word: str, table: Table) -> frozenset[str] | None:
    """Return the countries that a word refers to; None if it is not such a word."""
    known = countries(table)
    if named := [known[form] for form in map(bare, forms(word, table)) if form in known]:
        return max(named, key=len)
    lower = word.casefold()
    starts = (lower[:end] for end in range(len(lower), LONG, -1))
    begun = next((known[each] for each in starts if each in known), None)
    short = {code for each, code in table.countries.items() if lower.startswith(each)}
    of_people = _of_people(lower, table) if table.code == "ru" else None
    return begun if begun is not None else frozenset(short) or of_people


def _of_people(word: str, table: Table) -> frozenset[str] | None:
    """Return the country of a Russian word for people: “китайцы” has the root of “китайский”."""
    for each, codes in countries(table).items():
        root = each.removesuffix("ск")
        if root != each and len(root) > ALIKE and word.startswith(root):
            return codes
    return None


def _languages(names: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield words for languages, and for a country's variety of one: “anglais américain”.

    Words for a variety come with the country's code, others with an empty text.
    """
    for code, name in names.items():
        language, _, territory = code.partition("_")
        words = _words(name)
        if len(code) == 2 and len(words) == 1:
            yield words[0], ""
        elif len(language) == 2 and len(territory) == 2:
            of_language = _words(names.get(language, ""))
            yield from ((word, territory) for word in words if word not in of_language)


def _currencies(names: dict[str, str], territories: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield words that only occur in the currencies of one country and begin like its name.

    Each comes with the country's code. Words in territories' names of several words are left out:
    “новый” is, because of “Папуа — Новая Гвинея”.
    """
    of: defaultdict[str, set[str]] = defaultdict(set)
    for code, name in names.items():
        for word in _words(name):
            of[word].add(code[:2])
    parts = {word for name in territories.values() if " " in name for word in _words(name)}
    for word in of.keys() - parts:
        for code in of[word] if len(of[word]) == 1 else ():
            starts = {bare(each)[:ALIKE] for each in _words(territories.get(code, ""))}
            if bare(word)[:ALIKE] in starts:
                yield word, code


def _words(text: str) -> list[str]:
    return [word for word in WORD.findall(plain(text).casefold()) if len(word) > ALIKE]
