"""What the window shows: everything escaped, quotes exact, unsupported sentences outside."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.documents import Document, Heading, Scan
from index.loading.load import load_bytes
from index.storage.store import Entry
from rag.answer import Answer, AnswerSentence, Reason, Writing
from rag.answerability.nearest import Nearest
from rag.opening import Described
from rag.quote import Quote
from ui.conversations.citing import reference
from ui.conversations.exchange import Conversation, Exchange
from ui.conversations.text import place
from ui.drawing import libraries, render
from ui.drawing.libraries import Told
from ui.drawing.render import Outcome

HOSTILE = (
    "<script>window.pwned=1</script>",
    "<img src=x onerror=alert(1)>",
    "\"><a href='javascript:alert(1)'>x</a>",
    "' onmouseover='alert(1)",
    "&lt;b&gt; &amp; {{value}} ${value}",
    "\u202egnp.exe\u2066",
)
TAGS = {
    *"a article bdi blockquote button details div form h3 header li mark ol p span strong".split(),
    *"h4 input option progress section select summary sup table".split(),
    *"tbody td th thead tr ul pre".split(),
}
ATTRIBUTES = {
    *"aria-label aria-pressed checked class colspan data-act data-again data-around".split(),
    *"data-choose data-decide data-document data-draft data-more".split(),
    *"data-example data-exchange data-label data-level data-place data-quote data-remove".split(),
    *"data-language data-languages data-rename data-scanned data-set".split(),
    *"data-span data-step data-undo dir href max open role scope style tabindex title".split(),
    *"type value".split(),
    *"aria-controls aria-current aria-expanded autocomplete data-at data-go data-library".split(),
    *"data-name data-new-tag data-of data-pick data-rename-library data-renamed data-tag".split(),
    *"data-turn-to data-untag disabled hidden id maxlength placeholder spellcheck".split(),
}


class Page(HTMLParser):
    """Reads HTML as a browser would: the text in each element, and all tags and attributes."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[tuple[str, int]] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, list[str]] = {}
        self.text = ""
        self.feed(html)
        self.close()
        assert not self.stack

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append((tag, attributes))
        key = f"{tag}.{attributes.get('class', '')}"
        self.texts.setdefault(key, []).append("")
        self.stack.append((key, len(self.texts[key]) - 1))

        if tag == "input":  # It has no end.
            self.stack.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop()[0].startswith(tag + ".")

    def handle_data(self, data: str) -> None:
        self.text += data
        for key, at in self.stack:
            self.texts[key][at] += data

    def all(self, tag: str, css: str) -> list[dict[str, str]]:
        return [each for name, each in self.elements if name == tag and each.get("class") == css]

    def assert_harmless(self) -> None:
        for tag, attributes in self.elements:
            assert tag in TAGS
            assert set(attributes) <= ATTRIBUTES
            assert attributes.get("href", "?").startswith("?")
            assert re.fullmatch(r"(--share:\d+(;--word:\d+)?)?", attributes.get("style", ""))


def document(text: str, **more: object) -> Document:
    return Document.of(text, title="Title", source="/somewhere/notes.txt", **more)  # type: ignore[arg-type]


def answer(
    quotes: tuple[Quote, ...],
    sentences: tuple[AnswerSentence, ...] = (),
    *,
    question: str = "What?",
    standalone: str | None = None,
    reason: Reason | None = None,
    message: str | None = None,
    nearest: Nearest | None = None,
) -> Answer:
    asked = question, standalone or question
    return Answer(*asked, sentences, quotes, quotes, reason, {}, {}, message, nearest=nearest)


def sentence(text: str, *numbers: int) -> AnswerSentence:
    return AnswerSentence(text, numbers, bool(numbers))


def answered(given: Answer) -> str:
    return render.exchange(Exchange(given.question, given), "1" * 32)


def shown(given: Answer) -> Page:
    return Page(answered(given))


