"""Papers as PDFs: what stands apart on a page is told apart from the text, in any layout."""

from __future__ import annotations

import re

import pytest
from fpdf import FPDF

from index.documents import Document
from index.furniture.captions import Label, label_of, labels_in
from index.loading.load import load_bytes
from index.split import split
from tests.papers import HEAD, LAYOUTS, NOTES, REFERENCES, STAMP, TITLE, Layout, Paper, paper


def read(made: Paper) -> Document:
    return load_bytes(made.data, "paper.pdf")


def paragraphs(document: Document) -> list[str]:
    return document.text.split("\n\n")


def of_kind(document: Document, kind: str) -> list[str]:
    return [document.text[each.start : each.end] for each in document.styles if each.kind == kind]


def answering(document: Document) -> list[str]:
    return [document.text[slice(*at)] for each in split(document) for at in each.sentences]


# --- all layouts


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_paper_in_any_layout(name: str) -> None:
    made = paper(LAYOUTS[name])
    document, layout = read(made), LAYOUTS[name]
    assert document.title == TITLE
    headings = [document.text[each.start : each.end] for each in document.headings]
    # A short last section of two pages may stand at the foot of a figure.
    assert len({TITLE, *made.headings} - {*headings}) <= (layout.pages == 2)
    assert of_kind(document, "caption") == made.captions
    texts = paragraphs(document)
    whole = [each for each in made.sentences if any(each in text for text in texts)]
    # Where a number begins a column, it may as well begin an item.
    assert len(whole) >= 0.98 * len(made.sentences)
    stamps = [text for text in texts if STAMP in text]
    assert stamps == ([STAMP] if layout.stamp else [])
    # In a file of two pages it may be what they say.
    assert document.text.count(HEAD) == (2 if layout.pages == 2 else 0)
    answers = " ".join(answering(document))
    apart = [*made.captions, STAMP, *REFERENCES]
    assert not any(each in answers for each in apart)


def test_notes_stand_apart_from_the_paragraph_on_their_own_page() -> None:
    document = read(paper(Layout(columns=1, size=11)))
    for number, note in enumerate(NOTES, 1):
        text = f"{number} {note}"
        assert text in paragraphs(document)
        start = document.text.index(text)
        assert document.page_at(start) == 2 * number - 1
    assert NOTES[0] in " ".join(answering(document))


def test_the_heading_of_a_passage_is_the_section_it_stands_in() -> None:
    made = paper(Layout(large_headings=False))
    document = read(made)
    found = {each.heading for each in split(document)}
    assert set(made.headings) <= found | {None}


# --- what is no caption


def sheet(*paragraphs: str, size: int = 11) -> FPDF:
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Times", size=size)
    for text in paragraphs:
        pdf.multi_cell(0, 5, text, new_x="LMARGIN", new_y="NEXT")
        pdf.ln(4)
    return pdf


def test_articles_of_a_law_are_no_captions() -> None:
    articles = [
        f"Article {number}. Everyone may cross the bridge at Tolm on foot, by day and by night, and"
        " nobody has to pay for it. Carts need a permit of the harbour office."
        for number in range(1, 9)
    ]
    document = load_bytes(bytes(sheet(*articles).output()), "law.pdf")
    assert of_kind(document, "caption") == []
    assert len(answering(document)) == 24  # The number of an article is one by itself.


def test_a_sentence_that_begins_like_a_caption_can_answer() -> None:
    text = "Figure 2 shows the piers of the old bridge. Two of them had cracks in that winter."
    document = load_bytes(bytes(sheet(text, text.replace("2", "3")).output()), "a.pdf")
    assert len(answering(document)) == 4


# --- labels


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Figure 2: The piers", ("Figure", "2")),
        ("Fig. 2. The piers", ("Fig", "2")),
        ("TABLE IV", ("TABLE", "IV")),
        ("Table A.1 | Moles", ("Table", "A.1")),
        ("Abb. 3a – Die Pfeiler", ("Abb", "3a")),
        ("图2：旧桥的桥墩", ("图", "2")),
        ("**Table 1.** Moles", ("Table", "1")),
        ("Figure 2 shows the piers", None),
        ("APPENDIX", None),
        ("x2: a number", None),
        ("Figures", None),
        ("In 1921: the mole", None),
    ],
)
def test_labels(text: str, label: tuple[str, str] | None) -> None:
    assert label_of(text) == (label and Label(*label))


@pytest.mark.parametrize(
    ("question", "caption", "same"),
    [
        ("What does Figure 2 show?", "Figure 2: The piers", True),
        ("What does Fig. 2 show?", "Figure 2: The piers", True),
        ("What is in figure 2?", "FIG. 2. The piers", True),
        ("Was zeigt Abbildung 3?", "Abb. 3: Die Pfeiler", True),
        ("请问图2显示了什么？", "图2：旧桥的桥墩", True),
        ("What does Figure 12 show?", "Figure 1: The piers", False),
        ("What does Figure 2 show?", "Table 2: The piers", False),
        ("What does Figure 2 show?", "F 2: The piers", False),
    ],
)
def test_a_label_is_called_in_full_or_shortened(question: str, caption: str, same: bool) -> None:
    [(asked, (start, end))] = labels_in(question)
    own = label_of(caption)
    assert re.search(r"\d", question[start:end])
    assert (own is not None and own.names(asked)) == same
