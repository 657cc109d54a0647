"""Which way a message is answered: by the router, and by the words of the documents at hand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from index.language import ENGLISH, is_plainly_english, language_of_question
from index.storage.store import Title
from rag.asking.route import EVIDENCE, Route, Router
from rag.asking.subject import subject, without_names
from rag.languages import content_words

SMALL_TALK = 0.97
"""The router's probability from which a message is small talk, whatever words it has."""

PHRASE = 2
"""Words with a meaning that a message has at least which is nothing but a phrase of a document. Of
250 such phrases the router takes 62 for something else; of 534 requests of other kinds none stands
in any of six documents."""

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
    """Tell what a message wants, whatever the documents that it names are called.

    What speaks in the documents' own words is not small talk, unless it surely is: “AUKUS”, “how do
    I file it?”, but not “Great, thanks”. What is nothing but words of theirs asks what they say of
    it: “data availability”. `holds` says whether some words stand in them one behind the other.
    Messages in other languages than English go by the router alone.
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
