"""How passages are found by their words in PostgreSQL: what FTS5's BM25 is in SQLite.

PostgreSQL's own `ts_rank` does not ask how rare a word is. So each word of a question is ranked by
itself, and weighted by that: eval/README.md says what it is worth.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from index.storage.connections import run
from index.storage.store import Key

if TYPE_CHECKING:
    from index.storage.connections import Connection

MOST_TERMS = 500
"""How many words of a question are weighed: a row of PostgreSQL has no more than 1664 columns."""

LONGEST_WORD = 500
"""Characters of the longest word that is looked for; PostgreSQL keeps none of 2 KB."""

# How rare a word is, as BM25 has it, times what PostgreSQL makes of how often it stands in a
# passage, with the passage's length divided out (1).
_RANKED = """
WITH found AS MATERIALIZED (
    SELECT document_id, number, place, {ranks} FROM passages
    WHERE words @@ {query}::tsquery),
known AS (SELECT value::float8 AS passages FROM meta WHERE key = 'passages'),
rare AS (SELECT {weights} FROM found, known GROUP BY known.passages)
SELECT document_id, number FROM found, rare WHERE document_id <> ALL (%(without)s)
ORDER BY {score} DESC, place LIMIT %(limit)s
"""
_RANK = "ts_rank(words, to_tsquery('footnoted', %(term{0})s), 1) AS rank{0}"
_HOLDING = "count(*) FILTER (WHERE rank{0} > 0)"
_WEIGHT = f"ln(1 + (known.passages - {_HOLDING} + 0.5) / ({_HOLDING} + 0.5)) AS weight{{0}}"


def ranked(
    connection: Connection, query: str, words: str, limit: int, without: Sequence[str]
) -> list[Key]:
    """Return the passages that a query finds by words, best first, but documents `without`.

    The query is SQL that makes a tsquery of `%(words)s`, and `words` are as `folded` makes them.
    """
    terms = list(dict.fromkeys(words.replace("|", " ").split()))[:MOST_TERMS]
    if not terms:
        return []
    numbers = range(len(terms))
    statement = _RANKED.format(
        query=query,
        ranks=", ".join(map(_RANK.format, numbers)),
        weights=", ".join(map(_WEIGHT.format, numbers)),
        score=" + ".join(f"rank{each} * weight{each}" for each in numbers),
    )
    given: dict[str, Any] = {f"term{each}": terms[each] for each in numbers}
    given |= {"words": words, "without": list(without), "limit": limit}
    return [(row[0], row[1]) for row in run(connection, statement, given)]


def folded(text: str) -> str:
    """Return the words of a text with a space between them, without accents and capitals.

    So FTS5 takes them; PostgreSQL's own parser would make more of addresses, hyphens and numbers.
    """
    apart = unicodedata.normalize("NFKD", text.casefold())
    plain = unicodedata.normalize("NFC", re.sub("[\u0300-\u036f]", "", apart))
    words = re.findall(r"[^\W_]+", plain)
    return " ".join(word for word in words if len(word) <= LONGEST_WORD)
