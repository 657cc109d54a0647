"""What cannot answer is no sentence of a passage, in any language; what may answer stays one."""

from __future__ import annotations

from itertools import pairwise

import pytest

from index.documents import Document
from index.loading.load import load_bytes
from index.split import split, split_whole
from rag.finding.quotes import windows

BRIDGE = (
    "The old bridge was closed in 1960, since cracks had been found in two of its piers. The river "
    "had washed the gravel away beneath them, and more lorries drove over it than ever before."
)
PROSE = {
    "English": BRIDGE,
    "German": "Die alte Brücke wurde 1960 gesperrt. Der Fluss hatte den Kies weggespült.",
    "French": "Le vieux pont a été fermé en 1960. Le fleuve avait emporté le gravier sous la pile.",
    "Russian": "Старый мост закрыли в 1960 году. Река вымыла гравий из-под двух опор моста.",
    "Arabic": "أُغلق الجسر القديم في ذلك العام. هل كان النهر قد جرف الحصى من تحت الدعامات؟",
    "Hindi": "पुराना पुल उस साल बंद कर दिया गया। नदी ने खंभों के नीचे की बजरी बहा दी थी।",
    "Chinese": "旧桥于1960年关闭。洪水冲走了桥墩下的砾石，有两个桥墩出现了裂缝。",
    "Japanese": "古い橋は1960年に閉鎖された。川が橋脚の下の砂利を押し流していたからである。",
}
HEADINGS = {
    "English": "Why it was closed",
    "German": "Warum sie gesperrt wurde",
    "French": "Pourquoi il a été fermé",
    "Russian": "Почему его закрыли",
    "Arabic": "لماذا أُغلق الجسر",
    "Hindi": "पुल क्यों बंद हुआ",
    "Chinese": "关闭的原因",
    "Japanese": "閉鎖の理由",
}


def of(text: str, pages: tuple[int, ...] = ()) -> Document:
    return Document.of(text, title="t", source="/t", pages=pages)


def in_prose(words: str) -> Document:
    return of(f"{BRIDGE}\n\n{words}\n\n{BRIDGE}")


def on_pages(*endings: str) -> Document:
    """A document of pages that begin alike."""
    pages = [f"{BRIDGE}\n\n{ending}" for ending in endings]
    starts = tuple(len("\f".join(pages[:at])) + (at > 0) for at in range(len(pages)))
    return of("\f".join(pages), starts)


def page(body: str) -> Document:
    whole = f"<html><head><title>t</title></head><body>{body}</body></html>"
    return load_bytes(whole.encode(), "t.html")


def answering(document: Document) -> list[str]:
    return [document.text[slice(*at)] for each in split(document) for at in each.sentences]


def all_of(document: Document) -> list[str]:
    return [document.text[slice(*at)] for each in split_whole(document) for at in each.sentences]


def left_out(document: Document) -> list[str]:
    can = answering(document)
    return [each for each in all_of(document) if each not in can]


def test_it_stays_in_the_passage_so_that_it_is_found() -> None:
    document = of(f"Why it was closed\n\n{BRIDGE}")
    [passage] = split(document)
    assert passage.span.start == 0
    assert document.text[: passage.sentences[0][0]].strip() == "Why it was closed"


# --- headings that the file does not mark


@pytest.mark.parametrize("language", PROSE)
def test_a_heading_in_any_language_cannot_answer_and_sentences_can(language: str) -> None:
    document = of(f"{PROSE[language]}\n\n{HEADINGS[language]}\n\n{PROSE[language]}")
    assert left_out(document) == [HEADINGS[language]]
    assert len(answering(document)) == 4


CAPTIONS = (
    *("1 Background", "3.2 Why It Was Closed", "4. Results", "Chapter 3: The flood", "Table 2"),
    *("Figure 4: The piers of the old bridge", "Abb. 4: Die Pfeiler der alten Brücke"),
    *("图2：旧桥的桥墩", "Home > Bridges > The old bridge", "Start » Brücken » Alte Brücke"),
    "© 2019 The Harbour Office",
)


@pytest.mark.parametrize("heading", CAPTIONS)
def test_numbered_headings_captions_and_breadcrumbs_cannot_answer(heading: str) -> None:
    out = left_out(in_prose(heading))
    assert "".join(out).replace(" ", "") == heading.replace(" ", "")


FACTS = (
    *("Opening hours: 9 to 5", "Öffnungszeiten: 9 bis 17 Uhr", "开放时间：9点至17点", "410 metres"),
    *("office@harbour.example", "www.harbour.example", "Tickets from 20 €", "- Tore Vik"),
    *("1. Close the gate\n2. Call the guard", "Sept. 3, 2021: The bridge", "So the guard said,"),
    "Figure 3: The cracks grow longer each year.",
    "Article 12. Everyone may cross the bridge.",
    "Strait | Width\nTsugaru | 20 km",
    "Room 12: Registry\n\nRoom 14: The mayor",
    "Did it hold?\n\nOnly in summer",
    "Its engineers were:\n\nTore Vik\n\nLise Holm",
    "The guard says that the\n\ngate is closed at night.",
    "See the plan of the town\n\nhttps://harbour.example/plan",
    "So long the river ran below\nand no one asked it where to go\nor why the stones were cold",
)