SHIPS = document("The fleet sailed on Oct. 14. It had ten ships. Nobody was hurt.")
FLEET = Quote(SHIPS, 0, 28, 5.0, "At sea", marks=((20, 27),))
COUNT = Quote(SHIPS, 29, 46, 4.0)


@pytest.mark.parametrize("words", HOSTILE)
def test_what_comes_from_outside_is_text_everywhere(words: str) -> None:
    hostile = Document.of(f"{words} stands here.", title=words, source=f"/x/{words}")
    quote = Quote(hostile, 0, len(hostile.text), 1.0, words, marks=((0, len(words)),))
    sentences = (sentence(words, 1), sentence(words))
    full = answer((quote,), sentences, question=words, standalone=words + "?", message=words)
    refusal = answer(
        (quote,),
        question=words,
        reason="not_in_sources",
        message=words,
        nearest=Nearest(quote, (words,)),
    )
    entry = Entry(words, words, f"/x/{words}", "", 1, 1, words, tags=(words,))
    library = Described(words, Path(f"/x/{words}"), 1, 1, words)
    for html in (
        answered(full),
        answered(refusal),
        render.unfinished(
            words, words, standalone=words + "?", quotes=(quote,), draft=Writing(words)
        ),
        render.exchange(Exchange(words, message=words, found=(quote,)), words),
        render.exchange(Exchange(words, unproven={"answer": words}), words),
        render.conversation(Conversation((Exchange(words, full),), words)),
        render.welcome([words]),
        render.documents([entry, entry], {words: (date(2021, 1, 1), date(2021, 2, 1))}, [words]),
        render.outcomes([Outcome(words, well=False), Outcome(words, undo=True)], again=True),
        render.progress([Outcome(words, share=0.5)]),
        render.by_tag([(words, 2)], words),
        render.asked_of(words),
        libraries.shown(words, words),
        libraries.all_of([library], words, [words], library.place, Told(words, words, words)),
        libraries.gone(words, words, words, [words]),
        render.source(hostile, (0, len(words)), [(1, len(words) + 3)]),
        render.no_source(words),
        render.notice(words),
        render.quiet(words),
    ):
        page = Page(html)
        page.assert_harmless()
        assert words.split("/")[-1] in page.text


def test_the_direction_of_text_does_not_leak_out_of_the_conversation() -> None:
    words = "\u202eabc"
    page = shown(answer((FLEET,), (sentence(words, 1),)))
    assert page.texts["bdi."].count(words) == 1
    quote = Quote(document("say \u202eabc"), 0, 8, 1.0)
    footnote = shown(answer((quote,), (sentence("x", 1),)))
    assert footnote.all("a", "footnote")[0]["data-quote"] == "say abc"


def test_each_footnote_leads_to_its_quote() -> None:
    page = shown(answer((FLEET, COUNT), (sentence("It sailed.", 1), sentence("Ten.", 2, 1))))
    assert page.texts["a.footnote"] == ["[1]", "[2]", "[1]"]
    first, second, _ = page.all("a", "footnote")
    assert first["href"] == f"?document={SHIPS.id}&span=0-28"
    assert (second["data-document"], second["data-span"]) == (SHIPS.id, "29-46")
    assert first["data-quote"] == FLEET.text
    assert first["aria-label"] == "Footnote 1: notes.txt, line 1, “At sea”"
    assert page.texts["p.answer"] == ["It sailed.[1] Ten.[2][1]"]
    assert page.texts["blockquote."] == [FLEET.text, COUNT.text]
    assert page.texts["strong."] == ["Oct. 14"] * 2, "in the footnote and among the passages found"
    assert page.texts["a.place"] == ["notes.txt, line 1, “At sea”", "notes.txt, line 1"]


NEAR = {"nearest": Nearest(COUNT, ("captain",)), "reason": "not_in_sources"}


