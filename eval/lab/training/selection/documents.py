"""Questions on whole documents, from which the gate's weights and the adapter's are learned.

`documents.jsonl.gz` has 64 invented documents of as many kinds: rules, papers, manuals, minutes,
reports. A line has the text, as Markdown, and 44 questions as people type them who have not read
it. Each has the places of the sentences that answer it together (`sentences`), of others that
answer it by themselves (`also`), and of the words of a look-up; none if the text does not answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.lab.training.examples import Span
from eval.lab.training.inputs import read_records
from index.atomic import write_whole
from index.documents import Document
from index.loading.load import load
from rag.quote import Quote

DOCUMENTS = Path(__file__).parent / "documents.jsonl.gz"

MOST_OF_IT = 0.6
"""The share of an answering sentence that a quote must hold: quotes may be cut differently."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the places of the sentences that answer it; none if the text does not."""

    question: str
    places: tuple[Span, ...]
    words: Span | None
    sentences: tuple[Span, ...] = ()
    """All sentences that answer, including those of a look-up."""

    def is_answered_by(self, quote: Quote) -> bool:
        """Whether a quote holds the words of a look-up, or else a sentence that answers."""
        if self.words and quote.start <= self.words[0] and self.words[1] <= quote.end:
            return True
        return any(_holds(quote, place) for place in self.places)


def documents(folder: Path) -> Iterator[tuple[Document, dict[str, Asked]]]:
    """Yield documents, each written into a folder and read from there, with its questions by id."""
    folder.mkdir(parents=True, exist_ok=True)
    for line in read_records(DOCUMENTS):
        file = folder / f"{line['name']}.md"
        write_whole(file, line["text"].encode())
        asked = {
            f"{line['name']}-{number}": Asked(
                each["question"],
                _places(each["also"] if "words" in each else each["sentences"] + each["also"]),
                (each["words"][0], each["words"][1]) if "words" in each else None,
                _places(each["sentences"] + each["also"]),
            )
            for number, each in enumerate(line["questions"])
        }
        yield load(file), asked


def _places(places: Sequence[Sequence[int]]) -> tuple[Span, ...]:
    return tuple((start, end) for start, end in places)


def common(one: Span, other: Span) -> int:
    """Return how many characters two places share."""
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))


def _holds(quote: Quote, place: Span) -> bool:
    start, end = place
    least = min(MOST_OF_IT * (end - start), quote.end - quote.start)
    return common((quote.start, quote.end), place) >= least
