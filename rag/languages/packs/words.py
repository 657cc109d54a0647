"""Scripts without capitals: a source must have all content words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

from rag.languages.packs.tables import Table
from rag.languages.packs.text import WORD, forms, plain


def missing_words(text: str, sources: Sequence[str], table: Table) -> list[str]:
    """Return the words of a text, apart from function words, that the sources do not have."""
    known = frozenset().union(*(_known(source, table) for source in sources))
    return [word for word in _words(text, table) if forms(word, table).isdisjoint(known)]


@lru_cache(maxsize=512)
def _known(text: str, table: Table) -> frozenset[str]:
    return frozenset().union(*(forms(word, table) for word in WORD.findall(text)))


def _words(text: str, table: Table) -> list[str]:
    words = (word for word in WORD.findall(text) if word not in _function_words(table))
    return [word for word in words if len(word) > 1]


@cache
def _function_words(table: Table) -> frozenset[str]:
    return frozenset(map(plain, table.function_words))