@pytest.mark.parametrize(
    ("given", "texts"),
    [
        (
            answer((FLEET,), (sentence("It sailed.", 1), sentence("It sank."))),
            {
                "p.answer": ["It sailed.[1]"],
                "div.left-out": ["Left out, because the quotes do not support itIt sank."],
            },
        ),
        (  # A quote, alone or behind words of the answer, is not said twice.
            answer((COUNT,), (sentence(f"“{COUNT.text}”", 1),)),
            {"blockquote.": [], "a.place": ["notes.txt, line 1"]},
        ),
        (answer((FLEET,), (sentence(f"Oct. 14: “{FLEET.text}”", 1),)), {"blockquote.": []}),
        (
            answer((FLEET, COUNT), **NEAR),
            {
                "p.refusal": ["The sources do not say. This comes closest:"],
                "p.looked": ["Not found there: “captain”."],
                "a.footnote": [],
            },
        ),
        (
            answer((FLEET,), standalone="What fleet?"),
            {"p.understood": ["Understood as: What fleet? Ask as typed"]},
        ),
        (
            replace(answer((FLEET,), standalone="What fleet?"), way="command"),
            {"p.understood": ["Understood as: What fleet?"]},
        ),
        (answer((FLEET,)), {"p.understood": []}),
    ],
)
def test_what_an_answer_shows(given: Answer, texts: dict[str, list[str]]) -> None:
    page = shown(given)
    assert {key: page.texts.get(key, []) for key in texts} == texts


def test_a_refusal_offers_first_what_is_nearest() -> None:
    cards = shown(answer((FLEET, COUNT), **NEAR)).all("a", "card")
    assert [each["data-span"] for each in cards] == ["29-46", "0-28", "29-46"]


def test_without_documents_it_says_what_to_do() -> None:
    page = shown(answer((), reason="no_documents"))
    assert page.texts["p.refusal"][0].endswith("Add one under Documents.")


def test_of_a_draft_what_is_proven_stands_as_an_answer() -> None:
    draft = Writing("It sank", (sentence("It flew."), sentence("It sailed.", 1)), (FLEET,))
    page = Page(render.unfinished("What?", "", quotes=(FLEET, COUNT), draft=draft))
    assert page.texts["p.answer"] == ["It sailed.[1]"]
    assert page.texts["div.draft"] == ["Draft, being checkedIt sank"]
    assert [each["data-span"] for each in page.all("a", "footnote")] == ["0-28"]


def test_an_exchange_carries_itself() -> None:
    given = answer((FLEET,), (sentence("It sailed.", 1),))
    [turn] = shown(given).all("article", "turn")
    kept = json.loads(turn["data-exchange"])
    assert kept.pop("conversation") == "1" * 32
    assert kept == Exchange("What?", given).as_json()


def test_what_became_of_each_file() -> None:
    assert render.outcomes([]) == ""
    page = Page(render.outcomes([Outcome("a.txt: added"), Outcome("b is empty.", well=False)]))
    assert (page.texts["li.well"], page.texts["li.notice"]) == (["a.txt: added"], ["b is empty."])
    page = Page(render.progress([Outcome("a.txt: embedding", share=0.5)]))
    assert [each["value"] for tag, each in page.elements if tag == "progress"] == ["0.500"]


def test_the_list_of_documents() -> None:
    entry = Entry("abc123", "Notes", "/home/me/notes.txt", "", 900, 1, "2026-11-25T10:00:00+00:00")
    days = {"abc123": (date(2021, 9, 9), date(2021, 12, 15))}
    page = Page(render.documents([entry], days))
    assert page.texts["a.title"] == ["Notes"]
    assert page.texts["span.name"] == ["notes.txt"]
    assert page.texts["span.facts"] == [
        "1 passage",
        "Sept. 9 to Dec. 15, 2021",
        "added 2026-11-25",
    ]
    assert page.all("button", "remove")[0]["data-remove"] == "abc123"
    assert "No documents yet" in Page(render.documents([], {})).text


