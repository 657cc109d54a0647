"""Checking a text: every sentence of a draft against the sources."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from index.documents import Document
from index.library import Library
from rag.checking.draft import Statement, statements
from rag.checking.judge import Judged, judge
from rag.checking.quotations import quotations
from rag.checking.verdict import Checked, Overruled, verdict_named, words_of
from rag.deciding.reader import Reader
from rag.english.facts import missing_names
from rag.finding.quotes import find_quotes
from rag.finding.rerank import Reranker
from rag.quote import Quote

Overrulings = Mapping[tuple[str, str], tuple[str, str, str]]
"""By a sentence's words and its verdict: the verdict that a person put there, why, and when."""

FOUND = 8
"""Quotes that are found for a sentence."""

PLACES = 10
"""Passages in which a sentence, or words in quotation marks, may stand to the letter."""


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

    def near(words: str) -> list[Document]:
        hits = library.holding(words, PLACES, apart) or library.search(words, PLACES, apart)
        return list({hit.document.id: hit.document for hit in hits}.values())

    for statement in statements(draft)[first:]:
        said = tuple(quotations(draft, statement.start, statement.end, near))
        checked = Checked(statement.start, statement.end, "nothing_to_check", quotations=said)
        if statement.states:
            quotes = _word_for_word(statement, library, apart)
            if quotes:
                judged = Judged("supported", quotes, (), 1.0, 0.0)
            else:
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


def _word_for_word(
    statement: Statement, library: Library, apart: Sequence[str]
) -> tuple[Quote, ...]:
    """Return the first place where a statement stands in a source, to the letter, as a sentence.

    The name that a pronoun stands for has to stand there, or shortly before it.
    """
    for hit in library.holding(statement.own, PLACES, apart):
        for place in hit.passage.sentences:
            quote = Quote(hit.document, *place, 0.0, hit.passage.heading, (place,))
            same = _bare(quote.text) == _bare(statement.own)
            if same and not missing_names(statement.text, [quote.before + quote.text]):
                return (quote,)
    return ()


def _bare(sentence: str) -> str:
    """Return a sentence's words on one line, without the marks at its ends."""
    return " ".join(sentence.split()).strip(" .,;:!?\"'“”‘’()")


def _unproven(draft: Document, statement: Statement, judged: Judged) -> Iterator[tuple[int, int]]:
    """Yield where in the draft the words stand that no quote bears out, or that are otherwise."""
    if judged.verdict not in ("in_part", "contradicted"):
        return
    for told in judged.differs:
        words = told.split(":")[0]
        match = re.compile(re.escape(words)).search(draft.text, statement.start, statement.end)
        if match:
            yield match.span()
