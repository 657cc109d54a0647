"""What a request names: its subject, documents by their titles, how many sentences it wants.

What belongs to the wording of a request, and what to its subject, depends on its kind: the words
that the router's examples of that kind have in common are the wording.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from itertools import chain, pairwise
from pathlib import PurePath

from index.storage.store import Title
from rag.asking.query import Query
from rag.asking.route import Requests, request_words
from rag.languages import FUNCTION_WORDS, content_words
from rag.languages.english_tokens import numbers
from rag.languages.english_words import DOCUMENT_WORDS, ORDINALS, SEVERAL

MOST_WANTED = 50
"""The most sentences that a number in a request can mean. A greater number is a year, or part of a
name."""

LONG = 3
"""Content words from which a title can only mean its document."""

_SECTION_WORDS = ("section", "chapter", "part")
AFTER_SECTION = re.compile(
    rf"(?:the )?\b(?:{'|'.join(_SECTION_WORDS)}) (?=\w)([^?!.]+)", re.IGNORECASE
)
IN_QUOTES = re.compile(r"[\"“«„](\w.*?)[\"”»“]")


def in_words(text: str) -> str:
    """Return the words of a text in lower case, separated by blanks, without punctuation."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def subject(message: str, kind: Requests) -> str:
    """Return what a request is about, in its own words: “AUKUS” for “Tell me about AUKUS, please”.

    The subject is the text in quotation marks, or else everything from the first to the last word
    that is not typical of requests of the kind. It is empty if there is no such word.
    """
    if quoted := IN_QUOTES.search(message):
        return quoted[1]
    common = request_words(kind)
    own = [
        each
        for each in re.finditer(r"\w+(?:[-'’.]\w+)*", message)
        if each[0].casefold() not in common and content_words(each[0])
    ]
    return message[own[0].start() : own[-1].end()] if own else ""


def named(message: str, documents: Sequence[Title]) -> list[Title]:
    """Return the documents that a message names, by their title or by their file's name.

    Next to a word for a document, words of the title or the position in the list name one as well:
    “the beekeeping paper”, “the second document”.
    """
    said = f" {in_words(message)} "
    whole = [each for each in documents if any(f" {name} " in said for name in _names(each))]
    if found := whole or _numbered(said.split(), documents):
        return found
    words = content_words(" ".join(_beside_document(message)))
    shared = [len(words & content_words(each.title)) for each in documents]
    most = max(shared, default=0)
    best = [each for each, count in zip(documents, shared, strict=True) if count == most]
    return best if most and len(best) < max(len(documents), 2) else []


def spoken_of(query: Query, documents: Sequence[Title]) -> list[Title]:
    """Return the documents that a message is about, by its own words or by earlier messages.

    They are the documents that it names, or else those of the last message that named any: “How
    long is it?”. The result is empty if none did, or if a later message speaks of several in
    general.
    """
    for message in (query.text, *(typed for typed, _ in query.earlier())):
        if found := named(message, documents):
            return found
        if SEVERAL & set(in_words(message).split()):
            break
    return []


def without_names(
    message: str, documents: Sequence[Title], headings: Callable[[], Collection[str]]
) -> str:
    """Replace the name of a document by “this document”, and of a heading by “this section”.

    So names do not influence how a message is routed. A short title counts only in quotation marks:
    “How old is Martin Luther?” is not about the article of that title.
    """
    said = f" {in_words(message)} "
    for name in chain.from_iterable(_plain_names(each.title, each.name) for each in documents):
        if f" {name} " in said:  # A library may hold very many.
            words = r"\W+".join(map(re.escape, name.split()))
            named = rf"[\"“«„]?(?<!\w){words}(?!\w)[\"”»“]?"
            message = re.sub(named, "this document", message, flags=re.IGNORECASE)
    for found in reversed([*IN_QUOTES.finditer(message), *AFTER_SECTION.finditer(message)]):
        title = in_words(found[1])
        if any(title == in_words(each.title) for each in documents):
            message = f"{message[: found.start()]}this document{message[found.end() :]}"
        elif title and title in headings():
            message = f"{message[: found.start()]}this section{message[found.end() :]}"
    return message


@lru_cache(maxsize=2**18)
def _plain_names(title: str, source: str) -> tuple[str, ...]:
    """Return the names that can only mean a document: its file's, and its title if it is long."""
    names = [source] if PurePath(source).suffix else []
    names += [title] if len(content_words(title)) >= LONG else []
    return tuple(filter(None, map(in_words, names)))


def _names(document: Title) -> list[str]:
    """Return the names of a document: its title and its file's, if they have content words."""
    file = PurePath(document.name)
    names = (document.title, file.name, file.stem)
    return [in_words(name) for name in names if content_words(name)]


def _numbered(words: Sequence[str], documents: Sequence[Title]) -> list[Title]:
    """Return the documents that words name by position, such as “the second document”."""
    called = (
        ORDINALS.index(word)
        for word, after in pairwise(words)
        if word in ORDINALS and after in DOCUMENT_WORDS - set(_SECTION_WORDS)
    )
    return [documents[at - 1] for at in called if 0 < at <= len(documents)]


def _beside_document(message: str) -> list[str]:
    """Return the words before a word for a document, and those that a function word links to it."""
    words = in_words(message).split()
    beside: list[str] = []
    for at, word in enumerate(words):
        if word in DOCUMENT_WORDS:
            beside += words[max(at - 3, 0) : at]
            links = not content_words(" ".join(words[at + 1 : at + 2]))
            beside += words[at + 2 : at + 5] if links else []
    return beside


def number_wanted(query: Query) -> int | None:
    """Return how many sentences an overview should have, as completed or as typed."""
    return wanted(query.text) or wanted(query.typed)


def wanted(message: str) -> int | None:
    """Return how many sentences or points a request wants; None if it does not say."""
    common = {each for each in request_words("overview") - FUNCTION_WORDS if each.isalpha()}
    words = in_words(IN_QUOTES.sub(" ", message)).split()
    for at, word in enumerate(words[:-1]):
        ordinal = word in ORDINALS  # “The first chapter” is not a number of chapters.
        found = [] if ordinal else [int(value) for value, _ in numbers(word) if value % 1 == 0]
        counted = [w for w in words[at + 1 : at + 3] if w.removesuffix("s") not in DOCUMENT_WORDS]
        are_common = any({w, f"{w}s", w.removesuffix("s")} & common for w in counted)
        if found and 0 < found[0] <= MOST_WANTED and are_common:
            return found[0]
    return None
