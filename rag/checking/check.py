"""Checking a text: every sentence of a draft against the sources."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from types import MappingProxyType

from index.documents import Document
from index.library import Library
from rag.checking.draft import Statement, statements
from rag.checking.judge import Judged, judge
from rag.checking.quotations import quotations
from rag.checking.verdict import Checked, Overruled, verdict_named, words_of
from rag.deciding.reader import Reader
from rag.finding.quotes import find_quotes
from rag.finding.rerank import Reranker

Overrulings = Mapping[tuple[str, str], tuple[str, str, str]]
"""By a sentence's words and its verdict: the verdict that a person put there, why, and when."""

FOUND = 8
"""Quotes that are found for a sentence."""


def check(
    draft: Document,
    library: Library,
    reranker: Reranker,
    reader: Reader,
    without: Sequence[str] = (),
    first: int = 0,
    overruled: Overrulings = MappingProxyType({}),
) -> Iterator[Checked]:
    """Yield each sentence of a draft with its verdict, in the draft's order, from `first` on.

    Documents `without` are not searched, and neither is the draft itself where it is among them.
    """
    apart = [*without, draft.id]
    sources = cache(lambda: tuple(library.documents(apart)))  # Read only for a quotation.
    for statement in statements(draft)[first:]:
        said = tuple(quotations(draft, statement.start, statement.end, sources))
        checked = Checked(statement.start, statement.end, "nothing_to_check", quotations=said)
        if statement.states:
            quotes, _ = find_quotes(library, reranker, statement.text, FOUND, apart)
            judged = judge(statement.text, quotes, reader)
            checked = replace(
                checked,
                verdict=judged.verdict,
                quotes=judged.quotes,
                differs=judged.differs,
                unproven=tuple(_unproven(draft, statement, judged)),
                probability=judged.supported,
                found=quotes,
            )
        yield overruled_by(overruled, draft, checked)


def overruled_by(overruled: Overrulings, draft: Document, checked: Checked) -> Checked:
    """Return a checked sentence with what a person has put in the place of its verdict, if any."""
    verdict, note, at = overruled.get((words_of(draft, checked), checked.verdict), ("", "", ""))
    known = verdict_named(verdict)
    return replace(checked, overruled=known and Overruled(known, note, at))


def _unproven(draft: Document, statement: Statement, judged: Judged) -> Iterator[tuple[int, int]]:
    """Yield where in the draft the words stand that no quote bears out, or that are otherwise."""
    if judged.verdict not in ("in_part", "contradicted"):
        return
    for told in judged.differs:
        words = told.split(":")[0]
        match = re.compile(re.escape(words)).search(draft.text, statement.start, statement.end)
        if match:
            yield match.span()
