"""Documents in other languages, asked in theirs and in English."""

from __future__ import annotations

import pytest

from index.documents import Document
from index.errors import LibraryError
from index.weights.catalogue import DEFAULT_EMBEDDING, MULTILINGUAL, READER_OF_ALL
from rag.answer import Answer
from rag.asking.rewrite import Turn, rewriter
from rag.assistant import Assistant
from rag.config import Settings, load_settings
from rag.languages.phrases import say
from rag.lazy import Lazy
from rag.opening import as_made, open_library
from rag.writing.llm import Writer
from tests.asking import Knowing
from tests.fake_llm import ScriptedLLM

GERMAN = """# Die Mühle am Aarsee

Die Mühle wurde 1834 von Clara Brandt gebaut. Sie steht am nördlichen Ufer des Aarsees und gehört
heute der Gemeinde Tannwil.

Das Wasserrad hat einen Durchmesser von sechs Metern. Im Winter steht es still.

Ein Besuch kostet für Erwachsene 12 Franken und für Kinder 5 Franken.
"""

CHINESE = """# 东岭灯塔

东岭灯塔建于1902年，由工程师陆远设计。灯塔高四十二米，位于海湾的东侧。

灯塔每年五月至九月对游客开放，门票二十元。
"""


def document(text: str, name: str) -> Document:
    return Document.of(text, title=text.split("\n")[0].strip("# "), source=f"/{name}.md")


@pytest.fixture
def assistant(multilingual: Knowing) -> Assistant:
    return multilingual(document(GERMAN, "muehle"), document(CHINESE, "lighthouse"))


def cited(answer: Answer) -> str:
    return " ".join(each.text for each in answer.citations)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Wer hat die Mühle gebaut?", "Clara Brandt"),
        ("Was kostet der Eintritt für Kinder?", "5 Franken"),
        ("How much does a visit cost for adults?", "12 Franken"),
        ("灯塔是谁设计的？", "陆远"),
        ("门票多少钱？", "二十元"),
        ("When was the lighthouse built?", "1902年"),
    ],
)
def test_a_question_is_answered_from_its_language_or_another(
    question: str, words: str, assistant: Assistant
) -> None:
    answer = assistant.ask(question)
    assert not answer.refused
    assert words in cited(answer)
    for quote in answer.citations:
        assert quote.document.text[quote.start : quote.end] == quote.text


@pytest.mark.parametrize(
    ("question", "code"),
    [("Wie heißt die Hauptstadt von Peru?", "de"), ("秘鲁的首都是哪里？", "zh")],
)
def test_a_refusal_is_in_the_language_of_the_question(
    question: str, code: str, assistant: Assistant
) -> None:
    answer = assistant.ask(question)
    assert answer.refused
    assert answer.language == answer.as_json()["language"] == code
    assert answer.text == say(code, "refusal")


def test_other_languages_get_the_phrases_of_english() -> None:
    for key in ("refusal", "nearest", "empty"):
        assert say("xx", key) == say("en", key)


@pytest.mark.parametrize("question", ["Wer hat die Mühle gebaut?", "Who built the mill?"])
def test_nothing_is_written_that_cannot_be_held_to_its_quote(
    question: str, assistant: Assistant
) -> None:
    """The language model would say another year: no check of facts knows German."""
    llm = ScriptedLLM(asked=[], written="Die Mühle wurde 1843 von Clara Brandt gebaut.")
    speaking = assistant.with_settings(assistant.settings)
    speaking._writer = Lazy(lambda: Writer(llm, "scripted"))
    answer = speaking.ask(question)
    assert "1834" in cited(answer)
    assert "1843" not in answer.text
    assert llm.asked == []


def test_a_library_opens_with_the_models_that_it_was_made_with(assistant: Assistant) -> None:
    place = assistant.library.place
    found = as_made(load_settings(library=place))
    assert (found.embedding, found.reranker) == (MULTILINGUAL, READER_OF_ALL)
    assert found.reader == found.cross_encoder == READER_OF_ALL
    assert "embedding" not in found.model_fields_set
    assert not open_library(load_settings(library=place)).reads_english_alone
    with Assistant(load_settings(library=place, llm="none")) as opened:
        assert opened.ask("Wer hat die Mühle gebaut?").citations


def test_an_embedding_that_is_named_is_not_changed(assistant: Assistant) -> None:
    named = load_settings(library=assistant.library.place, embedding=DEFAULT_EMBEDDING)
    assert as_made(named) is named
    with pytest.raises(LibraryError, match=MULTILINGUAL):
        open_library(named)


def test_a_library_of_english_keeps_its_models(settings: Settings) -> None:
    assert as_made(settings).embedding == DEFAULT_EMBEDDING


@pytest.mark.parametrize(
    ("asked", "answered", "typed", "meant"),
    [
        ("Wer hat die Mühle gebaut?", "Clara Brandt.[1]", "Wann ist sie gestorben?", "Brandt"),
        ("What does a visit cost?", "12 Franken.[1]", "und für Kinder?", "visit"),
    ],
)
def test_a_follow_up_has_what_it_means_in_brackets(
    asked: str, answered: str, typed: str, meant: str, assistant: Assistant
) -> None:
    """And there only what was said: no blank before it, which the tokens begin with."""
    history: list[Turn] = [("user", asked), ("assistant", answered)]
    rewrite = rewriter(assistant.reader.edits, assistant.reader.edits_across)
    made = rewrite(typed, history, "de")
    assert made.texts
    put_in = [text[text.index("(") + 1 : text.index(")")] for text, _ in made.texts]
    assert all(words == words.strip() for words in put_in)
    assert any(meant in words for words in put_in)
