"""Reading quotes with a question: does a quote answer it, and with which of its words?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from index.weights.catalogue import ENGLISH_READER, READER_OF_ALL
from index.weights.download import model_folder
from rag.languages import in_full
from rag.lazy import Lazy
from rag.quote import Quote

if TYPE_CHECKING:
    from index.weights.reader import Around, Edit, Read, ReaderWeights

READER = ENGLISH_READER


class Reader:
    """The project's own readers, loaded when first needed, by whichever thread asks first."""

    def __init__(self, models: Path, name: str = READER) -> None:
        """Name the model that reads quotes; `models` is the folder of downloaded weights.

        Messages that depend on earlier turns, and statements in English, are read by the English
        reader.
        """
        self._english: Lazy[ReaderWeights] = Lazy(lambda: _load(READER, models))
        other = name != READER
        self._weights = Lazy(lambda: _load(name, models)) if other else self._english
        self.reads_all = other
        """Whether it reads texts, and statements, in any language."""

    def load(self) -> None:
        """Load the weights now rather than with the first question."""
        self._english()
        self._weights()

    def read(self, question: str, texts: Sequence[str], titles: Sequence[str] = ()) -> list[Read]:
        """Return what is read in each text, under the title of its document if given."""
        return self._weights().read(question, texts, titles) if texts else []

    def read_quotes(self, question: str, quotes: Sequence[Quote]) -> list[Read]:
        """Return what is read in each quote, under its document's title."""
        titles = [quote.title for quote in quotes]
        return self.read(question, [quote.model_text for quote in quotes], titles)

    def read_around(
        self, question: str, quotes: Sequence[Quote], near: Sequence[Sequence[Quote]]
    ) -> list[Around | None]:
        """Return what is read of each quote in the sentences around it, including its own.

        It is None for rows of a table, which are not sentences around each other, and for all
        quotes with the multilingual reader, which has not been measured on this.
        """
        read = {
            at: (quote.title, *_placed(quote, some))
            for at, (quote, some) in enumerate(zip(quotes, near, strict=True))
            if not self.reads_all and quote.model_text == quote.text
        }
        found = self._weights().read_around(question, [*read.values()]) if read else []
        told = dict(zip(read, found, strict=True))
        return [told.get(at) for at in range(len(quotes))]

    def edits(
        self, message: str, places: Sequence[tuple[int, int]], context: str
    ) -> tuple[float, list[Edit]]:
        """Return what a message needs of what was said before it (`rag/asking/rewrite.py`)."""
        return self._english().edits(message, places, context)

    def edits_across(
        self, message: str, places: Sequence[tuple[int, int]], context: str
    ) -> tuple[float, list[Edit]]:
        """Return the same, by the multilingual reader."""
        return self._weights().edits(message, places, context)

    def entails(self, statement: str, texts: Sequence[str]) -> list[list[float]]:
        """Return three logits for each text: it bears the statement out, denies it, neither.

        Shortened months are written out: the entailment head was trained on full names only, and
        would take "Sept. 3" and "September 3" for two days. A sign that is repeated is cut to a
        few, to leave room for the words.
        """
        plain = [_plain(text) for text in texts]
        judged = self._english().entails(_plain(statement), plain) if texts else []
        return [[float(each) for each in logits] for logits in judged]

    def entails_across(self, statement: str, texts: Sequence[str]) -> list[list[float]]:
        """Return the same logits, by the multilingual reader, for texts in any language."""
        judged = self._weights().entails(statement, texts) if texts else []
        return [[float(each) for each in logits] for logits in judged]


def _placed(quote: Quote, sentences: Sequence[Quote]) -> tuple[str, int, int]:
    """Return a quote and the sentences around it as one text, with the quote's place in it."""
    before = "".join(f"{each.model_text} " for each in sentences if each.end <= quote.start)
    behind = "".join(f" {each.model_text}" for each in sentences if each.start >= quote.end)
    end = len(before) + len(quote.model_text)
    return f"{before}{quote.model_text}{behind}", len(before), end


_REPEATED = re.compile(r"([^\w\s])\1{3,}")


def _plain(text: str) -> str:
    return _REPEATED.sub(r"\1\1\1", in_full(text))


def _load(name: str, models: Path) -> ReaderWeights:
    from index.weights.reader import ReaderWeights

    if name == READER_OF_ALL:
        from index.weights.multilingual import MultilingualReader

        return MultilingualReader(models)
    return ReaderWeights(model_folder(name, models))