def test_documents_can_be_left_out_where_there_are_several() -> None:
    entries = [Entry(name, name, name, "", 1, 1, "2026-11-25") for name in ("a", "b")]
    boxes = [
        attributes
        for tag, attributes in Page(render.documents(entries, {}, ["b"])).elements
        if tag == "input"
    ]
    assert [(box["data-choose"], "checked" in box) for box in boxes] == [("a", True), ("b", False)]
    assert "<input" not in render.documents(entries[:1], {})
    shown = render.documents(entries, {}, of=10_000, found=2_000)
    assert "The last 2 of 2,000 documents." in Page(shown).text
    assert "No document has these words" in render.documents([], {}, of=10_000, found=0)


def opened(document: Document, span: tuple[int, int], *others: tuple[int, int]) -> Page:
    """Show a quote in its document: no character is lost or added, and the mark is the quote."""
    page = Page(render.source(document, span, others))
    assert page.texts["div.text"] == [document.text]
    assert page.texts["mark.quote"] == [document.text[slice(*span)]]
    page.assert_harmless()
    return page


def drawn_span(data: st.DataObject, text: str) -> tuple[int, int]:
    start = data.draw(st.integers(0, len(text) - 1))
    return start, data.draw(st.integers(start + 1, len(text)))


def test_the_source_is_the_document_and_the_mark_is_the_quote(briefing: Document) -> None:
    page = opened(briefing, (590, 610))
    headings = [briefing.text[each.start : each.end] for each in briefing.headings]
    assert [each.lstrip("# ") for each in page.texts["span.heading"]] == headings


def test_a_quote_across_a_heading_and_a_page_is_one_mark() -> None:
    text = "One ends.\nChapter two\nTwo begins."
    paged = document(text, headings=(Heading(10, 21, 2),), pages=(0, 10))
    for span in ((0, len(text)), (4, 25), (12, 15), (15, 30)):
        page = opened(paged, span)
        assert "".join(page.texts["span.heading"]) == "Chapter two"
        assert [each["data-label"] for each in page.all("span", "page")] == ["Page 1", "Page 2"]


def markdown(text: str) -> Document:
    return load_bytes(text.encode(), "set.md")


SET = """# Straits *and* seas

Some **bold** words, `code`, a [link](https://x.y/(a)) and 2 \\* 3.

- one **item**
- another
  - inside

1. first

> quoted
> text

| Strait | Width | Sea |
| --- | ---: | --- |
| Tsugaru | 20 km | Sea of Japan |
| Osumi | | East China Sea |

```sh
ls
```

The end.
"""


def test_a_slide_is_called_a_slide() -> None:
    text = "First\n\nIt is old.\n\nThird\n\nIt is deep."
    slides = Document.of(text, title="x", source="/x.pptx", pages=(0, 19, 19), loader="pptx 1")
    quote = Quote(slides, text.index("It is deep"), len(text), 1.0)
    assert place(quote) == "x.pptx, slide 3"
    assert reference(quote) == "x, x.pptx, slide 3"
    assert (quote.as_json()["page"], quote.as_json()["page_kind"]) == (3, "slide")
    html = render.source(slides, (quote.start, quote.end))
    assert "slide 3" in html
    assert 'data-label="Slide 3"' in html
    paged = Quote(replace(slides, loader="pdf 1"), quote.start, quote.end, 1.0)
    assert place(paged) == "x.pptx, page 3"


