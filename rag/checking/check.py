"""Checking a text: every sentence of a draft against the sources."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from index.documents import Document
from index.library import Library
from rag.checking.draft import Statement, statements
from rag.checking.judge import Judged, judge
from rag.checking.quotations import quotations
from rag.checking.verdict import Checked
from rag.deciding.reader import Reader
from rag.finding.quotes import find_quotes
from rag.finding.rerank import Reranker

FOUND = 8
"""Quotes that are found for a sentence."""


def check(
    draft: Document,
    library: Library,
    reranker: Reranker,
    reader: Reader,
    without: Sequence[str] = (),
    first: int = 0,
) -> Iterator[Checked]:
    """Yield each sentence of a draft with its verdict, in the draft's order, from `first` on.

    Documents `without` are not searched, and neither is the draft itself where it is among them.
    """
    apart = [*without, draft.id]
    sources = cache(lambda: tuple(library.documents(apart)))  # Read only for a quotation.
    for statement in statements(draft)[first:]:
        said = tuple(quotations(draft, statement.start, statement.end, sources))
        if not statement.states:
            yield Checked(statement.start, statement.end, "nothing_to_check", quotations=said)
            continue
        quotes, _ = find_quotes(library, reranker, statement.text, FOUND, apart)
        judged = judge(statement.text, quotes, reader)
        yield Checked(
            statement.start,
            statement.end,
            judged.verdict,
            judged.quotes,
            judged.differs,
            tuple(_unproven(draft, statement, judged)),
            said,
            judged.supported,
            quotes,
        )


def _unproven(draft: Document, statement: Statement, judged: Judged) -> Iterator[tuple[int, int]]:
    """Yield where in the draft the words stand that no quote bears out, or that are otherwise."""
    if judged.verdict not in ("in_part", "contradicted"):
        return
    for told in judged.differs:
        words = told.split(":")[0]
        match = re.compile(re.escape(words)).search(draft.text, statement.start, statement.end)
        if match:
            yield match.span()
