"""Words in quotation marks, compared with the sources letter by letter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher

from index.documents import Document
from rag.checking.verdict import Quotation
from rag.quote import Quote

LEAST_WORDS = 3
"""The fewest words in quotation marks that are a quotation; fewer may be a name or mark a doubt."""

ALIKE = 0.6
"""The share of words in common from which a place in a source is the one that was quoted."""

LEFT_OUT = 3
"""The most words of a source that a quotation may leave out and still end where the source does."""

_QUOTED = re.compile(r"“([^“”]+)”|\"([^\"]+)\"|«([^«»]+)»|„([^„“”]+)[“”]")
_WORD = re.compile(r"\w+(?:['’]\w+)*")


def quotations(
    draft: Document, start: int, end: int, near: Callable[[str], Sequence[Document]]
) -> Iterator[Quotation]:
    """Yield what a sentence of a draft quotes, and where the sources have it.

    `near` returns the documents that may have some words.
    """
    for match in _QUOTED.finditer(draft.text, start, end):
        group = match.lastindex or 1
        words = match[group].strip(" .,;:!?…")
        if len(_WORD.findall(words)) >= LEAST_WORDS:
            at = match.start(group) + match[group].index(words)
            yield _found(at, words, near(words))


def _found(at: int, words: str, sources: Sequence[Document]) -> Quotation:
    pattern = re.compile(r"\s+".join(map(re.escape, words.split())))
    end = at + len(words)
    for source in sources:
        if match := pattern.search(source.text):
            return Quotation(at, end, Quote(source, *match.span(), 0.0))
    near = [found for source in sources if (found := _nearest(words, source))]
    alike, quote = max(near, key=lambda found: found[0], default=(0.0, None))
    if quote is None or alike < ALIKE:
        return Quotation(at, end, None)
    return Quotation(at, end, quote, tuple(_differences(words, quote.text)))


def _nearest(words: str, source: Document) -> tuple[float, Quote] | None:
    """Return the run of about as many words in a source that shares most words, with that share."""
    own = [word.casefold() for word in _WORD.findall(words)]
    theirs = list(_WORD.finditer(source.text))
    folded = [match[0].casefold() for match in theirs]
    wanted = set(own)
    shared = {
        at: len(wanted.intersection(folded[at : at + len(own)]))
        for at, word in enumerate(folded)
        if word in wanted
    }
    if not shared:
        return None
    place = max(shared, key=shared.__getitem__)
    run = folded[place : place + len(own) + LEFT_OUT]
    ends = max(at for at, word in enumerate(run) if word in wanted)
    if len(run) >= len(own) and run[len(own) - 1] not in wanted:
        ends = max(ends, len(own) - 1)
    quote = Quote(source, theirs[place].start(), theirs[place + ends].end(), 0.0)
    return shared[place] / len(wanted), quote


def _differences(words: str, source: str) -> Iterator[str]:
    """Yield how the source's words differ, for people to read."""
    own, theirs = words.split(), source.split()
    for tag, a, b, c, d in SequenceMatcher(None, own, theirs, autojunk=False).get_opcodes():
        here, there = " ".join(own[a:b]), " ".join(theirs[c:d])
        if tag == "replace":
            yield f"the source has “{there}”, not “{here}”"
        elif tag == "delete":
            yield f"“{here}” is not in the source"
        elif tag == "insert":
            yield f"“{there}” is left out"