def test_markdown_is_set_and_its_signs_are_not_shown() -> None:
    page = Page(render.source(markdown(SET), None))
    assert page.texts["div.text"] == [SET]
    shown = {
        kind: ["".join(each.split()) for each in page.texts[f"span.{kind}"]]
        for kind in ("item", "cell", "strong", "link", "monospace", "quotation", "code")
    }
    assert shown == {
        "item": ["one**item**", "another-inside", "inside", "first"],
        "cell": [
            *("Strait", "Width", "Sea"),
            *("Tsugaru", "20km", "SeaofJapan"),
            *("Osumi", "", "EastChinaSea"),
        ],
        "strong": ["**bold**", "**item**"],
        "link": ["[link](https://x.y/(a))"],
        "monospace": ["`code`"],
        "quotation": [">quoted>text"],
        "code": ["```shls```"],
    }
    signs = set(map(str.strip, page.texts["span.sign"]))
    assert signs == {
        *("#", "*", "**", "`", "[", "](https://x.y/(a))", "\\", "-", "1.", ">", "|"),
        *("| --- | ---: | --- |", "```sh", "```", ""),
    }
    assert not any(tag == "a" for tag, _ in page.elements)
    page.assert_harmless()


@pytest.mark.parametrize(
    ("quote", "kinds"),
    [
        ("20 km", {"cell", "row", "table"}),
        ("| Tsugaru | 20 km | Sea of Japan |", {"cell", "row", "table"}),
        ("Tsugaru | 20 km", {"cell", "row", "table"}),
        ("- one **item**\n- another", {"item", "list"}),
        ("one **item**\n- another\n  - inside", {"item", "list"}),
        ("km | Sea", set()),  # It would cut cells in two.
        ("and 2 \\* 3.\n\n- one", set()),
        ("bold** words", {"strong"}),
    ],
)
def test_a_quote_stays_one_mark_where_text_is_set(quote: str, kinds: set[str]) -> None:
    at = SET.index(quote)
    page = opened(markdown(SET), (at, at + len(quote)))
    for kind in kinds:
        assert page.texts[f"span.{kind}"]
    if not kinds:
        block = "row" if "km" in quote else "item"
        assert len(page.texts.get(f"span.{block}", [])) == (0 if block == "row" else 1)


def test_a_composed_table_and_list_are_set() -> None:
    made = load_bytes(
        b"<h1>Straits</h1><ul><li>One.</li><li>Two.</li></ul><table><tr><th></th><th>Width</th>"
        b"</tr><tr><td>Tsugaru</td><td>20 km</td></tr></table><p>The end.</p>",
        "straits.html",
    )
    page = Page(render.source(made, None))
    assert page.texts["div.text"] == [made.text]
    assert page.texts["span.item"] == ["One.", "Two."]
    assert page.texts["span.cell"] == ["", "Width", "Tsugaru", "20 km"]
    kinds = [each.get("class") for _, each in page.elements]
    assert kinds.index("table") < kinds.index("row") < kinds.index("cell")


PIECES = (
    *("<p>", "</p>", "<b>", "</b>", "<i>", "</i>", "<a href=x>", "</a>", "<code>", "</code>"),
    *("<ul>", "<li>", "</ul>", "<table>", "<tr>", "<td>", "</table>", "<h2>", "</h2>", "<br>"),
    *("One ", "two", " | ", "- three", "\n", "4. ", "<pre>", "</pre>", "\u00a0", "&lt;b&gt;"),
)


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=30), st.data())
def test_no_character_of_a_styled_page_is_lost_or_added(
    pieces: list[str], data: st.DataObject
) -> None:
    made = load_bytes(f"{''.join(pieces)}<p>The end.".encode(), "a.html")
    opened(made, drawn_span(data, made.text))


def test_emphasis_and_inert_links_of_a_page_are_set() -> None:
    made = load_bytes(
        b"<h1>Two <i>straits</i></h1><p>The <b>wide</b> <a href='https://x.y/'>one</a> has <code>a"
        b"</code> lamp.</p><ul><li><b>One</b> of two.</li></ul>",
        "straits.html",
    )
    page = opened(made, (made.text.index("wide"), made.text.index("has")))
    assert page.texts["span.emphasis"] == ["straits"]
    assert page.texts["span.strong"] == ["wide", "One"]
    assert (page.texts["span.link"], page.texts["span.monospace"]) == (["one"], ["a"])
    assert not any(tag == "a" for tag, _ in page.elements)


