"""Questions about a document itself: who wrote it, when, how long it is, what its sections are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from rag.asking.scope import Scope, in_words

Matter = Literal[
    "author", "title", "published", "publisher", "source", "length", "sections", "language"
]


@dataclass(frozen=True, slots=True)
class AboutDocument:
    """What is asked about documents, and about which: all there are, or one by its name."""

    matter: Matter
    scope: Scope


def asked_about_document(question: str) -> AboutDocument | None:
    """Return what a question asks about a document, or None where it asks for something else.

    Of "the report on the fire" nobody knows here whether it is a document: the scope's name is
    then no document's.
    """
    words = re.sub(r"^whats ", "what is ", in_words(re.sub(r"['’]", "", question)))
    for form, matter in _FORMS:
        if match := form.fullmatch(words):
            return AboutDocument(matter, Scope(match["of"] or "", topics=False))
    return None


_OF = r"(?: (?:of|for|in|from) (?P<of>.+))?"
_SECTIONS = r"(?:sections|chapters|headings|parts)"
_MATTERS: dict[Matter, tuple[str, ...]] = {
    "author": (
        r"(?:who (?:is|was|are|were)|what is the name of) the (?:author|writer)s?" + _OF,
        r"who (?:wrote|authored) (?P<of>.+)",
        r"who (?:is|was) (?P<of>.+) (?:written|authored) by",
        r"by whom (?:is|was) (?P<of>.+) (?:written|authored)",
    ),
    "title": (
        r"what is the (?:title|headline)" + _OF,
        r"what is (?P<of>.+) (?:called|titled|entitled)",
    ),
    "published": (
        r"when (?:is|was|were) (?P<of>.+) (?:published|written|released|posted|issued)",
        r"what is the (?:publication |publishing )?date" + _OF,
        r"how old is (?P<of>.+)",
    ),
    "publisher": (
        r"who (?:published|publishes) (?P<of>.+)",
        r"who is the publisher" + _OF,
        r"where (?:is|was) (?P<of>.+) published",
    ),
    "source": (
        r"what is the (?:source|address|url|link|web address)" + _OF,
        r"where (?:is|does|did) (?P<of>.+?) (?:come )?from",
    ),
    "length": (
        r"how long (?:is|are) (?P<of>.+)",
        r"how many (?:words|pages|sections|chapters) (?:does|do) (?P<of>.+) (?:have|contain)",
        r"how many (?:words|pages|sections|chapters) (?:are there in|has|have|is) (?P<of>.+?)"
        r"(?: got| long)?",
        r"what is the (?:length|word count)" + _OF,
    ),
    "sections": (
        rf"(?:what are|list|name|show(?: me)?) (?:all )?the {_SECTIONS}" + _OF,
        rf"(?:what|which) {_SECTIONS} (?:does|do) (?P<of>.+) have",
        rf"(?:what|which) {_SECTIONS} are there" + _OF,
        r"(?:(?:give|show) me )?(?:the |a )?table of contents" + _OF,
        r"how (?:is|are) (?P<of>.+) (?:structured|organi[sz]ed|divided)",
    ),
    "language": (
        r"(?:what|which) language (?:is|are) (?P<of>.+?)(?: written)? in",
        r"in (?:what|which) language (?:is|are) (?P<of>.+?)(?: written)?",
    ),
}
_FORMS = [(re.compile(form), matter) for matter, forms in _MATTERS.items() for form in forms]
