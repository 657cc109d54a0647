"""The keyword search in PostgreSQL; the counterpart of FTS5's BM25 in SQLite.

PostgreSQL's own `ts_rank` ignores how rare a word is. So each word of a question is ranked
separately and weighted by its rarity: eval/lab/RECORDS.md says what that gains.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any

from index.language.words import unaccented
from index.storage.connections import run
from index.storage.store import Key

if TYPE_CHECKING:
    from index.storage.connections import Connection

MOST_TERMS = 500
"""The most words of a question that are weighted: a row of PostgreSQL has up to 1664 columns."""

LONGEST_WORD = 500
"""The longest word that is indexed, in characters; PostgreSQL does not take words of 2 KB."""

MOST_RANKED = 5000
"""About how many passages are ranked for a question, if its rarer words lead to `ENOUGH`."""

ENOUGH = 1000
"""Once the rarer words have led to this many passages, words that lead to many more are skipped."""

# With the counts of `count_words`, this is the idea of BM25: how often a word is in a passage
# (`ts_rank`), normalized by the passage's length (1), times how rare the word is.
_RANKED = """
SELECT document_id, number FROM passages
WHERE words @@ {query}::tsquery AND document_id <> ALL (%(exclude)s)
ORDER BY {score} DESC, place LIMIT %(limit)s
"""
_SCORE = "ts_rank(words, {query}, 1) * %(weight{number})s::float8"

_KNOWN = """
SELECT term, passages FROM unnest(%s::text[]) WITH ORDINALITY AS asked (term, place)
JOIN words ON word = {lexeme} ORDER BY asked.place
"""


@dataclass(frozen=True, slots=True)
class Terms:
    """SQL fragments for searching words in a library.

    `query` makes a tsquery of words joined with |, from a parameter named {0}. `phrase` makes one
    of consecutive words, joined with `between`. `lexeme` is the form of a `term` in the tsvectors.
    """

    query: str
    phrase: str
    between: str
    lexeme: str


STEMMED = Terms(
    query="to_tsquery('footnoted', %({0})s)",
    phrase="phraseto_tsquery('footnoted', %({0})s)",
    between=" ",
    lexeme="(tsvector_to_array(to_tsvector('footnoted', term)))[1]",
)
"""For libraries that store Porter stems, made by PostgreSQL."""

AS_MADE = Terms(query="%({0})s::tsquery", phrase="%({0})s::tsquery", between=" <-> ", lexeme="term")
"""For libraries that store the terms of index/language/words.py, which PostgreSQL's own parser
would split at the vowels of some scripts."""


def matching(
    connection: Connection, terms: Terms, words: str, limit: int, exclude: Sequence[str]
) -> list[Key]:
    """Return the passages that share words with a text, best first, leaving out `exclude`."""
    known = _known(connection, terms, words)
    looked_for, passages = list[str](), 0
    for term in sorted(known, key=lambda term: known[term]):
        if passages >= ENOUGH and passages + known[term] > MOST_RANKED:
            break  # It would add little to the scores, but most of the passages.
        looked_for.append(term)
        passages += known[term]
    given = {"words": " | ".join(looked_for), "limit": limit, "exclude": list(exclude)}
    return _ranked(connection, terms, terms.query, known, given)


def holding(
    connection: Connection, terms: Terms, runs: Sequence[str], limit: int, exclude: Sequence[str]
) -> list[Key]:
    """Return the passages that contain any of the runs of words as a phrase, best first.

    With `STEMMED` terms there is only one run.
    """
    words = " | ".join(terms.between.join(run.split()) for run in runs if run)
    given = {"words": words, "limit": limit, "exclude": list(exclude)}
    known = _known(connection, terms, " ".join(runs))
    return _ranked(connection, terms, terms.phrase, known, given)


def _known(connection: Connection, terms: Terms, words: str) -> dict[str, int]:
    """Return the words that occur in the library, with the number of passages of each."""
    asked = list(dict.fromkeys(words.split()))[:MOST_TERMS]
    query = _KNOWN.format(lexeme=terms.lexeme)
    return dict(run(connection, query, (asked,)).fetchall()) if asked else {}


def _ranked(
    connection: Connection,
    terms: Terms,
    query: str,
    known: Mapping[str, int],
    given: dict[str, Any],
) -> list[Key]:
    """Return the passages found by a query for the given `words`, ranked by the known words."""
    if not known:
        return []
    [[passages]] = run(connection, "SELECT value::bigint FROM meta WHERE key = 'passages'")
    for number, (term, among) in enumerate(known.items()):
        given[f"term{number}"] = term
        given[f"weight{number}"] = log(1 + (passages - among + 0.5) / (among + 0.5))
    score = " + ".join(
        _SCORE.format(query=terms.query.format(f"term{number}"), number=number)
        for number in range(len(known))
    )
    rows = run(connection, _RANKED.format(query=query.format("words"), score=score), given)
    return [(row[0], row[1]) for row in rows]


# --- how rare a word is

_OF_DOCUMENT = """
SELECT lexeme, count(*) AS passages FROM passages, unnest(words)
WHERE document_id = %s GROUP BY lexeme
"""

_ALL = "SELECT lexeme, count(*) AS passages FROM passages, unnest(words) GROUP BY lexeme"


def count_words(connection: Connection, document_id: str) -> None:
    """Add the words of an inserted document to the counts of passages per word."""
    run(
        connection,
        f"INSERT INTO words {_OF_DOCUMENT} ON CONFLICT (word) "
        "DO UPDATE SET passages = words.passages + EXCLUDED.passages",
        (document_id,),
    )


def discount_words(connection: Connection, document_id: str) -> None:
    """Subtract the words of a document that is about to be deleted from the counts."""
    run(
        connection,
        "UPDATE words SET passages = words.passages - gone.passages "  # noqa: S608
        f"FROM ({_OF_DOCUMENT}) AS gone WHERE word = lexeme",
        (document_id,),
    )


def count_all_words(connection: Connection) -> None:
    """Recount the passages of each word."""
    run(connection, "DELETE FROM words")
    run(connection, f"INSERT INTO words {_ALL}")


def miscounted_words(connection: Connection) -> int:
    """Return how many words have a wrong count of passages."""
    [[wrong]] = run(
        connection,
        "SELECT count(*) FROM (SELECT word, passages FROM words WHERE passages <> 0) AS recorded "  # noqa: S608
        f"FULL JOIN ({_ALL}) AS counted ON word = lexeme "
        "WHERE recorded.passages IS DISTINCT FROM counted.passages",
    )
    return int(wrong)


def folded(text: str) -> str:
    """Return the words of a text joined by spaces, in lower case and without accents.

    FTS5 splits words in this way; PostgreSQL's own parser treats addresses, hyphens and numbers
    specially.
    """
    return fitting(re.findall(r"[^\W_]+", unaccented(text.casefold())))


def fitting(words: Iterable[str]) -> str:
    """Return words joined by spaces, without those that are too long for PostgreSQL."""
    return " ".join(word for word in words if len(word) <= LONGEST_WORD)


def vector_of(words: str) -> str:
    """Return the tsvector literal of terms that are already made, with their positions."""
    return " ".join(f"{word}:{place}" for place, word in enumerate(words.split(), 1))
