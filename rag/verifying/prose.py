"""Prose: what the LLM writes from sentences that answer together, proven sentence by sentence."""

from __future__ import annotations

from collections.abc import Sequence

from rag.answer import AnswerSentence
from rag.answerability.reader import Reader
from rag.asking.query import Query
from rag.languages import content_words
from rag.quote import Quote
from rag.verifying.attribution import attribute
from rag.verifying.compose import (
    Composition,
    in_quotation_marks,
    is_proven,
    surroundings,
    written_sentences,
)

CLOSE = 0.75
"""The least share of a sentence's content words that must stand in the one sentence it is of: more
of the question's words would say of one thing what the source says of another."""

MOST = 8
"""Sentences of an answer in prose: what is written beyond them is not read."""


class Prose:
    """Prose that is being written from sentences, and as much of it as is proven.

    `chosen` are the sentences that answer together; `read` are all that it is written from.
    """

    def __init__(
        self, question: Query, chosen: Sequence[Quote], read: Sequence[Quote], reader: Reader
    ) -> None:
        self._question, self._chosen, self._reader = question, chosen, reader
        self._read = [(quote, content_words(quote.model_text)) for quote in read]
        self._proven: dict[str, tuple[Quote, bool]] = {}

    def so_far(self, written: str) -> tuple[Composition, str]:
        """Return what is proven of the sentences that are whole, and the one that is not yet."""
        *whole, last = written_sentences(written, self._question) or [""]
        return self._composed(whole), last

    def whole(self, written: str) -> Composition:
        """Return the answer. The best sentence is always said, in its own words if need be.

        Where nothing is proven, the chosen sentences are the answer, as without a model.
        """
        sentences = written_sentences(written, self._question)
        composition = self._composed(sentences)
        best = max(self._chosen, key=lambda quote: quote.score)
        proven = any(self._proven[each][1] for each in sentences[:MOST])
        for quote in [best] if proven else self._chosen:
            if quote not in composition.citations:
                composition.quote(quote)
        return composition

    def _composed(self, sentences: Sequence[str]) -> Composition:
        """Put together what was written: one that is not borne out is kept as unsupported.

        The chosen sentence that it is nearest to stands in its place, unless it is said already.
        What is written of that one behind it would say it twice.
        """
        composition, quoted = Composition(), list[Quote]()
        for sentence in sentences[:MOST]:
            if sentence not in self._proven:
                self._proven[sentence] = self._prove(sentence)
            nearest, proven = self._proven[sentence]
            if proven:
                if nearest not in quoted:
                    composition.cite(sentence, [nearest])
                continue
            composition.sentences.append(AnswerSentence(sentence, (), False))
            if nearest in self._chosen and nearest not in composition.citations:
                composition.cite(in_quotation_marks(nearest), [nearest])
                quoted.append(nearest)
        return composition

    def _prove(self, sentence: str) -> tuple[Quote, bool]:
        """Return the sentence of the sources that a written one is nearest to, and if it is proven.

        Nearly all words of one must stand there, or in the text before it: the question lends none.
        """
        words = content_words(sentence)
        nearest, there = max(self._read, key=lambda pair: len(words & pair[1]))
        own = words & there
        held = words <= there | content_words(surroundings(nearest))
        close = len(own) >= CLOSE * len(words) and held
        proven = close and attribute(sentence, [nearest.model_text], self._question.text).supported
        return nearest, proven and is_proven(sentence, [nearest], self._question, self._reader)
