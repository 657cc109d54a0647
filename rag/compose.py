"""Putting an answer together: sentences, the quotes that bear them out, the marked words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from index.split import sentence_spans
from rag.answer import AnswerSentence, Quote
from rag.attribution import attribute
from rag.facts import missing_facts

QUOTED = 3
"""The most quotes that an answer without a language model is made of."""

QUOTED_MARGIN = 3.0
"""A further quote is shown when its score (a logit) is this near to the best one's."""


@dataclass(slots=True)
class Composition:
    """The sentences of an answer, and the quotes they cite in the order of their numbers."""

    sentences: list[AnswerSentence] = field(default_factory=list)
    citations: list[Quote] = field(default_factory=list)

    def cite(self, text: str, quotes: Iterable[Quote]) -> None:
        """Add a supported sentence with its footnotes."""
        self.sentences.append(AnswerSentence(text, tuple(map(self._number, quotes)), True))

    def _number(self, quote: Quote) -> int:
        if quote not in self.citations:
            self.citations.append(quote)
        return self.citations.index(quote) + 1


def compose(
    written: str, quotes: Sequence[Quote], question: str, best: Quote, copied: str | None
) -> Composition:
    """Attribute and verify each sentence that the LLM wrote.

    A sentence that its quotes do not bear out is kept as unsupported, without footnotes and outside
    the answer's text. In its place stands the quote that answers best, `best`, once. The same quote
    is added when it holds the words that were `copied` and the sentences leave out a fact of them:
    then what was written lost the answer on the way.
    """
    composition = Composition()
    texts = [quote.text for quote in quotes]
    failed = False
    for start, end in sentence_spans(written, 0, len(written)):
        sentence = " ".join(written[start:end].split())
        attribution = attribute(sentence, texts, question)
        if attribution.supported:
            composition.cite(sentence, [quotes[at] for at in attribution.quotes])
        else:
            composition.sentences.append(AnswerSentence(sentence, (), False))
            failed = True
    said = [sentence.text for sentence in composition.sentences if sentence.supported]
    lost = bool(copied and missing_facts(copied, said) and not missing_facts(copied, [best.text]))
    if not said or lost or (failed and best not in composition.citations):
        composition.cite(in_quotation_marks(best), [best])
    return composition


def quoted(quotes: Sequence[Quote]) -> Composition:
    """Make an answer of the quotes themselves."""
    composition = Composition()
    for quote in quotes[:QUOTED]:
        if quote.score >= quotes[0].score - QUOTED_MARGIN:
            composition.cite(in_quotation_marks(quote), [quote])
    return composition


def in_quotation_marks(quote: Quote) -> str:
    """Return a quote's words on one line, in quotation marks."""
    return f"“{' '.join(quote.text.split())}”"


def mark(quote: Quote, words: str) -> Quote:
    """Mark the words inside a quote, where they stand in it; else return it as it is.

    Blanks, quotation marks and case may differ; letters and digits may not.
    """
    found = place_of(words, quote.text)
    if found is None:
        return quote
    return replace(quote, marks=((quote.start + found[0], quote.start + found[1]),))


def place_of(words: str, text: str) -> tuple[int, int] | None:
    """Return where words stand in a text, whole words only, whatever the case and the blanks."""
    parts = re.findall(r"\w+|[^\w\s]", words)
    parts = [r"[\"'“”‘’«»]" if part in "\"'“”‘’«»" else re.escape(part) for part in parts]
    if not any(re.search(r"\w", part) for part in parts):
        return None
    match = re.search(r"(?<!\w)" + r"\s*".join(parts) + r"(?!\w)", text, re.IGNORECASE)
    return match.span() if match else None
