"""What an overview is asked of: all there is, a document, a section, or a topic."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import Protocol

from rag.languages.english_words import WORD_NUMBERS


class Called(Protocol):
    """A document, or what is known of it without its text."""

    @property
    def title(self) -> str:
        """Its title."""
        ...

    @property
    def name(self) -> str:
        """The last part of its source."""
        ...


@dataclass(frozen=True, slots=True)
class Scope:
    """What an overview is asked of, in lower case and without signs; empty for all there is.

    `topics` is whether it may be any topic: "Summarize the exercises", but not "What is AUKUS
    about?", which speaks of AUKUS as of something to read. `count` is how many sentences are
    wanted, where that is said.
    """

    name: str
    topics: bool
    count: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it is all that there is to read."""
        return not self.name or _WHOLE.fullmatch(self.name) is not None

    @property
    def is_pronoun(self) -> bool:
        """Whether it is what was spoken of before, if something was."""
        return self.name in _PRONOUNS

    def is_document(self, document: Called) -> bool:
        """Whether it is a document: its title, or its file's name with or without the ending."""
        file = PurePath(document.name)
        own = {in_words(document.title), in_words(file.name), in_words(file.stem)}
        return bool(own & {self.name, self._called()})

    def is_plainly_document(self, document: Called) -> bool:
        """Whether it is a document that is called one, or by its file's whole name.

        "Martin Luther" may be the article's title, and yet a man is asked about.
        """
        whole = self.name == in_words(PurePath(document.name).name)
        return whole or (self.name != self._called() and self.is_document(document))

    def _called(self) -> str:
        return re.sub(rf"^(?:the )?{_KIND} ", "", self.name)

    def is_heading(self, heading: str) -> bool:
        """Whether it is the section under a heading."""
        return in_words(heading) == self.name


def asked_overview(question: str) -> Scope | None:
    """Return what a question asks an overview of, or None where it asks for something else."""
    words = in_words(re.sub(r"['’]", "", question))
    length = _LENGTH.search(words)
    asked = words[: length.start()] if length else words
    for form, topics in _FORMS:
        if match := form.fullmatch(asked):
            name = re.sub(r"^the (?:section|chapter|part) ", "", match["of"] or "")
            return Scope(name, topics, _count(length[0]) if length else None)
    return None


def _count(length: str) -> int | None:
    found = [int(word) if word.isdigit() else WORD_NUMBERS.get(word, 0) for word in length.split()]
    return max(found) or None


def shorter(question: str, before: str) -> str | None:
    """Return the question before again, for an overview of half the length, where that is asked.

    None where something else is asked, or the question before asked for no overview.
    """
    scope = asked_overview(before)
    if scope is None or not _SHORTER.fullmatch(in_words(question)):
        return None
    wanted = max((scope.count or USUAL) // 2, 1)
    asked = _IN_SENTENCES.sub("", before.strip().rstrip(".?!"))
    return f"{asked} in {wanted} sentence{'s' if wanted > 1 else ''}"


def in_words(text: str) -> str:
    """Return the words of a text, in lower case, with a blank between them."""
    return " ".join(re.findall(r"\w+", text.casefold()))


USUAL = 10
"""Sentences in an overview for which nothing is said of its length."""

_SHORTER = re.compile(
    r"(?:please |can you |could you |make it |make that |a bit |(?:and )?(?:now )?)*"
    r"(?:(?:much )?(?:shorter|briefer|more briefly)|shorten it|in (?:short|brief|fewer words))"
    r"(?: please| version)?"
)
_IN_SENTENCES = re.compile(r" in (?:\w+ )+sentences?$", re.IGNORECASE)
_KIND = r"(?:article|document|text|paper|report|file|page|book|website)"
_WHOLE = re.compile(
    r"(?:(?:this|that|the|my|your|our|these|those|all|all the|all of the) )?"
    r"(?:(?:whole|entire|full|attached|uploaded|given|above|web) )?"
    rf"(?:{_KIND}s?|briefing|story|essay|piece|library|sources?|contents?|material)"
    r"|it|this|that|these|those|everything"
)
_PRONOUNS = ("it", "this", "that", "these", "those")
_SAID = r"(?:what (?:(?:the|this|that|these) )?\w+ (?:says?|tells?|said) (?:about|of|on) )?"
_POLITE = (
    r"(?:please |(?:can|could|would) you (?:please )?|i (?:want|need|would like) (?:you to )?)?"
)
_POINTS = (
    r"(?:main|key|central|essential|major|most important) (?:points?|ideas?|messages?|arguments?"
    r"|takeaways?|facts|topics?|themes?|findings|conclusions?|claims?|contents?|subjects?)"
)
_SUMMARY = r"(?:summary|overview|outline|synopsis|gist|digest|tldr|tl dr)"
_LENGTH = re.compile(
    r"(?: (?:briefly|please|for me|in (?:short|brief|general|(?:\w+ ){1,3}sentences?)))+$"
)
_FORMS = [
    (re.compile(form), topics)
    for form, topics in (
        (r"what(?:s| is| are| was) (?P<of>.+?)(?: all)? about", False),
        (
            r"what (?:does|do) (?P<of>.+?) (?:say|discuss|cover|deal with|talk about|contain)",
            False,
        ),
        (
            r"what (?:topics|subjects|themes|issues) (?:does|do) (?P<of>.+?) "
            r"(?:cover|discuss|deal with|address|treat|raise)",
            False,
        ),
        (
            r"what (?:topics|subjects|themes|issues) are (?:covered|discussed|treated)"
            r"(?: in (?P<of>.+))?",
            False,
        ),
        (
            rf"(?:what(?:s| is| are| was| were) |{_POLITE}(?:list|name|give(?: me)?|tell me) )"
            rf"(?:the |its )?{_POINTS}(?: (?:of|in|from|made (?:in|by)) (?P<of>.+?))?",
            False,
        ),
        (rf"what(?:s| is| are) (?P<of>.+?)s? {_POINTS}", False),
        (rf"{_POLITE}(?:summari[sz]e|sum up|recap|outline) {_SAID}(?P<of>.+?)", True),
        (
            rf"{_POLITE}(?:(?:give|write|make|provide|show|get|have)(?: me| us)? )?(?:an? |the )?"
            rf"(?:\w+ )?{_SUMMARY}(?: (?:of|on|about|for) {_SAID}(?P<of>.+?))?",
            True,
        ),
        (rf"what(?:s| is| are) the {_POINTS} (?:about|on) (?P<of>.+?)", True),
        (
            rf"what (?:does|do) (?:the |this |these )?{_KIND}s? (?:say|tell(?: us| me)?) "
            r"(?:about|of|on) (?P<of>.+?)",
            True,
        ),
        (rf"{_POLITE}tell me (?:more )?about (?P<of>.+?)", True),
    )
]
"""How an overview is asked for, and whether any topic may be named there."""
