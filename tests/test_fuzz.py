"""What others give is damaged at random, for a little while; and what that once found."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from eval.cases.cases import find_set
from eval.formats.imports import documents_of
from index.errors import DocumentError, UserError
from index.library import Library
from index.loading.load import load, load_bytes
from tests.asking import AssistantOf
from tests.bombs import word, word_parts, zipped
from tests.conftest import LibraryOf
from tests.faults import Faults
from tests.fuzz import Target, made_library, targets, tried


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Target]:
    return targets(made_library(tmp_path_factory.mktemp("fuzzed")))


SELDOM = {"commands": 5, "api": 3}
"""What takes as long as all others together is tried at each fifth number, or each third."""


@pytest.mark.faults
@pytest.mark.weights
def test_damage_is_a_result_or_one_sentence(named: dict[str, Target], faults: Faults) -> None:
    for number in faults.some(range(1500)):
        for name, target in named.items():
            if number % SELDOM.get(name, 1):
                continue
            with faults.trying("fuzzing", f"--again '{name}' {number}"):
                assert not (wrong := tried(name, target, number)), wrong


# What was found


@pytest.mark.parametrize(
    "part",
    [
        *("_rels/.rels", "[Content_Types].xml", "word/_rels/document.xml.rels"),
        *("word/document.xml", "docProps/core.xml", "word/styles.xml", "word/numbering.xml"),
    ],
)
@pytest.mark.parametrize(
    "instead", ["<x/>", "<x xmlns='y'><Relationship/><Default/><Override/></x>"]
)
def test_a_part_of_a_word_document_that_is_something_else(part: str, instead: str) -> None:
    parts = word_parts()
    assert part in parts
    with pytest.raises(DocumentError, match=r"a\.docx is damaged|no text in a\.docx"):
        load_bytes(zipped(parts | {part: instead.encode()}, zipfile.ZIP_STORED), "a.docx")


def test_a_part_of_a_word_document_that_is_said_to_be_another() -> None:
    for kind in (b"styles+xml", b"core-properties+xml", b"document.main+xml", b"numbering+xml"):
        types = word_parts()["[Content_Types].xml"].replace(kind, b"something")
        with pytest.raises(DocumentError, match=r"a\.docx is damaged|no text in a\.docx"):
            load_bytes(zipped(word_parts() | {"[Content_Types].xml": types}), "a.docx")


def test_styles_of_a_word_document_that_are_none_or_go_in_a_circle() -> None:
    body = "<w:p><w:pPr><w:pStyle{}/></w:pPr><w:r><w:t>It is wide.</w:t></w:r></w:p>"
    with pytest.raises(DocumentError, match=r"a\.docx is damaged"):
        load_bytes(word(body.format("")), "a.docx")
    styles = word_parts()["word/styles.xml"].replace(b"<w:name", b'<w:basedOn w:val="A"/><w:name')
    circle = (
        b'<w:style w:type="paragraph" w:styleId="A"><w:basedOn w:val="A"/></w:style></w:styles>'
    )
    styles = styles.replace(b"</w:styles>", circle)
    made = word(body.format(' w:val="A"'), **{"word/styles.xml": styles})
    assert load_bytes(made, "a.docx").text == "It is wide."


@pytest.mark.parametrize(
    "told", [[], {"data": "x"}, {"data": [[]]}, {"data": [{"paragraphs": "x"}]}]
)
def test_a_set_of_squad_that_is_something_else(told: object) -> None:
    with pytest.raises(UserError, match="not in the format squad"):
        documents_of("squad", json.dumps(told))


@pytest.mark.weights
def test_names_that_nothing_can_be_called(library_of: LibraryOf, assistant_of: AssistantOf) -> None:
    long = "a" * 300
    with pytest.raises(UserError, match="cannot be a library's folder"):
        Library(Path(long), embedding_name="x", embedding=lambda: None)
    with pytest.raises(UserError, match="There is no set"):
        find_set(long)
    library = library_of(load_bytes(b"The bridge is 90 meters long.", "bridge.txt"))
    assert assistant_of(library).ask("\udcff bananas").refused


def test_a_line_break_in_a_name_is_shown_as_a_sign(tmp_path: Path) -> None:
    named = tmp_path / "a\n\x1b[31mb.txt"
    named.write_text("The bridge is 90 meters long.", "utf-8")
    document = load(str(named))
    assert document.name == "a␊␛[31mb.txt"
    assert document.source == str(named)
    assert load_bytes(b"x", "a\nb.txt").name == "a␊b.txt"
