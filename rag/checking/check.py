"""Checking a text: every sentence of a draft against the sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from index.documents import Document
from index.library import Library
from rag.answerability.reader import Reader
from rag.checking.draft import Statement, statements
from rag.checking.quotations import quotations
from rag.checking.verdict import Checked, Overruled, verdict_named, words_of
from rag.checking.verdict_cache import VerdictCache
from rag.finding.quotes import find_quotes
from rag.finding.rerank import Reranker
from rag.languages import missing_names
from rag.quote import BEFORE, Quote
from rag.verifying.judge import Judged, judge

Overrulings = Mapping[tuple[str, str], tuple[str, str, str]]
"""The verdict of a person, why, and when, by a sentence's words and the verdict it replaces."""

FOUND = 8
"""The most quotes that are found for a sentence."""

PLACES = 10
"""The most passages that are examined for a sentence, or words in quotation marks, verbatim."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What a draft is checked against, and what reads it; documents in `exclude` are left out."""

    library: Library
    reranker: Reranker
    reader: Reader
    exclude: Sequence[str]


def check(
    draft: Document,
    sources: Sources,
    done: Sequence[Checked],
    overruled: Overrulings,
    kept: VerdictCache | None,
) -> Iterator[Checked]:
    """Yield each sentence of a draft with its verdict, in the draft's order, except those `done`.

    A verdict that was `kept` is not reached again.
    """
    before = _supporting(done[-1]) if done else ()
    for statement in statements(draft)[len(done) :]:
        checked = kept.find(draft, statement, before) if kept and statement.states else None
        if checked is None:
            checked = _checked(draft, statement, before, sources)
            if kept and statement.states:
                kept.keep(draft, statement, before, checked)
        before = _supporting(checked)
        checked = replace(checked, words=statement.own)
        yield overruled_by(overruled, draft, checked)


def _supporting(checked: Checked) -> tuple[Quote, ...]:
    return checked.quotes if checked.verdict == "supported" else ()


def _checked(
    draft: Document, statement: Statement, before: Sequence[Quote], sources: Sources
) -> Checked:
    """Check a sentence; `before` are the quotes that bear out the one before it."""
    library, apart = sources.library, sources.exclude

    def near(words: str) -> list[Document]:
        hits = library.holding(words, PLACES, apart) or library.search(words, PLACES, apart)
        return list({hit.document.id: hit.document for hit in hits}.values())

    said = tuple(quotations(draft, statement.start, statement.end, near))
    checked = Checked(statement.start, statement.end, "nothing_to_check", quotations=said)
    if not statement.states:
        return checked
    quotes = _word_for_word(statement, library, apart)
    if quotes:
        judged = Judged("supported", quotes, (), 1.0)
    else:
        quotes = find_quotes(library, sources.reranker, statement.text, FOUND, apart).quotes
        judged = _judged(statement, quotes, before, sources.reader)
    return replace(
        checked,
        verdict=judged.verdict,
        quotes=judged.quotes,
        differs=tuple(each.text for each in judged.differs),
        unproven=tuple(_unproven(draft, statement, judged)),
        probability=judged.supported,
        found=quotes,
    )


def _judged(
    statement: Statement, quotes: Sequence[Quote], before: Sequence[Quote], reader: Reader
) -> Judged:
    """Judge a statement, both with the name that a pronoun may stand for and with the pronoun.

    The name is a guess, and the source may have another one. If the sentence before is borne out
    near the same place in a source, both are about the same.
    """
    judged = judge(statement.text, quotes, reader, statement.language)
    if judged.verdict == "supported" or statement.text == statement.own or not before:
        return judged
    own = judge(statement.own, quotes, reader, statement.language)
    goes_on = any(_near(one, other) for one in own.quotes for other in before)
    return own if own.verdict == "supported" and goes_on else judged


def _near(one: Quote, other: Quote) -> bool:
    apart = max(one.start, other.start) - min(one.end, other.end)
    return one.document.id == other.document.id and apart <= BEFORE


def overruled_by(overruled: Overrulings, draft: Document, checked: Checked) -> Checked:
    """Return a checked sentence with the verdict that a person put in its place, if any."""
    verdict, note, at = overruled.get((words_of(draft, checked), checked.verdict), ("", "", ""))
    known = verdict_named(verdict)
    return replace(checked, overruled=known and Overruled(known, note, at))


def _word_for_word(
    statement: Statement, library: Library, apart: Sequence[str]
) -> tuple[Quote, ...]:
    """Return the first place in a source that has a statement verbatim, as a sentence.

    The name that a pronoun stands for has to be there as well, or shortly before.
    """
    for hit in library.holding(statement.own, PLACES, apart):
        for place in hit.passage.sentences:
            quote = Quote(hit.document, *place, 0.0, hit.passage.heading, (place,))
            same = _bare(quote.text) == _bare(statement.own)
            if same and not missing_names(statement.text, [quote.before + quote.text]):
                return (quote,)
    return ()


def _bare(sentence: str) -> str:
    """Return a sentence's words on one line, without punctuation at its ends."""
    return " ".join(sentence.split()).strip(" .,;:!?\"'“”‘’()")


def _unproven(draft: Document, statement: Statement, judged: Judged) -> Iterator[tuple[int, int]]:
    """Yield the places in the draft of words that no quote bears out, or that one contradicts."""
    if judged.verdict not in ("in_part", "contradicted"):
        return
    for words in filter(None, (each.words for each in judged.differs)):
        at = draft.text.find(words, statement.start, statement.end)
        if at >= 0:
            yield at, at + len(words)
