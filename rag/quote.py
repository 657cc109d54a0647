"""A quote: a verbatim piece of a document, proven when it is made, and its JSON form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from index.documents import Document, Passage, Scan, Span
from index.printable import shortened
from index.structure import Cell, cell_of, spelled

BEFORE = 400
"""Characters before a quote in which "he" may have been named."""


@dataclass(frozen=True, slots=True, repr=False)
class Quote:
    """A verbatim piece of a document that may answer the question, usually one or two sentences.

    `score` is the reranker's logit. `marks` are the exact words inside the quote that answer the
    question, as spans of the document. `dates` are the first and the last day of the chronology
    entry that the quote is in.
    """

    document: Document
    start: int
    end: int
    score: float
    heading: str | None = None
    marks: tuple[tuple[int, int], ...] = ()
    dates: tuple[date, date] | None = None

    def __post_init__(self) -> None:
        """Prove the quote: its span lies in the document and is not empty.

        Raises ValueError otherwise.
        """
        if not 0 <= self.start < self.end <= len(self.document.text):
            raise ValueError(
                f"{self.start}-{self.end} is not a place in document {self.document.id}."
            )

    def __repr__(self) -> str:
        place = f"{self.document.id} {self.start}-{self.end}"
        return f"<Quote {place} {shortened(self.text, 60)!r}>"

    @classmethod
    def of(
        cls, document: Document, passage: Passage, place: tuple[int, int], score: float = 0.0
    ) -> Quote:
        """Return a quote from a passage."""
        return cls(document, *place, score, passage.heading, dates=passage.dates)

    @property
    def text(self) -> str:
        """The quote's words, read from the document at its place."""
        return self.document.text[self.start : self.end]

    @property
    def title(self) -> str:
        """The document's title, as models read it."""
        return self.document.own_title.replace("_", " ")

    @property
    def model_text(self) -> str:
        """What models read: the quote's words; in a table, each cell follows its column's head."""
        table = spelled(self.document, (self.start, self.end))
        return table.text if table else self.text

    @property
    def rows(self) -> str:
        """The quote as rows of a table, each cell after its column's head; empty if it is not."""
        table = spelled(self.document, (self.start, self.end))
        cells = table.cells if table else ()
        told = (self.document.text[at : at + end - start] for start, end, at in cells)
        is_whole = _letters("".join(told)) == _letters(self.text)
        return table.text if table and is_whole else ""

    def place_of(self, start: int, end: int) -> tuple[int, int] | None:
        """Map a span of `model_text` to the document; None if it is not in the document."""
        table = spelled(self.document, (self.start, self.end))
        return table.in_document(start, end) if table else (self.start + start, self.start + end)

    @property
    def words(self) -> str:
        """The marked words, which answer the question. Empty if none are marked."""
        return " … ".join(self.document.text[start:end] for start, end in self.marks)

    @property
    def before(self) -> str:
        """The words before the quote, at most BEFORE characters of them."""
        return self.document.text[max(self.start - BEFORE, 0) : self.start]

    @property
    def span(self) -> Span:
        """The quote's place."""
        return Span(self.document.id, self.start, self.end)

    def overlaps(self, other: Quote) -> bool:
        """Whether it overlaps another quote of the same document."""
        same = self.document.id == other.document.id
        return same and self.start < other.end and other.start < self.end

    @property
    def page(self) -> int | None:
        """The page that the quote begins on, for documents with pages."""
        return self.document.page_at(self.start)

    @property
    def scan(self) -> Scan | None:
        """How its page was read, if the page was read from a picture."""
        return self.document.scan_at(self.start)

    @property
    def uncertain(self) -> list[str]:
        """The marked words, or else the quote's, that were hard to read in the page's picture."""
        places = self.marks or ((self.start, self.end),)
        return [word for place in places for word in self.document.uncertain(*place)]

    @property
    def cell(self) -> Cell | None:
        """The table cell of the marked words, or else of the quote; None outside of tables."""
        places = self.marks or ((self.start, self.end),)
        return cell_of(self.document, (places[0][0], places[-1][1]))

    def found_as_json(self) -> dict[str, Any]:
        """Return it as an item of the quotes that were found: its place, words and score."""
        return {
            "document_id": self.document.id,
            "start": self.start,
            "end": self.end,
            "quote": self.text,
            "score": round(self.score, 3),
        }

    def as_json(self) -> dict[str, Any]:
        """Return it as an item of the citations of `footnoted ask --json`."""
        document, scan = self.document, self.scan
        about = {"id": document.id, "title": document.title, "source": document.source}
        return {
            "document": about | {"sha256": document.sha256, "language": document.language},
            "start": self.start,
            "end": self.end,
            "quote": self.text,
            "marks": [list(mark) for mark in self.marks],
            "page": self.page,
            "page_kind": document.page_kind if document.pages else None,
            "heading": self.heading,
            "scan": scan and {"confidence": scan.confidence, "uncertain": self.uncertain},
            "score": round(self.score, 3),
        }


def quotes_as_json(quotes: Sequence[Quote]) -> list[dict[str, Any]]:
    """Return quotes in their order, with their ranks, as `footnoted ask --json` prints them."""
    return [{"rank": rank, **quote.found_as_json()} for rank, quote in enumerate(quotes, 1)]


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))
