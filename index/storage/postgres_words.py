"""How passages are found by their words in PostgreSQL: what FTS5's BM25 is in SQLite.

PostgreSQL's own `ts_rank` does not ask how rare a word is. So each word of a question is ranked by
itself, and weighted by that: eval/lab/RECORDS.md says what it is worth.
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
_SCORE = "ts_rank(words, {query}, 1) * %(weight{number})s::float8"

_KNOWN = """
SELECT term, passages FROM unnest(%s::text[]) WITH ORDINALITY AS asked (term, place)
JOIN words ON word = {lexeme} ORDER BY asked.place
"""


@dataclass(frozen=True, slots=True)
class Terms:
    """How PostgreSQL, in its SQL, finds the words of a library.

    `query` is the one of words with | between them, whose parameter is called {0}, `phrase` the one
    of words one behind the other, which have `between` between them, and `lexeme` what stands in
    the vectors for a `term`.
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
"""What is stored are Porter's stems, which PostgreSQL makes."""

AS_MADE = Terms(query="%({0})s::tsquery", phrase="%({0})s::tsquery", between=" <-> ", lexeme="term")
"""What is stored are words as index/language/words.py makes them, which PostgreSQL's own parser
would part at the vowels of some scripts."""


def matching(
    connection: Connection, terms: Terms, words: str, limit: int, exclude: Sequence[str]
) -> list[Key]:
    """Return the passages that share words with a text, best first, but documents in `exclude`."""
    known = _known(connection, terms, words)
    looked_for, passages = list[str](), 0
    for term in sorted(known, key=lambda term: known[term]):
        if passages >= ENOUGH and passages + known[term] > MOST_RANKED:
            break  # It adds little to the score, and most of the passages.
        looked_for.append(term)
        passages += known[term]
    given = {"words": " | ".join(looked_for), "limit": limit, "exclude": list(exclude)}
    return _ranked(connection, terms, terms.query, known, given)


def holding(
    connection: Connection, terms: Terms, runs: Sequence[str], limit: int, exclude: Sequence[str]
) -> list[Key]:
    """Return the passages that hold the words of one of some runs one behind the other, best first.

    Of `STEMMED` words there is one run.
    """
    words = " | ".join(terms.between.join(run.split()) for run in runs if run)
    given = {"words": words, "limit": limit, "exclude": list(exclude)}
    known = _known(connection, terms, " ".join(runs))
    return _ranked(connection, terms, terms.phrase, known, given)


def _known(connection: Connection, terms: Terms, words: str) -> dict[str, int]:
    """Return the words that there are, and in how many passages each is."""
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
    """Return what a query for the given `words` finds, ranked by those that are known."""
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
    return fitting(re.findall(r"[^\W_]+", unaccented(text.casefold())))


def fitting(words: Iterable[str]) -> str:
    """Return words with a space between them, without those that PostgreSQL does not keep."""
    return " ".join(word for word in words if len(word) <= LONGEST_WORD)


def vector_of(words: str) -> str:
    """Return the vector of words that are made already, as PostgreSQL reads one."""
    return " ".join(f"{word}:{place}" for place, word in enumerate(words.split(), 1))
