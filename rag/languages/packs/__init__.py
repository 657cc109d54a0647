"""The languages besides English in which facts can be checked: one table per language.

`rag.languages.missing_facts` documents which facts of a sentence a source must have, and when it
has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from rag.languages.language import FactLanguage
from rag.languages.packs.characters import missing_characters
from rag.languages.packs.names import missing_names
from rag.languages.packs.reading import lacking, read
from rag.languages.packs.tables import TABLES, Table
from rag.languages.packs.words import missing_words

_BESIDES = {
    "names": missing_names,
    "nouns": missing_names,
    "words": missing_words,
    "characters": missing_characters,
}


def _missing_facts(sentence: str, sources: Sequence[str], *, table: Table) -> list[str]:
    """Return the facts of a sentence that none of the sources has, for people to read."""
    said, others = read(sentence, table), [read(source, table) for source in sources]
    besides = _BESIDES[table.kind](said.rest, [each.rest for each in others], table)
    return sorted({*lacking(said, others), *besides})


PACKS = {
    table.code: FactLanguage(
        table.code, table.letters, table.function_words, partial(_missing_facts, table=table)
    )
    for table in TABLES
}
"""The languages by their codes."""
