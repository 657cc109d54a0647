"""The route of a message: the router's, corrected by the words of the documents at hand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from index.language import ENGLISH, is_plainly_english, language_of_question
from index.storage.store import Title
from rag.asking.route import EVIDENCE, Route, Router
from rag.asking.subject import subject, without_names
from rag.languages import content_words

SMALL_TALK = 0.97
"""The router's probability from which a message is small talk, whatever its words are."""

PHRASE = 2
"""The fewest content words of a message that is looked up as a phrase of a document. The router
takes 62 of 250 such phrases for something else; none of 534 requests of other kinds occurs in any
of six documents."""

LOOKED_UP = ("evidence", "document", "time")
"""Kinds whose ways look up such a phrase themselves."""


def route_among(
    message: str,
    *,
    router: Router,
    titles: Sequence[Title],
    headings: Callable[[], Collection[str]],
    holds: Callable[[str], bool],
) -> Route:
    """Return the route of a message, whatever the documents that it names are called.

    A message in the documents' own words (“AUKUS”, “how do I file it?”) is not small talk, unless
    the router is very sure that it is (“Great, thanks”). A message that is only a phrase of the
    documents (“data availability”) asks what they say about it. `holds` says whether the documents
    contain some words as a phrase. Messages that are not in English go by the router alone.
    """
    english = language_of_question(message) == ENGLISH
    if not english or (router.reads_all and not is_plainly_english(message)):
        return router(message, english=False)
    unnamed = without_names(message, titles, headings)
    route = router(unnamed)
    talks = route.kind == "conversation" and route.probability < SMALL_TALK
    words = subject(message, route.kind) if talks else ""
    if not words and route.kind not in LOOKED_UP and len(content_words(unnamed)) >= PHRASE:
        words = unnamed
    return EVIDENCE if words and holds(words) else route