@pytest.mark.parametrize("fact", FACTS)
def test_facts_lists_tables_entries_verses_and_sentences_can_answer(fact: str) -> None:
    assert left_out(in_prose(fact)) == []


@pytest.mark.parametrize(
    "text",
    [
        "Milk\n\nTwo loaves of rye\n\nString for the kites",
        "the fog comes\non little cat feet\n\nit sits looking\nover harbor and city",
        "ok see you at the bridge\nhe comes by train\nYes!\nWhen?\nat noon I think",
        "สะพานเก่าปิดแล้ว\n\nแม่น้ำพัดกรวดไป\n\nสะพานใหม่เป็นสีเขียว",
        "# Tore Vik\n\nEngineer\n\n# Lise Holm\n\nMayor\n",
    ],
)
def test_texts_without_sentences_can_answer(text: str) -> None:
    assert left_out(load_bytes(text.encode(), "t.md")) == []


# --- menus, by their links


def test_menus_cannot_answer_and_lists_of_links_under_a_heading_can() -> None:
    document = page(
        "<ul><li><a href='/'>Home</a></li><li><a href='/b'>Contact</a></li></ul>"
        f"<h1>Bridges</h1><p>{BRIDGE}</p><p><a href='/f'>Read more about our ferries</a></p>"
        "<p>Write to <a href='mailto:a@b.example'>the office</a>.</p>"
        "<p><a href='mailto:a@b.example'>a@b.example</a></p>"
        "<p><a href='/n'>The new bridge was opened in May.</a></p>"
        "<h2>Straits</h2><ul><li><a href='/t'>Tsugaru</a></li><li><a href='/k'>Korea</a></li></ul>"
    )
    assert left_out(document) == ["- Home", "- Contact", "Read more about our ferries"]


def test_code_and_a_page_of_nothing_but_links_can_answer() -> None:
    code = page(f"<p>{BRIDGE}</p><p><code>show bridges</code></p><p>{BRIDGE}</p>")
    assert left_out(code) == []
    links = page("<p><a href='/a'>Home</a></p><p><a href='/b'>Bridges and ferries</a></p>")
    assert answering(links) == ["Home", "Bridges and ferries"]


# --- tables of contents, lists of references, figures, the edges of pages


def test_a_table_of_contents_cannot_answer() -> None:
    lines = ["1 Background . . . . . . . . 3", "2 The flood ........... 7", "Index | 12"]
    document = of("\n\n".join([*lines, BRIDGE]))
    assert left_out(document) == lines


@pytest.mark.parametrize(
    "entries",
    [
        (
            "[1] T. Vik and L. Holm, Cracks in piers of bridges, J. Bridges 12 (2004) 803-811.",
            "[2] A. Roe, The washing away of gravel, Rivers 3 (1998) 12-19.",
        ),
        (
            "Tore Vik. 2004. Cracks in the piers of old bridges. In Proceedings of Bridges.",
            "Lise Holm and A. Roe. 1998. The washing away of gravel. In Rivers and Seas.",
        ),
        (
            "1. Vik T, Holm L. Brückenpfeiler und ihre Risse. Brückenbau. 2004; 12: 803-811.",
            "2. Roe A. Der Kies und der Fluss. Flussbau. 1998; 3: 12-19.",
        ),
        (
            "Vik, T. (2004). Cracks in the piers of bridges. Bridges, 12(3), 803–811.",
            "Roe, A. (1998). The washing away of gravel. https://doi.org/10.1000/1",
        ),
    ],
)
def test_a_list_of_references_cannot_answer(entries: tuple[str, ...]) -> None:
    found = answering(of("\n\n".join([BRIDGE, "References", *entries])))
    assert found == all_of(of(BRIDGE))


def test_text_that_cites_and_people_with_their_years_can_answer() -> None:
    document = of(
        "Vik (2004) found cracks in two of the piers, as Holm and Roe (1998, p. 12) had done.\n\n"
        "In 2004, A. Roe asked who had washed the gravel away (Holm, 1998), and nobody knew.\n\n"
        "- John F. Kennedy (1917–1963)\n- Lyndon B. Johnson (1908–1973)"
    )
    assert left_out(document) == []


def test_what_a_figure_holds_cannot_answer() -> None:
    inside = ["Gravel", "Pier B", "is-washed-away", "x", "Old Bridge North"]
    document = of("\n\n".join([BRIDGE, *inside, BRIDGE]), pages=(0,))
    assert left_out(document) == inside


def test_a_line_that_most_pages_have_cannot_answer_and_a_value_that_each_has_can() -> None:
    lines = [f"The Bridge Papers, page {number} of 3" for number in (1, 2, 3)]
    assert left_out(on_pages(*lines)) == lines
    assert left_out(on_pages(*(f"Price: {each} €\n\n{each} km" for each in (10, 20, 30)))) == []


# --- quotes


def test_no_quote_goes_over_what_cannot_answer() -> None:
    text = f"{BRIDGE}\n\nThe green one\n\nIt was opened in May. It is 410 metres long."
    [passage] = split(of(text))
    quoted = [text[slice(*place)] for _, place in windows(text, passage.sentences)]
    assert "It was opened in May." in quoted
    assert "It was opened in May. It is 410 metres long." in quoted
    assert not any("The green one" in each for each in quoted)
    runs = [place for place, _ in windows(text, passage.sentences)]
    assert all(one != other for one, other in pairwise(runs))
