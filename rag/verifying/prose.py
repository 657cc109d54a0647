"""Prose that the LLM writes from sentences that answer together, proven sentence by sentence."""

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
"""The share of a sentence's content words that must be in the one source sentence it comes from.
With more words of the question, it could say of one thing what the source says of another."""

MOST = 8
"""The most sentences of an answer in prose. What is written after them is ignored."""


class Prose:
    """Prose that is being written from sentences, and the part of it that is proven.

    `chosen` are the sentences that answer together, and `read` are all that the LLM was given. The
    answer opens with the `particle`, “yes” or “no”; it is empty if neither is sure, and None if the
    LLM may write one.
    """

    def __init__(
        self,
        question: Query,
        chosen: Sequence[Quote],
        read: Sequence[Quote],
        reader: Reader,
        particle: str | None = None,
    ) -> None:
        self._question, self._chosen, self._reader = question, chosen, reader
        self._particle = particle
        self._read = [(quote, content_words(quote.model_text)) for quote in read]
        self._proven: dict[str, tuple[str, Quote]] = {}

    def so_far(self, written: str) -> tuple[Composition, str]:
        """Return what is proven of the finished sentences, and the unfinished one."""
        *whole, last = written_sentences(written, self._question) or [""]
        return self._composed(whole).opened(self._particle), last

    def whole(self, written: str) -> Composition:
        """Return the answer; if nothing is proven, the chosen sentences, as without a model."""
        sentences = written_sentences(written, self._question)
        composition = self._composed(sentences)
        if not any(self._proven[each][0] for each in sentences[:MOST]):
            for quote in self._chosen:
                if quote not in composition.citations:
                    composition.quote(quote)
        return composition.opened(self._particle)

    def _composed(self, sentences: Sequence[str]) -> Composition:
        """Compose the written sentences; those that are not borne out are kept as unsupported.

        An unsupported sentence is followed by the chosen source sentence that is nearest to it,
        unless that is cited already. Later sentences from the same source sentence are dropped
        then, since they would repeat it.
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
        """Return a written sentence in its proven form (empty if not proven), and its source.

        "Yes" and "No" are dropped if they are not asked for, if that was asked for apart, or if
        only the rest is proven. All content words of a proven sentence are in the source's
        sentence or its surroundings, and most of them in the sentence itself: words of the question
        do not count. A clause that was only cut out of its sentence is not proven.
        """
        nearest, close = self._nearest(sentence)
        close = close and not _is_cut_out(sentence, nearest.model_text)
        bare = without_particle(sentence)
        may_open = self._question.form.yes_or_no and self._particle is None
        ways = dict.fromkeys((sentence, bare) if may_open else (bare,))
        proven = (way for way in ways if close and self._is_proven(way, nearest))
        return next(proven, ""), nearest

    def _nearest(self, sentence: str) -> tuple[Quote, bool]:
        """Return the source sentence that is nearest to a written one, and if it has its words."""
        words = content_words(sentence)
        nearest, there = max(self._read, key=lambda pair: len(words & pair[1]))
        own = words & there
        held = words <= there | content_words(surroundings(nearest))
        return nearest, len(own) >= CLOSE * len(words) and held

    def _is_proven(self, sentence: str, quote: Quote) -> bool:
        supported = attribute(sentence, [quote.model_text], self._question.text).supported
        return supported and is_proven(sentence, [quote], self._question, self._reader)


def _is_cut_out(sentence: str, source: str) -> bool:
    """Whether a sentence is the words behind a comma of its source: “Of which he paid half.”"""
    said, there = (" ".join(text.split()).casefold() for text in (sentence, source))
    return f", {said.rstrip('.!?')}" in there
