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
    as_said,
    is_proven,
    surroundings,
    without_particle,
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
        self._proven: dict[str, tuple[str, Quote]] = {}

    def so_far(self, written: str) -> tuple[Composition, str]:
        """Return what is proven of the sentences that are whole, and the one that is not yet."""
        *whole, last = written_sentences(written, self._question) or [""]
        return self._composed(whole), last

    def whole(self, written: str) -> Composition:
        """Return the answer: where nothing is proven, the chosen sentences, as without a model."""
        sentences = written_sentences(written, self._question)
        composition = self._composed(sentences)
        if not any(self._proven[each][0] for each in sentences[:MOST]):
            for quote in self._chosen:
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
            said, nearest = self._proven[sentence]
            if said:
                told = [each.text for each in composition.sentences]
                if nearest not in quoted and said not in told:
                    composition.cite(said, [nearest])
                continue
            composition.sentences.append(AnswerSentence(sentence, (), False))
            of_it = content_words(sentence) & content_words(nearest.model_text)
            if of_it and nearest in self._chosen and nearest not in composition.citations:
                composition.cite(as_said(nearest), [nearest])
                quoted.append(nearest)
        return composition

    def _prove(self, sentence: str) -> tuple[str, Quote]:
        """Return a written sentence as it is proven, empty where it is not, and the source's one.

        "Yes" and "No" are left out where they are not asked for, or where only the rest is proven.
        Nothing is proven unless nearly all of its words stand in the source's sentence or before
        it: the question lends none.
        """
        nearest, close = self._nearest(sentence)
        bare = without_particle(sentence)
        ways = dict.fromkeys((sentence, bare) if self._question.form.yes_or_no else (bare,))
        proven = (way for way in ways if close and self._is_proven(way, nearest))
        return next(proven, ""), nearest

    def _nearest(self, sentence: str) -> tuple[Quote, bool]:
        """Return the sentence of the sources that a written one is of, and if it has its words."""
        words = content_words(sentence)
        nearest, there = max(self._read, key=lambda pair: len(words & pair[1]))
        own = words & there
        held = words <= there | content_words(surroundings(nearest))
        return nearest, len(own) >= CLOSE * len(words) and held

    def _is_proven(self, sentence: str, quote: Quote) -> bool:
        supported = attribute(sentence, [quote.model_text], self._question.text).supported
        return supported and is_proven(sentence, [quote], self._question, self._reader)
