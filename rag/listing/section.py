"""Answering a question for a section of a document, by its heading, with the section itself.

    What does the section “Red October” say?

Each passage of the section is quoted by its first sentence, in the order of the text: nothing is
left to a language model, which could only say that a heading asks for nothing in particular.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.library import Library
from rag.asking.scope import in_words
from rag.finding.rerank import Reranker
from rag.listing.chronology import MAX_LISTED, Listing
from rag.quote import Quote

_ASKED = re.compile(
    r"what (?:does|do|is (?:said|written) (?:in|under|about)) "
    r"(?:the (?:section|chapter|part)s? )?(?P<heading>.+?)(?: (?:say|tell))?\s*\??",
    re.IGNORECASE,
)


def list_section(
    question: str,
    library: Library,
    reranker: Reranker,
    without: Sequence[str] = (),
    limit: int = MAX_LISTED,
) -> Listing | None:
    """Return the beginnings of a section's passages, of each document that has such a heading.

    None where the question does not name a heading: then it is answered like any other. Documents
    `without` are not looked at. At most `limit` passages are quoted; the note counts the others.
    """
    match = _ASKED.fullmatch(question.strip())
    named = in_words(match["heading"]) if match else ""
    if not named:
        return None
    found = library.under(lambda heading: in_words(heading) == named, without)
    if not found:
        return None
    shown, left = found[:limit], len(found) - limit
    places = [(document, *passage.sentences[0], passage) for document, passage in shown]
    scores = reranker.score(question, [document.text[a:b] for document, a, b, _ in places])
    quotes = tuple(
        Quote(document, start, end, score, passage.heading, dates=passage.dates)
        for (document, start, end, passage), score in zip(places, scores, strict=True)
    )
    more = "passage of the section is" if left == 1 else "passages of the section are"
    return Listing(quotes, f"{left} further {more} left out for length." if left > 0 else None)
