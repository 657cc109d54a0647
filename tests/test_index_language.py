"""Which language a text is in, and what goes by that."""

from __future__ import annotations

from pathlib import Path

import pytest

import index.language
import index.library
from index.documents import Document
from index.errors import LibraryError, UserError
from index.language import in_its_language, language_of_question, language_of_text
from index.language.names import language_code, language_name, languages
from index.library import Library
from index.loading.load import load_bytes
from index.split import in_its_languages, sentence_spans, split
from index.storage.database import Place
from index.upkeep.proof import prove
from tests.breaking import executed, opened
from tests.conftest import OpenLibrary

TEXTS = {
    "ar": "تقع المكتبة في وسط المدينة، وتفتح أبوابها كل يوم في التاسعة صباحا.",
    "de": "Die Bibliothek liegt in der Mitte der Stadt und öffnet jeden Tag um neun Uhr.",
    "en": "The library lies in the middle of the town and opens every day at nine.",
    "es": "La biblioteca está en el centro de la ciudad y abre todos los días a las nueve.",
    "fr": "La bibliothèque se trouve au centre de la ville et ouvre tous les jours à neuf heures.",
    "hi": "पुस्तकालय शहर के बीच में है और हर दिन सुबह नौ बजे खुलता है।",
    "ja": "図書館は町の中心にあり、毎日九時に開きます。",
    "pt": "A biblioteca fica no centro da cidade e abre todos os dias às nove horas.",
    "ru": "Библиотека находится в центре города и открывается каждый день в девять часов.",
    "zh": "图书馆位于城市中心，每天早上九点开门。",
}


@pytest.mark.parametrize("code", TEXTS)
def test_a_sentence_tells_its_language(code: str) -> None:
    assert language_of_text(TEXTS[code]) == code
    assert language_of_question(TEXTS[code]) == code


@pytest.mark.parametrize(
    "typed", ["tl;dr", "DF-41 range", "bullet points", "and xi?", "Kosten", "?!", "", "42"]
)
def test_what_tells_no_language_is_a_question_in_english(typed: str) -> None:
    assert language_of_question(typed) == "en"


GERMAN = """# Vertrag

Der Vertrag gilt z. B. ab dem 3. März 2021. Er endet am 5. Mai 2025, ca. vier Jahre später.

Die Miete beträgt 800 Euro im Monat und wird am Anfang eines jeden Monats bezahlt.
"""


def german() -> Document:
    return Document.of(GERMAN, title="Vertrag", source="/vertrag.md")


def sentences(document: Document) -> list[str]:
    places = (place for passage in split(document) for place in passage.sentences)
    return [document.text[start:end] for start, end in places]


def test_sentences_end_where_their_language_ends_them() -> None:
    told = in_its_language(german())
    assert told.properties.written_in == "de"
    assert "Der Vertrag gilt z. B. ab dem 3. März 2021." in sentences(told)
    # A text that is not told its language is cut as it was before there were languages.
    assert "Der Vertrag gilt z. B. ab dem 3." in sentences(german())


def test_english_needs_no_telling() -> None:
    english = Document.of(TEXTS["en"], title="Library", source="/library.md")
    assert in_its_language(english) is english


def test_a_library_knows_the_languages_of_its_documents(
    open_library: OpenLibrary, tmp_path_factory: pytest.TempPathFactory
) -> None:
    library: Library = open_library(tmp_path_factory.mktemp("languages") / "library")
    added = library.add(german())
    assert library.document(added.document.id).properties.written_in == "de"
    assert library.add(german()).outcome == "unchanged"
    assert library.reads_english_alone
    assert not prove(library).faults


# --- paragraphs in another language

QUOTED = {
    "de": "Der Vertrag gilt z. B. ab dem 3. März 2021 und endet am 5. Mai 2025, ca. vier Jahre "
    "später. Die Miete beträgt 800 Euro im Monat.",
    "ru": "Договор действует с 3 марта 2021 г. и до 5 мая 2025 г. включительно.",
    "zh": "合同自2021年3月3日起生效，至2025年5月5日终止，为期约四年。租金为每月八百欧元。",
}
ENGLISH_LINES = (
    "The lease was signed in the spring, and it says in German what both of them had agreed to.",
    "Gen. Mark A. Milley read it on Dec. 15 and said that it was to be kept as it is.",
)


