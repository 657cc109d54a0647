"""Quotes that understand where they stand: pronouns, headings, entries, equal sentences, lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import fpdf
import pytest

from index.documents import Document
from index.loading.load import load
from rag.finding.quotes import CANDIDATES, find_quotes, sentences_around
from rag.finding.rerank import Reranker
from rag.quote import Quote
from tests.conftest import LibraryOf, OpenLibrary

pytestmark = pytest.mark.weights


class Shelf:
    """A library in a folder, asked for its best quotes."""

    def __init__(self, folder: Path, open_library: OpenLibrary, reranker: Reranker) -> None:
        self.library = open_library(folder)
        self.reranker = reranker

    def best(self, text: str | Document, question: str) -> Quote:
        if isinstance(text, str):
            path = self.library.folder.parent / "text.md"
            path.write_text(text, "utf-8")
            text = load(path)
        self.library.add(text)
        return self.quotes(question)[0]

    def quotes(self, question: str, limit: int = 5) -> tuple[Quote, ...]:
        return find_quotes(self.library, self.reranker, question, limit).quotes


@pytest.fixture
def shelf(tmp_path: Path, open_library: OpenLibrary, reranker: Reranker) -> Shelf:
    return Shelf(tmp_path / "library", open_library, reranker)


def test_a_pronoun_brings_the_sentence_that_it_stands_for(shelf: Shelf) -> None:
    text = (
        "The exercise Northern Light was held near Tolm. It lasted nine days. The harbour was "
        "closed for visitors. A lighthouse stands on the cape.\n"
    )
    best = shelf.best(text, "How long did the exercise Northern Light last?")
    assert best.text == "The exercise Northern Light was held near Tolm. It lasted nine days."


def test_a_heading_tells_what_a_passage_is_about(shelf: Shelf) -> None:
    filler = "The weather was fair on most days, and many boats were out at sea. " * 6
    text = (
        f"# Alder Bridge\n\nIt was opened by the mayor in May 1931. {filler}\n\n"
        f"# Rowan Bridge\n\nIt was opened by the queen in June 1950. {filler}\n"
    )
    best = shelf.best(text, "Who opened the Rowan Bridge?")
    assert "the queen" in best.text
    assert best.heading == "Rowan Bridge"


def test_an_entry_is_quoted_with_its_date(shelf: Shelf) -> None:
    text = (
        "Chronology\n\nMay 3, 2021: The ministers meet in Tolm to speak of the fishing grounds.\n\n"
        "May 9, 2021: The ferry Mira sinks off Cape Esker.\n\n"
        "June 1, 2021: A new pact on the fishing grounds is signed in Sund.\n"
    )
    best = shelf.best(text, "When did the ferry Mira sink?")
    assert best.text.startswith("May 9, 2021: The ferry Mira sinks")


def test_an_item_of_a_list_is_found(shelf: Shelf) -> None:
    text = (
        "The fleet has these ships:\n\n- the Heron, which carries 40 people\n"
        "- the Swift, which carries 12 people\n- the Mira, which carries cars\n"
    )
    assert "12" in shelf.best(text, "How many people does the Swift carry?").text


def test_of_two_equal_sentences_each_is_quoted_at_its_own_place(shelf: Shelf) -> None:
    text = (
        "# Tolm\n\nThe harbour of Tolm was built of granite. The work took nine years.\n\n"
        "# Sund\n\nThe harbour of Sund was built of oak. The work took nine years.\n"
    )
    for town in ("Sund", "Tolm"):
        best = shelf.best(text, f"How long did the work on the harbour of {town} take?")
        assert "The work took nine years." in best.text
        whole = best.document.text
        at = whole.index("The work took nine years.", whole.index(f"# {town}"))
        assert best.start <= at < best.end
        assert whole[best.start : best.end] == best.text


def test_a_sentence_over_several_lines_of_a_pdf_is_one_quote(shelf: Shelf, tmp_path: Path) -> None:
    page = fpdf.FPDF()
    page.add_page()
    page.set_font("helvetica", size=12)
    sentence = (
        "The lighthouse on the cape of Tolm, which was built by the engineer Tore Vik in the years "
        "after the great storm, can be seen from a distance of forty kilometers at night."
    )
    page.multi_cell(90, 8, f"A new ferry sails every day. {sentence} Visitors pay nothing.")
    page.output(str(tmp_path / "cape.pdf"))
    document = load(tmp_path / "cape.pdf")
    best = shelf.best(document, "From how far can the lighthouse of Tolm be seen at night?")
    assert " ".join(best.text.split()).startswith(sentence[:60])
    assert best.text.endswith("at night.")
    assert document.text[best.start : best.end] == best.text


def test_where_nothing_is_near_more_candidates_are_ranked(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    search = shelf.library.search

    def counted(question: str, limit: int, exclude: Sequence[str]) -> object:
        asked.append(limit)
        return search(question, limit, exclude)

    shelf.best("The ferry sails to Sund every day. It has a crew of 12.", "How large is the crew?")
    monkeypatch.setattr(shelf.library, "search", counted)
    shelf.quotes("How large is the crew of the ferry to Sund?")
    assert asked == [CANDIDATES]
    shelf.quotes("Which yeast is best for pizza?")
    assert asked[:2] == [CANDIDATES, CANDIDATES]
    assert asked[2] > CANDIDATES


NUMBERED = "".join(f"Sentence number {at} is of the same length. " for at in range(10, 20))


@pytest.mark.parametrize(
    ("own", "most", "letters", "numbers"),
    [
        ([3], 3, 1_000, [2, 3, 4]),
        ([3], 1, 1_000, [3]),
        ([0], 4, 1_000, [0, 1, 2, 3]),
        ([9], 2, 1_000, [8, 9]),
        ([4, 5], 4, 1_000, [3, 4, 5, 6]),
        ([4, 5], 9, 120, [4, 5]),
        ([4, 5], 9, 1, [4, 5]),
        ([4], 9, 1, [4]),
    ],
)
def test_a_quote_is_read_among_the_sentences_around_it(
    read_only_library_of: LibraryOf,
    own: Sequence[int],
    most: int,
    letters: int,
    numbers: Sequence[int],
) -> None:
    numbered = Document.of(NUMBERED, title="Numbers", source="/numbers.txt")
    hits = read_only_library_of(numbered).search("Which sentence is number 13?", 3)
    [passage] = [hit.passage for hit in hits]
    places = [passage.sentences[at] for at in own]
    quote = Quote.of(hits[0].document, passage, (places[0][0], places[-1][1]))
    around = sentences_around(quote, hits, most, letters)
    assert [passage.sentences.index((each.start, each.end)) for each in around] == numbers
    assert sentences_around(quote, (), most, letters) == [quote]
