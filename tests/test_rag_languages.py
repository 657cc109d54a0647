"""What a text's language is, and that nothing passes as checked in one that is not known."""

from __future__ import annotations

from pathlib import Path

import pytest

import rag.languages
from index.documents import Document
from rag.answerability.reader import Reader
from rag.asking.query import Query
from rag.checking.draft import statements
from rag.languages import NOT_CHECKABLE, language_of, missing_facts
from rag.languages.english import ENGLISH as IN_ENGLISH
from rag.quote import Quote
from rag.verifying.attribution import attribute
from rag.verifying.compose import compose
from rag.verifying.judge import judge

ENGLISH = "The fleet of Norland passed the strait with ten ships on Oct. 14, and then went on."
CHINESE = "美国派出了四艘船，穿过海峡。"
GERMAN = "Die Flotte von Norland fuhr mit zehn Schiffen durch die Enge, ohne dass es jemand sah."
RUSSIAN = "Флот Норландии прошёл через пролив с десятью кораблями."

FALSE = [
    pytest.param(CHINESE, "美国派出了十四艘船，穿过海峡。", id="Chinese, another number"),
    pytest.param(CHINESE, "中国派出了四艘船，穿过海峡。", id="Chinese, another name"),
    pytest.param(GERMAN, GERMAN.replace("zehn", "elf"), id="German, another number"),
    pytest.param(GERMAN, GERMAN.replace("Norland", "Sudland"), id="German, another name"),
    pytest.param(RUSSIAN, RUSSIAN.replace("десятью", "девятью"), id="Russian, another number"),
    pytest.param(RUSSIAN, RUSSIAN.replace("Норландии", "Зюдландии"), id="Russian, another name"),
    pytest.param(RUSSIAN, "Кораблями Норландии прошёл пролив.", id="Russian, another order"),
]


DUTCH = "De vloot van Norland voer met tien schepen door de zee-engte, zonder dat iemand het zag."
GREEK = "Ο στόλος της Νορλανδίας πέρασε το στενό με δέκα πλοία, χωρίς να τον δει κανείς."
KOREAN = "노를란드 함대는 배 열 척을 이끌고 아무도 모르게 해협을 지나갔다."


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        pytest.param(DUTCH, DUTCH.replace("tien", "elf"), id="Dutch"),
        pytest.param(GREEK, GREEK.replace("δέκα", "έντεκα"), id="Greek"),
        pytest.param(KOREAN, KOREAN.replace("열", "열한"), id="Korean"),
        pytest.param(ENGLISH, GERMAN, id="German by an English source"),
        pytest.param(
            "La flota de Norlandia pasó el estrecho con diez barcos, y después siguió su viaje.",
            "A frota da Norlândia passou o estreito com dezessete navios, e depois seguiu viagem.",
            id="Portuguese by a Spanish source",
        ),
        pytest.param(RUSSIAN, CHINESE, id="Chinese by a Russian source"),
    ],
)
def test_what_is_not_word_for_word_there_is_not_checkable(source: str, sentence: str) -> None:
    assert missing_facts(sentence, [source]) == [NOT_CHECKABLE]
    assert not attribute(sentence, [source], "").supported


@pytest.mark.parametrize(("source", "sentence"), FALSE[:-1])
def test_another_fact_is_missing_in_languages_that_are_checked(source: str, sentence: str) -> None:
    assert missing_facts(sentence, [source]) not in ([], [NOT_CHECKABLE])
    assert not attribute(sentence, [source], "").supported


def test_a_source_in_another_language_holds_nothing_of_a_sentence() -> None:
    english = "The fleet of Sudland passed the strait with eleven ships, and then it went on home."
    assert missing_facts(GERMAN, [GERMAN, english]) == []
    held = missing_facts(GERMAN.replace("zehn", "elf"), [GERMAN, english])
    assert held == ["11"]


@pytest.mark.parametrize("sentence", [CHINESE, GERMAN, RUSSIAN, DUTCH, GREEK, KOREAN])
def test_what_stands_there_word_for_word_passes(sentence: str) -> None:
    source = f"{ENGLISH} {sentence}"
    assert missing_facts(sentence, [sentence]) == []
    assert missing_facts(f"“{sentence}”", [source.replace(" ", "\n")]) == []
    assert attribute(sentence, [sentence], "").supported


@pytest.mark.parametrize("text", ["20 km.", "Yes, on Oct. 14.", "No.", "Xi Jinping", ENGLISH, ""])
def test_short_english_texts_stay_checkable(text: str) -> None:
    assert language_of(text, ENGLISH) is IN_ENGLISH
    assert language_of(text) is IN_ENGLISH


def test_names_of_another_script_must_stand_in_the_source_as_they_are() -> None:
    source = f"{ENGLISH[:-1]} to Norland (诺兰岛, Ост Ров), 5 μm wide."
    assert missing_facts("It went to Norland (诺兰岛), 5 μm wide.", [source]) == []
    assert missing_facts("It went to Norland (诺兰).", [source]) == ["诺兰"]
    assert missing_facts("The fleet went to Ост Ров.", [source]) == []
    assert missing_facts("The fleet went to Ров Ост.", [source]) == ["Ров Ост"]
    assert missing_facts("The fleet of Nоrland passed.", [source]) == ["Nоrland"]  # A Cyrillic о.


@pytest.mark.weights
@pytest.mark.parametrize(("source", "sentence"), FALSE)
def test_an_answer_is_the_quote_where_it_cannot_be_checked(
    source: str, sentence: str, reader: Reader
) -> None:
    quote = Quote(Document.of(source, title="fleet", source="fleet"), 0, len(source), 5.0)
    question = Query.of("Which fleet passed the strait?")
    composed = compose(sentence, [quote], question, [quote], reader)
    assert [each.text for each in composed.sentences if each.supported] == [f"“{source}”"]


@pytest.mark.weights
@pytest.mark.parametrize(("source", "sentence"), [*FALSE, pytest.param(ENGLISH, GERMAN, id="two")])
def test_a_statement_that_cannot_be_checked_is_told_as_that(
    source: str, sentence: str, reader: Reader
) -> None:
    draft = Document.of(sentence, title="draft", source="draft")
    [statement] = statements(draft)
    assert statement.states
    quote = Quote(Document.of(source, title="fleet", source="fleet"), 0, len(source), 9.0)
    judged = judge(statement.text, [quote], reader)
    assert judged.verdict == "not_checkable"


def test_all_else_asks_here_what_is_known_of_english() -> None:
    room = Path(rag.languages.__file__).parent
    others = [path for path in room.parent.rglob("*.py") if path.parent != room]
    assert others
    asked = ("index.english ", "import sentence_spans, split")
    of_no_language = [room.parent / "asking/when.py", room.parent / "answering/subquestions.py"]
    of_no_language += (room.parent / "answering/front").glob("*.py")
    assert not [each for each in of_no_language if "languages.english" in each.read_text("utf-8")]
    assert not [path for path in others if any(each in path.read_text("utf-8") for each in asked)]


@pytest.mark.parametrize(
    ("text", "count", "named"),
    [
        ("what does footnote 2 say", 3, (2, "2")),
        ("what does the second source say about 2021", 3, (2, "second")),
        ("and the second one?", 3, (2, "second")),
        ("the last one, please", 3, (3, "last")),
        ("show me source one", 3, (1, "one")),
        ("what is in the 7th?", 3, (7, "7")),
        ("what does that source say", 3, None),
    ],
)
def test_which_one_of_several_a_text_names(
    text: str, count: int, named: tuple[int, str] | None
) -> None:
    assert rag.languages.place_in_order(text, count) == named