def mixed() -> Document:
    before, after = ENGLISH_LINES
    text = "\n\n".join(("# A lease", before, *QUOTED.values(), after)) + "\n"
    return Document.of(text, title="A lease", source="/lease.md")


def test_a_paragraph_in_another_language_is_cut_by_its_own() -> None:
    told = in_its_languages(mixed())
    assert told.language == "en"
    parts = {code: told.text[start:end] for start, end, code in told.properties.other_parts}
    assert parts == QUOTED
    for code, piece in parts.items():
        assert told.language_at(told.text.index(piece) + len(piece) - 1) == code
    assert told.language_at(told.text.index("Gen.")) == told.language_at(0) == "en"
    first, rest = QUOTED["de"].split(" Die ")
    assert sentences(told) == [
        ENGLISH_LINES[0],
        first,
        f"Die {rest}",
        QUOTED["ru"],
        *(f"{each}。" for each in QUOTED["zh"].split("。")[:-1]),
        ENGLISH_LINES[1],
    ]
    # As a library from before has it: nothing is told of the paragraphs.
    assert "Der Vertrag gilt z. B. ab dem 3." in sentences(mixed())


def test_paragraphs_that_stand_together_are_one_part() -> None:
    pieces = (*[QUOTED["ru"]] * 9, ENGLISH_LINES[0], QUOTED["de"], QUOTED["de"])
    text = "\n\n".join(pieces) + "\n"
    told = in_its_languages(Document.of(text, title="x", source="/x.md"))
    assert told.language == "ru"
    first, *more = told.properties.other_parts
    assert (text[first[0] : first[1]], first[2]) == (ENGLISH_LINES[0], "en")
    assert [text[start:end] for start, end, _ in more] == [f"{QUOTED['de']}\n\n{QUOTED['de']}"]


