"""Putting an answer together: sentences, the quotes that bear them out, the marked words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from index.split import sentence_spans
from rag.answer import AnswerSentence, Quote
from rag.attribution import attribute
from rag.facts import content_words, missing_facts, missing_names

if TYPE_CHECKING:
    from rag.gate import Reading

QUOTED = 3
"""The most quotes that an answer without a language model is made of."""

QUOTED_MARGIN = 3.0
"""A further quote is shown when its score (a logit) is this near to the best one's."""


KEPT = 0.5
"""Copied words count as said when their facts are, and this share of their words: the model may put
them another way."""


@dataclass(slots=True)
class Composition:
    """The sentences of an answer, and the quotes they cite in the order of their numbers.

    `borne_out` is whether the quotes bear out anything of what the LLM wrote.
    """

    sentences: list[AnswerSentence] = field(default_factory=list)
    citations: list[Quote] = field(default_factory=list)
    borne_out: bool = True

    def cite(self, text: str, quotes: Iterable[Quote]) -> None:
        """Add a supported sentence with its footnotes."""
        self.sentences.append(AnswerSentence(text, tuple(map(self._number, quotes)), True))

    def first(self, most: int) -> tuple[Composition, int]:
        """Return it with its first supported sentences only, and how many are left out."""
        kept, left = Composition(borne_out=self.borne_out), 0
        for each in self.sentences:
            if not each.supported:
                kept.sentences.append(each)
            elif sum(sentence.supported for sentence in kept.sentences) < most:
                kept.cite(each.text, [self.citations[number - 1] for number in each.citations])
            else:
                left += 1
        return kept, left

    def _number(self, quote: Quote) -> int:
        if quote not in self.citations:
            self.citations.append(quote)
        return self.citations.index(quote) + 1


def compose(
    written: str, quotes: Sequence[Quote], question: str, chosen: Sequence[Reading]
) -> Composition:
    """Attribute and verify each sentence that the LLM wrote from the `chosen` readings, best first.

    A sentence that the quotes do not bear out is kept as unsupported, without footnotes and outside
    the answer's text. A chosen quote is added in its own words when what was copied from it got
    lost in writing, and the best one also when no sentence cites it.
    """
    composition = Composition()
    marked = {each.quote: mark(each.quote, each.words or "") for each in chosen}
    # What the sentences were written from comes first: it wins where another quote says the same.
    ordered = [each.quote for each in chosen]
    ordered += [quote for quote in quotes if quote not in marked]
    texts = [quote.text for quote in ordered]
    renamed = False
    for start, end in sentence_spans(written, 0, len(written)):
        sentence = right_particle(" ".join(written[start:end].split()), question)
        attribution = attribute(sentence, texts, question)
        cited = [ordered[at] for at in attribution.quotes]
        supported = attribution.supported
        if supported and only_asked(sentence, cited, question):
            supported, renamed = False, True
        if supported:
            composition.cite(sentence, [marked.get(quote, quote) for quote in cited])
        else:
            composition.sentences.append(AnswerSentence(sentence, (), False))
    said = " ".join(each.text for each in composition.sentences if each.supported)
    # A bare "Yes" says nothing that could be borne out, and the question may have another name for
    # the same ("the White House"): then the quote says it.
    composition.borne_out = bool(said) or renamed or not content_words(written)
    for at, each in enumerate(chosen):
        quote = marked[each.quote]
        uncited = at == 0 and quote not in composition.citations
        if uncited or _left_out(each.words, said, quote.text):
            composition.cite(in_quotation_marks(quote), [quote])
            said += f" {quote.text}"
    return composition


def only_asked(sentence: str, cited: Sequence[Quote], question: str) -> list[str]:
    """Return the names that a sentence has from the question alone.

    The quotes need not hold them: "he" may have been named shortly before, or in the heading or the
    title. Where none of these does, the sentence says of one what the source says of another. Where
    a question offers names for choice ("A or B"), the source may hold the right one alone.
    """
    if " or " in question:
        return []
    opening = question.split()[:1]
    names = missing_names(sentence, [_surroundings(quote) for quote in cited])
    return [name for name in names if name not in opening]


def _surroundings(quote: Quote) -> str:
    title = quote.document.title.replace("_", " ")
    return "\n".join([title, quote.heading or "", quote.before + quote.text])


def right_particle(sentence: str, question: str) -> str:
    """Say "No" where a sentence says "Yes" and then denies what the question asks."""
    opening = re.match(r"yes\b", sentence, re.IGNORECASE)
    denied = re.search(r"(?:\bnot|\bnever|n['’]t)\s+(\w+)", sentence)
    if not opening or not denied or re.search(r"\bnot\b|n['’]t\b", question):
        return sentence
    asked = content_words(denied[1]) & content_words(question)
    return f"No{sentence[opening.end() :]}" if asked else sentence


def _left_out(words: str | None, said: str, quote: str) -> bool:
    """Whether the copied words, which their quote holds, are missing in what is said."""
    own = content_words(words or "")
    if not words or not own or missing_facts(words, [quote]):
        return False
    return bool(missing_facts(words, [said])) or len(own & content_words(said)) < KEPT * len(own)


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
