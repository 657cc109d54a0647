"""How passages are found by their words in PostgreSQL: what FTS5's BM25 is in SQLite.

PostgreSQL's own `ts_rank` does not ask how rare a word is. So each word of a question is ranked by
itself, and weighted by that: eval/lab/RECORDS.md says what it is worth.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from math import log
from typing import TYPE_CHECKING, Any

from index.storage.connections import run
from index.storage.store import Key

if TYPE_CHECKING:
    from index.storage.connections import Connection

MOST_TERMS = 500
"""How many words of a question are weighed: a row of PostgreSQL has no more than 1664 columns."""

LONGEST_WORD = 500
"""Characters of the longest word that is looked for; PostgreSQL keeps none of 2 KB."""

MOST_RANKED = 5000
"""Passages that are ranked for a question, about, where its rarer words lead to enough of them."""

ENOUGH = 1000
"""How many passages are enough not to look at those that only a frequent word leads to."""

# Together with what `count_words` keeps, this is BM25's idea: how often a word stands in a passage
# (`ts_rank`), with the passage's length divided out (1), times how rare the word is.
_RANKED = """
SELECT document_id, number FROM passages
WHERE words @@ {query}::tsquery AND document_id <> ALL (%(exclude)s)
ORDER BY {score} DESC, place LIMIT %(limit)s
"""
_SCORE = "ts_rank(words, to_tsquery('footnoted', %(term{0})s), 1) * %(weight{0})s::float8"

_KNOWN = """
SELECT term, passages FROM unnest(%s::text[]) WITH ORDINALITY AS asked (term, place)
JOIN words ON word = (tsvector_to_array(to_tsvector('footnoted', term)))[1] ORDER BY asked.place
"""


def matching(connection: Connection, words: str, limit: int, exclude: Sequence[str]) -> list[Key]:
    """Return the passages that share words with a text, best first, but documents in `exclude`."""
    known = _known(connection, words)
    looked_for, passages = list[str](), 0
    for term in sorted(known, key=lambda term: known[term]):
        if passages >= ENOUGH and passages + known[term] > MOST_RANKED:
            break  # It adds little to the score, and most of the passages.
        looked_for.append(term)
        passages += known[term]
    query = "to_tsquery('footnoted', %(words)s)"
    return _ranked(connection, query, " | ".join(looked_for), known, limit, exclude)


def holding(connection: Connection, words: str, limit: int, exclude: Sequence[str]) -> list[Key]:
    """Return the passages that hold words one behind the other, best first."""
    query = "phraseto_tsquery('footnoted', %(words)s)"
    return _ranked(connection, query, words, _known(connection, words), limit, exclude)


def _known(connection: Connection, words: str) -> dict[str, int]:
    """Return the words that there are, and in how many passages each is."""
    terms = list(dict.fromkeys(words.split()))[:MOST_TERMS]
    return dict(run(connection, _KNOWN, (terms,)).fetchall()) if terms else {}


def _ranked(
    connection: Connection,
    query: str,
    words: str,
    known: Mapping[str, int],
    limit: int,
    exclude: Sequence[str],
) -> list[Key]:
    if not known:
        return []
    [[passages]] = run(connection, "SELECT value::bigint FROM meta WHERE key = 'passages'")
    given: dict[str, Any] = {"words": words, "exclude": list(exclude), "limit": limit}
    for number, (term, among) in enumerate(known.items()):
        given[f"term{number}"] = term
        given[f"weight{number}"] = log(1 + (passages - among + 0.5) / (among + 0.5))
    score = " + ".join(map(_SCORE.format, range(len(known))))
    rows = run(connection, _RANKED.format(query=query, score=score), given)
    return [(row[0], row[1]) for row in rows]


# --- how rare a word is

_OF_DOCUMENT = """
SELECT lexeme, count(*) AS passages FROM passages, unnest(words)
WHERE document_id = %s GROUP BY lexeme
"""


_ALL = "SELECT lexeme, count(*) AS passages FROM passages, unnest(words) GROUP BY lexeme"


def count_words(connection: Connection, document_id: str) -> None:
    """Note in how many passages of a document that was put in each word is."""
    run(
        connection,
        f"INSERT INTO words {_OF_DOCUMENT} ON CONFLICT (word) "
        "DO UPDATE SET passages = words.passages + EXCLUDED.passages",
        (document_id,),
    )


def discount_words(connection: Connection, document_id: str) -> None:
    """Forget the words of a document that is about to be taken out."""
    run(
        connection,
        "UPDATE words SET passages = words.passages - gone.passages "  # noqa: S608
        f"FROM ({_OF_DOCUMENT}) AS gone WHERE word = lexeme",
        (document_id,),
    )


def count_all_words(connection: Connection) -> None:
    """Recount in how many passages each word is."""
    run(connection, "DELETE FROM words")
    run(connection, f"INSERT INTO words {_ALL}")


def miscounted_words(connection: Connection) -> int:
    """Return of how many words it is wrong in how many passages they are recorded to be."""
    [[wrong]] = run(
        connection,
        "SELECT count(*) FROM (SELECT word, passages FROM words WHERE passages <> 0) AS recorded "  # noqa: S608
        f"FULL JOIN ({_ALL}) AS counted ON word = lexeme "
        "WHERE recorded.passages IS DISTINCT FROM counted.passages",
    )
    return int(wrong)


def folded(text: str) -> str:
    """Return the words of a text with a space between them, without accents and capitals.

    So FTS5 takes them; PostgreSQL's own parser would make more of addresses, hyphens and numbers.
    """
    apart = unicodedata.normalize("NFKD", text.casefold())
    plain = unicodedata.normalize("NFC", re.sub("[\u0300-\u036f]", "", apart))
    words = re.findall(r"[^\W_]+", plain)
    return " ".join(word for word in words if len(word) <= LONGEST_WORD)
