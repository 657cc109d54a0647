"""Which language a text is in, and what goes by that."""

from __future__ import annotations

import pytest

from index.documents import Document
from index.language import in_its_language, language_of_question, language_of_text
from index.library import Library
from index.split import split
from index.upkeep.proof import prove
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
