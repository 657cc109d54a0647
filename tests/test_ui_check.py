"""`footnoted check` as a process, and a checked text as files."""

from __future__ import annotations

import io
import json
import re
import signal
import sqlite3
import subprocess
from itertools import cycle, islice
from pathlib import Path
from xml.etree import ElementTree

import docx
import pytest

from index.documents import Document
from index.loading.load import load_bytes
from index.split import split
from rag.checking.verdict import Checked, Quotation
from rag.quote import Quote
from tests.commands import Footnoted, started
from ui.checked.export import FORMATS
from ui.checked.text import summary
from ui.conversations.text import pieces

SOURCE = Document.of(
    "The Alder Strait <b>is</b> 20 km wide. Nobody swam it.", title="S", source="/s.txt"
)
END = SOURCE.text.index(" Nobody")
KM = SOURCE.text.index("20 km")
QUOTE = Quote(SOURCE, 0, END, 3.0, marks=((4, 16), (KM, KM + 5)))
DRAFT = load_bytes(
    "# On *straits* & seas\n\nThe Alder Strait is 20 km wide. It is 9 km long.\n\n"
    "“Nobody swam it twice” is told. <script>alert(1)</script> was a ship.".encode(),
    "draft.md",
)


def place(words: str) -> tuple[int, int]:
    at = DRAFT.text.index(words)
    return at, at + len(words)


CHECKED = (
    Checked(*place("On *straits* & seas"), "nothing_to_check"),
    Checked(*place("The Alder Strait is 20 km wide."), "supported", (QUOTE,)),
    Checked(*place("It is 9 km long."), "contradicted", (QUOTE,), ("9",), (place("9"),)),
    Checked(
        *place("“Nobody swam it twice” is told."),
        "in_part",
        (QUOTE,),
        ("twice",),
        quotations=(
            Quotation(
                *place("Nobody swam it twice"), Quote(SOURCE, END + 1, END + 15, 0.0), ("“twice”",)
            ),
        ),
    ),
    Checked(*place("<script>alert(1)</script> was a ship."), "not_in_sources", (QUOTE,)),
)


def written(form: str) -> bytes:
    return FORMATS[form].write(DRAFT, CHECKED)


def test_json_has_every_sentence_with_its_place() -> None:
    told = json.loads(written("json"))
    assert told["schema"] == 1
    assert [each["verdict"] for each in told["sentences"]] == [e.verdict for e in CHECKED]
    for sentence in told["sentences"]:
        assert DRAFT.text[sentence["start"] : sentence["end"]] == sentence["text"]
        for quote in sentence["quotes"]:
            assert SOURCE.text[quote["start"] : quote["end"]] == quote["quote"]


def test_markdown_gives_the_draft_back_as_it_was_written() -> None:
    text = written("markdown").decode()
    signs = re.sub(r" \S\[\^check-\d\]", "", text)
    assert signs.startswith(f"{DRAFT.text}\n\n5 sentences: ")
    assert "The Alder Strait is 20 km wide. ✓[^check-1] It is 9 km long. ✗[^check-2]" in text
    assert "[^check-2]: **Contradicted.** What differs: 9." in text
    assert "“The Alder Strait \\<b>is\\</b> 20 km wide.”" in text  # A source is no markup.


def test_markdown_shows_plain_text_as_it_is() -> None:
    plain = load_bytes(DRAFT.text.encode(), "draft.txt")
    text = FORMATS["markdown"].write(plain, CHECKED).decode()
    assert "On \\*straits\\* & seas" in text
    assert "<script>" not in text.replace("\\<", "")


def test_html_is_one_page_of_text() -> None:
    page = written("html").decode()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; was a ship." in page
    assert '<bdi class="s contradicted" title="Contradicted">It is 9 km long.</bdi>' in page
    assert "The <mark>Alder Strait</mark> &lt;b&gt;is&lt;/b&gt; <mark>20 km</mark> wide." in page
    assert "http" not in page


def test_word_has_a_comment_for_each_sentence_that_was_checked() -> None:
    made = docx.Document(io.BytesIO(written("docx")))
    assert [each.text for each in made.paragraphs] == [
        "On *straits* & seas",
        "The Alder Strait is 20 km wide. It is 9 km long.",
        "“Nobody swam it twice” is told. <script>alert(1)</script> was a ship.",
    ]
    comments = [each.text for each in made.comments]
    assert len(comments) == 4
    assert comments[1].startswith("Contradicted.\nWhat differs: 9.")
    assert "Not word for word" in comments[2]


def test_junit_fails_what_the_sources_do_not_say() -> None:
    suite = ElementTree.fromstring(written("junit"))  # noqa: S314  our own
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("5", "2", "1")
    failed = [
        each.get("name") for each in suite.iter("testcase") if each.find("failure") is not None
    ]
    assert failed == ["3: It is 9 km long.", "5: <script>alert(1)</script> was a ship."]


def test_what_holds_a_text_back() -> None:
    assert [each.fails for each in CHECKED] == [False, False, True, False, True]
    assert summary(DRAFT, CHECKED).endswith(
        "1 contradicted, 1 supported in part, 1 not in the sources, 1 nothing to check."
    )
    assert summary(DRAFT, CHECKED[:3]).endswith("1 nothing to check. 2 were not checked yet.")
    assert json.loads(FORMATS["json"].write(DRAFT, CHECKED[:3]))["left"] == 2
    assert summary(DRAFT, []) == "There is no sentence to check."
    assert "".join(words for words, _ in pieces(QUOTE)) == QUOTE.text


@pytest.mark.parametrize("form", FORMATS)
def test_an_empty_text_can_be_written(form: str) -> None:
    assert FORMATS[form].write(DRAFT, ())


@pytest.mark.weights
def test_a_text_of_2000_sentences_is_stopped_and_goes_on(
    own_library: Path, briefing: Document, tmp_path: Path, footnoted: Footnoted
) -> None:
    spans = [place for passage in split(briefing) for place in passage.sentences]
    own = [" ".join(briefing.text[start:end].split()) for start, end in spans[:100]]
    long = tmp_path / "long.txt"
    long.write_text("\n\n".join(islice(cycle(own), 2000)), "utf-8")
    command = ["check", str(long), "--library", str(own_library)]
    with started(*command, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        seen = sum(1 for line in islice(running.stdout, 1000) if line.startswith("Supported: "))
        running.send_signal(signal.SIGINT)
    assert running.returncode == 130
    assert 0 < seen < 1000
    kept = sqlite3.connect(own_library / "checked.db").execute("SELECT count(*) FROM checked")
    assert kept.fetchone()[0] >= min(seen, len({*own}))
    told = json.loads(footnoted(*command, "--json").stdout)
    assert told["counts"]["supported"] == 2000
    assert told["left"] == 0