def test_the_place_of_a_cell_says_its_row_and_column() -> None:
    document = markdown(SET)

    def told(words: str) -> str:
        at = document.text.index(words)
        return place(Quote(document, at, at + len(words), 1.0))

    assert told("20 km") == "set.md, line 16, row “Tsugaru”, column “Width”"
    assert told("East China Sea") == "set.md, line 17, row “Osumi”, column “Sea”"
    assert told("Osumi").endswith("row “Osumi”, column “Strait”")
    assert told("| Osumi | | East China Sea |") == "set.md, line 17"
    assert told("Width | Sea") == told("Width") == "set.md, line 14"


def test_the_place_in_a_sheet_is_its_row_and_no_line_of_its_text() -> None:
    sheet = load_bytes(b"Strait,Width\nTsugaru,20 km\nOsumi,33 km\n", "straits.csv")
    at = sheet.text.index("33 km")
    quote = Quote(sheet, at, at + 5, 1.0)
    assert place(quote) == "straits.csv, row “Osumi”, column “Width”"
    assert reference(quote) == "straits, straits.csv"
    (facts,) = opened(sheet, (at, at + 5)).texts["p.facts"]
    assert facts == f"straits.csv · {len(sheet.text)} characters"


def test_what_was_read_from_a_picture_says_so_where_it_is_exported() -> None:
    text = "The mole is old."
    scanned = Document.of(
        text, title="x", source="/x.png", pages=(0,), loader="image 1", scans=(Scan(1, 0.9, ""),)
    )
    quote = Quote(scanned, 0, len(text), 1.0)
    assert place(quote) == "x.png, read from a picture, page 1"
    assert reference(quote) == "x, x.png, read from a picture, page 1"


def test_no_passages_are_named_where_none_was_looked_for() -> None:
    found = answered(answer((), (AnswerSentence("Hello.", (), supported=True),)))
    assert "passages found" not in found