def test_of_english_no_model_is_asked(briefing: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    def unasked() -> None:
        raise AssertionError

    monkeypatch.setattr(index.language, "_identifier", unasked)
    listed = "\n".join(f"[{n}] Meyer, A. ({n}). Über Mühlen am See. Bern, Haupt." for n in range(9))
    text = f"{briefing.text}\n\n# References\n\n{listed}\n"
    for each in (briefing, Document.of(text, title="x", source="/x.md")):
        assert in_its_languages(each).properties == each.properties


# --- what a person says

RENT = "Die Miete von {} Euro ist ab dem 3. März 2021 in 4. Rate zu zahlen"
LONG = "Die Miete.\n\n" + "; ".join(RENT.format(n) for n in range(60)) + ".\n"
"""A paragraph that is cut elsewhere where its sentences end elsewhere."""


def long() -> Document:
    return Document.of(LONG, title="Miete", source="/miete.md")


def test_a_person_says_which_language_a_document_is_in(
    place: Place, open_library: OpenLibrary
) -> None:
    library = open_library(place)
    known = library.add(long()).document
    found = {}
    for code in ("de", "en"):
        said = library.set_language(known.id, code)
        assert (said.language, said.properties.read_as) == (code, code)
        assert open_library(place).document(known.id) == library.document(known.id) == said
        assert [each.language for each in library.entries()] == [code]
        assert library.passages(known.id) == split(said)
        assert not prove(library).faults
        found[code] = [passage.span for passage in library.passages(known.id)]
    assert found["de"] != found["en"]
    library.reindex(lambda *_: None)
    assert library.document(known.id) == said
    assert library.set_language(known.id, None) == known
    assert not prove(library).faults
    with pytest.raises(UserError, match="There is no document"):
        library.set_language("gone", "de")


def test_another_text_of_the_same_file_is_in_the_language_that_was_said(
    open_library: OpenLibrary, tmp_path: Path
) -> None:
    library, file = open_library(tmp_path / "library"), str(tmp_path / "vertrag.md")
    first = library.add(load_bytes(GERMAN.encode(), "vertrag.md", source=file)).document
    library.set_language(first.id, "en")
    text = GERMAN.replace("800", "850").encode()
    again = library.add(load_bytes(text, "vertrag.md", source=file))
    assert (again.outcome, again.document.language) == ("replaced", "en")
    assert "Der Vertrag gilt z. B. ab dem 3." in sentences(library.document(again.document.id))
    assert not prove(library).faults


def test_what_a_person_says_holds_for_all_that_was_taken_for_the_same_language() -> None:
    said = in_its_languages(mixed()).in_language("fr")
    assert said.language_at(said.text.index("Gen.")) == "fr"
    again = in_its_languages(said)
    assert [code for *_, code in again.properties.other_parts] == ["de", "ru", "zh"]
    assert in_its_languages(german()).in_language("sv").language == "sv"


def test_vectors_that_an_interrupted_correction_left_are_made_by_the_next_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = opened(tmp_path / "library")
    known = library.add(long()).document

    def full(*_: object) -> None:
        raise LibraryError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(Library, "_embed_into", full)
        with pytest.raises(LibraryError, match="full"):
            library.set_language(known.id, "en")
    after = opened(tmp_path / "library")
    assert after.document(known.id).language == "en"
    assert after.unfinished() == 1
    assert not prove(after).faults
    assert after.search("800 Euro", 3), "its words are found meanwhile"
    after.tag(known.id, ["leases"])
    proof = prove(after)
    assert (after.unfinished(), proof.faults) == (0, ())
    assert proof.vectors == proof.passages == len(split(after.document(known.id)))


def test_a_library_from_before_works_as_it_did_until_it_is_rebuilt(
    place: Place, open_library: OpenLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = open_library(place)
    with monkeypatch.context() as patch:
        patch.setattr(index.library, "in_its_languages", lambda document: document)
        known = library.add(german()).document
    executed(library, "DELETE FROM meta WHERE key = 'languages_told'")
    old = open_library(place)
    assert not old.knows_languages()
    assert [each.language for each in old.entries()] == ["en"]
    assert "Der Vertrag gilt z. B. ab dem 3." in sentences(old.document(known.id))
    assert not prove(old).faults
    assert old.search("Wann endet der Vertrag?", 1)[0].document == known
    assert old.add(long()).document.language == "de", "what comes in is told"
    assert not old.knows_languages()
    old.reindex(lambda *_: None)
    assert old.knows_languages()
    assert [each.language for each in old.entries()] == ["de", "de"]
    assert "Der Vertrag gilt z. B. ab dem 3. März 2021." in sentences(old.document(known.id))
    assert not prove(old).faults


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("de", "de"),
        ("German", "de"),
        (" GERMAN ", "de"),
        ("de-AT", "de"),
        ("zh_Hans", "zh"),
        ("norwegian bokmål", "nb"),
        ("Swahili", "sw"),
        ("en", "en"),
    ],
)
def test_a_language_is_named_by_its_code_or_in_english(said: str, code: str) -> None:
    assert language_code(said) == code


@pytest.mark.parametrize("said", ["", "Deutschlandisch", "xx", "xx-de", "\x1b[31m"])
def test_what_is_no_language_is_told(said: str) -> None:
    with pytest.raises(UserError, match="Give its name in English, such as German, or its code"):
        language_code(said)


def test_each_language_that_is_told_apart_has_a_name() -> None:
    assert set(index.language.TOLD_APART) <= set(languages())
    assert language_name("de") == "German"
    assert language_name("xx") == "xx"


@pytest.mark.parametrize(
    ("language", "text", "first"),
    [
        ("de", "Er kam am 15. Dezember, der kalt war. Es blieb kalt.", "kalt war."),
        ("da", "Han kom den 3. marts, som var kold. Det blev koldt.", "kold."),
        ("de", "Er kam zum 72. Jahrestag der Stadt. Es blieb kalt.", "Stadt."),
        ("de", "Sie kam am Freitag, 3. Oktober, der kalt war. Es blieb kalt.", "kalt war."),
        ("de", "Am Mittwoch 15. Dezember, der kalt war, kam er. Es blieb kalt.", "kam er."),
        # A number that names something ends its sentence.
        ("de", "Gesucht wird das Haus Nummer 15. Damit war die Straße zu Ende.", "Nummer 15."),
        ("fr", "Le 1er mai, M. Martin partit. Il pleuvait.", "partit."),
        ("fr", "Il en avait 15. Elle aussi.", "avait 15."),
    ],
)
def test_no_sentence_ends_at_a_number_that_counts(language: str, text: str, first: str) -> None:
    start, end = sentence_spans(text, 0, len(text), language=language)[0]
    assert text[start:end].endswith(first)
