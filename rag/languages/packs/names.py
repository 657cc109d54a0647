"""Names in scripts with capitals, and words for countries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from rag.languages.packs.countries import country_of, names_of_several_words
from rag.languages.packs.reading import MARK as NUMBER
from rag.languages.packs.reading import ONE
from rag.languages.packs.tables import Table
from rag.languages.packs.text import WORD, forms

PARTICLES = frozenset("bin da das de degli dei del della der di do dos du van von".split())
"""Words inside a name; in German, they may be between any nouns as well."""


class Word(NamedTuple):
    """A word at its place; `opens` says that a sentence or a quotation begins with it."""

    start: int
    end: int
    text: str
    opens: bool


class Known(NamedTuple):
    """What sources have: their words, and the forms of the lowercase (`small`) and of all words.

    `countries` are the codes of countries that they mention, and `names` the forms of whole names.
    """

    words: frozenset[str]
    small: frozenset[str]
    forms: frozenset[str]
    countries: frozenset[str]
    names: tuple[frozenset[str], ...]


def missing_names(text: str, sources: Sequence[str], table: Table) -> list[str]:
    """Return the names and the words for countries in a text that the sources do not have."""
    known = [_known(source, table) for source in sources]
    every = Known(
        frozenset().union(*(each.words for each in known)),
        frozenset().union(*(each.small for each in known)),
        frozenset().union(*(each.forms for each in known)),
        frozenset().union(*(each.countries for each in known)),
        tuple(name for each in known for name in each.names),
    )
    named = [*_countries(text, table)]
    there = [place for *place, code in named if code in every.countries]
    missing = [
        each.text
        for each in _words(text)
        if not any(start <= each.start < end for start, end in there)
        and not _held(each, every, table)
    ]
    for name in _whole_names(text, table, every.small):
        own = [forms(word, table) for word in name]
        whole = any(all(map(other.intersection, own)) for other in every.names)
        if len(name) > 1 and not missing and not whole:
            missing.append(" ".join(name))
    return [*missing, *_singled(text, sources, table)]


def _singled(text: str, sources: Sequence[str], table: Table) -> Iterator[str]:
    """Yield the words after a one or an article if the sources count several: “ein Schiff”."""
    counted, single = (
        frozenset().union(
            *(forms(word, table) for source in sources for word in _behind(mark, source))
        )
        for mark in (NUMBER, ONE)
    )
    for word in _behind(ONE, text):
        if forms(word, table) & counted - single:
            yield f"1 {word}"


def _behind(mark: str, text: str) -> list[str]:
    """Return the words right after a mark."""
    return re.findall(rf"{mark} +({WORD.pattern})", text)


def _held(word: Word, known: Known, table: Table) -> bool:
    """Whether the sources have a word, or it is not a name."""
    bare = word.text.casefold()
    if bare in known.words or bare in table.function_words:
        return True
    country = country_of(word.text, table)
    told = country is not None or re.fullmatch(table.numerals, bare) is not None
    if not told and not word.text[0].isupper():
        return True
    if country and not country.isdisjoint(known.countries):
        return True
    inflects = told or word.opens or table.kind == "nouns" or table.code == "ru"
    return inflects and not forms(word.text, table).isdisjoint(known.forms)


@lru_cache(maxsize=512)
def _known(text: str, table: Table) -> Known:
    words = [each.text for each in _words(text)]
    spoken_of = [country_of(word, table) or frozenset() for word in words]
    spoken_of += [frozenset({code}) for *_, code in _countries(text, table)]
    return Known(
        frozenset(word.casefold() for word in words),
        frozenset().union(*(forms(word, table) for word in words if word.islower())),
        frozenset().union(*(forms(word, table) for word in words)),
        frozenset().union(*(each for each in spoken_of if len(each) == 1)),
        tuple(
            frozenset().union(*(forms(word, table) for word in name))
            for name in _whole_names(text, table, frozenset())
        ),
    )


def _countries(text: str, table: Table) -> Iterator[tuple[int, int, str]]:
    """Yield the places and codes of countries whose names have several words."""
    codes = names_of_several_words(table)
    for match in re.finditer("|".join(map(re.escape, codes)), text):
        yield *match.span(), codes[match[0]]


def _words(text: str) -> list[Word]:
    found = []
    for match in WORD.finditer(text):
        before = text[max(match.start() - 3, 0) : match.start()].rstrip(" ")
        opens = not match.start() or before[-1:] in '.!?…:;«»“”"„(–—¿¡\n'
        found.append(Word(*match.span(), match[0], opens))
    return found


def _whole_names(text: str, table: Table, small: frozenset[str]) -> list[list[str]]:
    """Return the runs of words with a capital: “Lise Holm”, “Juan de la Cruz”.

    A word that opens a sentence does not count if it is also known in lower case, and neither do
    countries, which are compared by their codes.
    """
    names: list[list[str]] = []
    apart = [range(start, end) for start, end, _ in _countries(text, table)]
    end = -1
    for word in _words(text):
        between = text[max(end, 0) : word.start]
        goes_on = end >= 0 and between in (" ", "-", ". ", "'")
        bare = word.text.casefold()
        if goes_on and table.kind != "nouns" and bare in PARTICLES and not word.text[0].isupper():
            end = word.end
            continue
        plain = word.opens and (
            bare in table.function_words or not forms(bare, table).isdisjoint(small)
        )
        plain |= country_of(word.text, table) is not None
        plain |= any(word.start in each for each in apart)
        if word.text[0].isupper() and not plain:
            names.append([*names.pop(), word.text] if goes_on and names else [word.text])
            end = word.end
        else:
            end = -1
    return names