def test_no_word_of_a_table_is_broken_before_its_column_is_narrow() -> None:
    document = markdown(SET)
    page = opened(document, (document.text.index("The end"), document.text.index("end.")))
    told = [re.search(r"--word:(\d+)", each["style"]) for each in page.all("span", "cell")]
    words = [int(each[1]) for each in told if each]
    assert words == [len("Tsugaru"), len("Width"), len("Japan")] * (len(told) // 3)


def test_a_table_is_read_with_the_heads_of_its_columns() -> None:
    document = markdown(SET)
    start = document.text.index("| Tsugaru")
    end = document.text.index("\n\n```sh")
    rows = Quote(document, start, end, 1.0)
    assert rows.model_text == (
        "Strait: Tsugaru; Width: 20 km; Sea: Sea of Japan. Strait: Osumi; Sea: East China Sea."
    )
    for words in ("20 km", "Sea of Japan", "Osumi", "East China Sea"):
        at = rows.model_text.index(words)
        place = rows.place_of(at, at + len(words))
        assert place is not None
        assert document.text[slice(*place)] == words
    at = rows.model_text.index("Width")
    assert rows.place_of(at, at + 5) is None, "a head is not in the quote"
    both = rows.place_of(rows.model_text.index("Tsugaru"), rows.model_text.index(" km"))
    assert both is not None
    assert document.text[slice(*both)] == "Tsugaru | 20"
    prose = document.text.index("Some")
    assert Quote(document, prose, prose + 9, 1.0).place_of(5, 9) == (prose + 5, prose + 9)


def test_a_table_without_heads_is_read_as_it_stands() -> None:
    bare = load_bytes(
        b"<p>One.</p><table><tr><td>1.27</td><td>4.0</td></tr><tr><td>278</td><td>1680</td></tr></table>",
        "a.html",
    )
    row = Quote(bare, bare.text.index("278"), len(bare.text), 1.0)
    assert row.model_text == row.text == "278 | 1680"
    assert row.cell is None
    years = load_bytes(
        b"<table><tr><th>Ships</th><th>2019</th></tr><tr><td>Sold</td><td>12</td></tr></table>",
        "b.html",
    )
    row = Quote(years, years.text.index("Sold"), len(years.text), 1.0)
    assert row.model_text == "Ships: Sold; 2019: 12."


@given(st.data())
def test_no_character_of_markdown_is_lost_or_added(data: st.DataObject) -> None:
    odd = ("> - a", "    x", "| a | b |", "|-|-|", "***", "<b>", "&amp;", "\\|", "![p](q) *", "``")
    pieces = [*SET.split("\n"), *odd]
    text = "\n".join(data.draw(st.lists(st.sampled_from(pieces), min_size=1, max_size=12))) + "."
    span = drawn_span(data, text)
    before = st.integers(0, span[0])
    others = data.draw(st.lists(st.tuples(before, before), max_size=2))
    opened(markdown(text), span, *((a, b) for a, b in others if a < b))


def test_other_quotes_are_marked_where_the_quote_is_not() -> None:
    page = opened(SHIPS, (0, 28), (29, 46), (5, 35), (60, 63))
    assert page.texts["mark.other"] == [SHIPS.text[28:35], SHIPS.text[35:46], SHIPS.text[60:63]]


def test_a_web_page_has_a_link_to_its_original() -> None:
    text = "One two-three four five six seven eight nine ten eleven twelve thirteen."
    page = Document.of(text, title="T", source="https://example.org/a?b#c")
    [link] = Page(render.source(page, (4, len(text)))).all("a", "original")
    start = "two%2Dthree%20four%20five%20six%20seven"
    end = "nine%20ten%20eleven%20twelve%20thirteen."
    assert link["href"] == f"https://example.org/a?b#:~:text={start},{end}"
    assert link["rel"] == "noopener noreferrer"
    assert "<a" not in render.source(SHIPS, (0, 5))
    script = Document.of(text, title="T", source="javascript:alert(1)")
    assert "<a" not in render.source(script, (0, 5))


@pytest.mark.parametrize("span", [(-1, 3), (5, 5), (6, 5), (0, 1000)])
def test_a_place_that_is_none_is_refused(span: tuple[int, int]) -> None:
    assert "mark.quote" not in Page(render.source(SHIPS, None)).texts
    with pytest.raises(ValueError, match="not a place"):
        render.source(SHIPS, span)


@pytest.mark.parametrize("at", [0, 300, 1_000_000, 1_999_950])
def test_of_a_long_document_only_the_surroundings_are_shown(at: int) -> None:
    long = document("A line of some fifty characters, and then another.\n" * 40_000)
    page = Page(render.source(long, (at, at + 50)))
    [shown] = page.texts["div.text"]
    assert page.texts["mark.quote"] == [long.text[at : at + 50]]
    assert 190_000 < len(shown) <= render.WINDOW
    assert shown in long.text
    cuts = page.texts["p.cut"]
    assert any("the text goes on" in cut for cut in cuts) == (at + len(shown) < len(long.text))
    assert sum(int("".join(filter(str.isdigit, cut))) for cut in cuts) + len(shown) == len(
        long.text
    )


@given(st.data())
def test_no_character_is_lost_or_added(data: st.DataObject) -> None:
    characters = st.characters(codec="utf-8", exclude_characters="\0")
    text = data.draw(st.text(characters, min_size=1))
    offsets = st.integers(0, len(text))
    span = drawn_span(data, text)
    edges = sorted(data.draw(st.sets(offsets, max_size=6)))
    headings = [Heading(*pair, 1) for pair in zip(edges[::2], edges[1::2], strict=False)]
    pages = tuple(sorted(data.draw(st.sets(offsets, max_size=4))))
    opened(document(text, headings=tuple(headings), pages=pages), span)
