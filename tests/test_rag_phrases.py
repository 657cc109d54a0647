"""What an answer says by itself, in the language of its question."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from babel import Locale

from rag.answer import Answer
from rag.answering import WAYS
from rag.answering.conversation import SAID
from rag.answering.overview import stands_alone, states
from rag.asking.query import Query
from rag.asking.rewrite import Turn
from rag.asking.route import metadata
from rag.assistant import Assistant
from rag.languages.phrases import SAYINGS, say, sayings
from tests.asking import Knowing, context_of, route

LANGUAGES = sorted(path.stem for path in SAYINGS.glob("*.json"))
OTHERS = [each for each in LANGUAGES if each != "en"]
SOURCES = [*(Path(__file__).parents[1] / "rag").rglob("*.py")]


# --- the catalogue


def texts(said: str | dict[str, str]) -> list[str]:
    return [said] if isinstance(said, str) else list(said.values())


def gaps(said: str | dict[str, str]) -> set[str]:
    return {gap for text in texts(said) for gap in re.findall(r"{(\w+)}", text)}


def test_there_are_sayings_in_eleven_languages() -> None:
    assert "ar de en es fr hi it ja pt ru zh".split() == LANGUAGES


@pytest.mark.parametrize("language", OTHERS)
def test_each_language_says_all_with_the_same_gaps_and_its_own_plurals(language: str) -> None:
    english, own = sayings("en"), sayings(language)
    assert list(own) == list(english)
    plurals = {Locale.parse(language).plural_form(number) for number in range(1001)}
    for key, said in own.items():
        assert gaps(said) == gaps(english[key]), key
        assert type(said) is type(english[key]), key
        assert isinstance(said, str) or set(said) == plurals, key


@pytest.mark.parametrize("language", OTHERS)
def test_no_sentence_of_another_language_is_english(language: str) -> None:
    for key, said in sayings("en").items():
        whole = [each for each in texts(said) if len(re.sub(r"{\w+}", "", each).split()) > 2]
        assert not set(whole) & set(texts(sayings(language)[key])), key


def words_of_sources() -> Iterator[tuple[str, bool]]:
    """Yield the texts in the program's sources; of one with gaps its beginning, and that it is."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                yield str(node.values[0].value), True
            elif isinstance(node, ast.Constant):
                yield str(node.value), False


MADE = ("missing_", "property_", "all_", "some_", "at_")
"""How keys begin that are made of what is told of: a matter, a kind of part or of page."""


def test_each_saying_is_said() -> None:
    found = {*words_of_sources()}
    whole = {words for words, _ in found}
    assert {(each, True) for each in MADE} <= found
    unused = {key for key in sayings("en") if key not in whole and not key.startswith(MADE)}
    # The number of a document's pages is called by what these are.
    assert unused - {"pages", "slides"} == set()


def test_all_that_may_be_missing_in_a_document_can_be_said() -> None:
    classes = [each.partition("/") for each in metadata()["classes"]]
    asked = {matter for kind, _, matter in classes if kind == "document"}
    # A length is counted, and where a text is from is known.
    wanted = {f"missing_{each}" for each in asked - {"length", "source"}}
    assert wanted == {key for key in sayings("en") if key.startswith("missing_")}


def test_in_a_language_without_sayings_it_is_english() -> None:
    assert say("xx", "words", count=1200) == say("../en", "words", count=1200) == "1,200 words"


@pytest.mark.parametrize(
    ("language", "count", "told"),
    [
        ("en", 1, "1 word"),
        ("de", 12345, "12.345 Wörter"),
        ("fr", 0, "0 mot"),
        ("ru", 21, "21 слово"),
        ("ru", 3, "3 слова"),
        ("ru", 11, "11 слов"),
        ("ar", 2, "كلمتان"),
        ("ar", 11, "11 كلمة"),
        ("hi", 123456, "1,23,456 शब्द"),
        ("zh", 5, "5个词"),
        ("es", 1_000_000, "1.000.000 palabras"),
    ],
)
def test_numbers_are_counted_as_the_language_does(language: str, count: int, told: str) -> None:
    assert say(language, "words", count=count) == told


def test_days_shares_and_lists_are_written_as_the_language_does() -> None:
    day = date(2021, 12, 31)
    assert say("en", "property_date", name="a", said=day).endswith("the date is Dec. 31, 2021.")
    assert say("de", "property_date", name="a", said=day).endswith("vom 31. Dezember 2021.")
    assert say("zh", "property_date", name="a", said=day).endswith("日期是2021年12月31日。")
    assert "85% sure" in say("en", "sure_answer", share=0.846)
    assert "85\N{NO-BREAK SPACE}% Sicherheit" in say("de", "sure_answer", share=0.846)
    assert say("en", "have_documents", count=2, titles=["a", "b"]).endswith(": a, b.")
    assert say("de", "have_documents", count=2, titles=["a", "b"]).endswith(": a und b.")
    assert say("ja", "have_documents", count=2, titles=["a", "b"]).endswith("：a、b。")


def test_a_text_that_is_put_in_is_not_read_for_gaps() -> None:
    assert (
        say("de", "source_file", name="{count}.md") == "Es wurde aus der Datei {count}.md gelesen."
    )


# --- the ways of answering

RAILWAY = b"""# The railway

## Building the line

It took two years and three hundred workers to build the line from Tolm to Alder.

## Closure and rescue

The line was closed in 1969, and a society bought it for one crown.
"""
ASKED: list[Turn] = [
    ("user", "How many workers built the line?"),
    ("assistant", "Three hundred.[1]"),
]


def told(
    assistant: Assistant, language: str, text: str, name: str, history: Sequence[Turn] = ()
) -> Answer:
    query = replace(Query.of(text, route=route(name), history=history), language=language)
    *_, answer = WAYS[query.route.kind](query, context_of(assistant))
    assert isinstance(answer, Answer)
    return answer


@pytest.fixture
def railway(knowing: Knowing) -> Assistant:
    return knowing(RAILWAY, "line.md")


@pytest.mark.weights
def test_small_talk_is_in_the_language_of_the_message(railway: Assistant) -> None:
    matters = "+".join(SAID)
    english = {
        each.text for each in told(railway, "en", "Hello", f"conversation/{matters}").sentences
    }
    for language in OTHERS:
        said = told(railway, language, "…", f"conversation/{matters}").sentences
        assert len(said) == len(english)
        assert not english & {each.text for each in said}


TOLD = {
    "de": {
        "greeting": "Guten Tag. Ich habe 1 Dokument: „The railway“. Sie können zum Beispiel "
        "fragen: „Worum geht es in diesem Dokument?“",
        "length": "Gezählt wurden in line.md: 38 Wörter und 3 Überschriften.",
        "missing": "Weder der Text von line.md noch die Datei nennt einen Autor.",
        "again": "Jedes Zitat wurde noch einmal an seiner Stelle gelesen, Wort für Wort.",
        "under": "The railway, unter „Building the line“: “It took",
        "no table": "Worauf es beruht, hat keine Zeilen und Spalten, deshalb steht es als Liste "
        "da.",
        "footnotes": "Die letzte Antwort hat 1 Fußnote.",
        "whole": "1 Satz aus 1 von 2 Abschnitten.",
    },
    "ru": {
        "greeting": "Здравствуйте. У меня 1 документ: «The railway». Можно спросить, например: "
        "«О чём этот документ?»",
        "length": "По подсчёту, в line.md: 38 слов и 3 заголовка.",
        "missing": "Ни в тексте line.md, ни в свойствах файла не указан автор.",
        "again": "Каждая цитата прочитана заново на своём месте, слово в слово.",
        "under": "The railway, под заголовком «Building the line»: “It took",
        "no table": "В том, на чём это основано, нет строк и столбцов, поэтому это список.",
        "footnotes": "В последнем ответе 1 сноска.",
        "whole": "1 предложение; охвачено: 1 из 2 разделов.",
    },
    "zh": {
        "greeting": "您好。 我有1份文档：“The railway”。 例如，您可以问：“这份文档讲的是什么？”",
        "length": "经统计，line.md有38个词和3个标题。",
        "missing": "line.md的正文和文件都没有注明作者。",
        "again": "每条引文都已在原处逐字重读。",
        "under": "The railway, 标题“Building the line”之下: “It took",
        "no table": "所依据的内容没有行和列，因此列成清单。",
        "footnotes": "上一个回答有1条脚注。",
        "whole": "1句话，选自2节中的1节。",
    },
}


@pytest.mark.weights
@pytest.mark.parametrize("language", ["de", "ru", "zh"])
def test_each_way_speaks_the_language_of_the_message(railway: Assistant, language: str) -> None:
    def said(text: str, name: str, history: Sequence[Turn] = ()) -> Answer:
        return told(railway, language, text, name, history)

    own = TOLD[language]
    assert said("…", "conversation/greeting").text == own["greeting"]
    assert said("…", "document/length").text == own["length"]
    assert said("…", "document/author").message == own["missing"]
    sure = said("…", "command/sure", ASKED)
    assert sure.text.startswith(own["under"])
    assert [each.text for each in sure.sentences][-2] == own["again"]
    assert said("…", "command/table", ASKED).message == own["no table"]
    assert said("[7]", "command/footnote", ASKED).text == own["footnotes"]
    [quote] = said("… [1] …", "command/footnote", ASKED).sentences
    assert "three hundred workers" in quote.text
    assert said("…", "command/sure").text == say(language, "no_answer")
    overview = said("…", "overview/all")
    assert overview.message == own["whole"]
    assert len(overview.citations) == 1


# --- overviews in other scripts

LIGHTHOUSE = """# 东岭灯塔

## 建造

东岭灯塔由工程师陆远设计，于1902年建成，耗时三年。建造所用的石料来自海湾北侧的采石场，由三百名工人运到山顶。
为了支付费用，沿海的十二个渔村共同筹集了六万银元。落成当天，附近的渔民点燃火把庆祝了整整一夜。

## 维护

守塔人每天傍晚点亮灯火，每隔四小时检查一次灯油。冬天海风很大，石墙上的裂缝每年都要重新填补。
1968年灯塔改用电力以后，守塔人的工作减少了一半。最后一位守塔人在塔里住了四十一年，直到退休才搬回镇上。

## 参观

灯塔每年五月至九月对游客开放，成人门票二十元，儿童免费。从镇上的码头乘船到灯塔大约需要半个小时。
登上塔顶的一百八十六级台阶以后，游客可以看到整个海湾。遇到大雾或者大风的天气，管理处会暂停售票。
"""


@pytest.mark.parametrize(
    "text",
    [
        "守塔人每天傍晚点亮灯火，每隔四小时检查一次灯油。",
        "「灯台」は千九百二年に技師の陸遠によって三年をかけて建てられた。",
        "ประภาคารแห่งนี้สร้างขึ้นโดยวิศวกรในปีที่ชาวประมงย้ายมาอยู่ริมอ่าว",
        "यह प्रकाशस्तंभ एक अभियंता ने तीन वर्षों में पहाड़ी पर बनाया था।",
        "Маяк на восточном мысе построил инженер Лу Юань за три года.",
    ],
)
def test_a_sentence_states_something_in_any_script(text: str) -> None:
    assert states(text)
    assert stands_alone(text)


@pytest.mark.parametrize(
    "text", ["参观须知", "关键词：灯塔，海湾，渔村，历史，维护。", "“东岭灯塔的历史。”"]
)
def test_a_label_or_a_title_states_nothing_in_chinese(text: str) -> None:
    assert not stands_alone(text)


@pytest.fixture
def lighthouse(multilingual: Knowing) -> Assistant:
    return multilingual(LIGHTHOUSE, "lighthouse.md")


def test_an_overview_of_a_chinese_text_has_sentences_of_every_part(lighthouse: Assistant) -> None:
    answer = told(lighthouse, "zh", "总结一下", "overview/all")
    assert answer.message == f"{len(answer.citations)}句话，选自全部3节。"
    assert len(answer.citations) >= 3
    assert {each.heading for each in answer.citations} == {"建造", "维护", "参观"}
    assert all(each.text.endswith("。") for each in answer.citations)


def test_a_section_in_quotation_marks_is_told(lighthouse: Assistant) -> None:
    section = told(lighthouse, "zh", "“维护”一节说了什么？", "overview/all")
    assert {each.heading for each in section.citations} == {"维护"}
    assert section.message == f"该节4句中的{len(section.citations)}句。"


def test_the_words_of_a_request_are_no_topic(lighthouse: Assistant) -> None:
    answer = told(lighthouse, "de", "Fassen Sie das Wichtigste bitte zusammen.", "overview/all")
    assert (answer.message or "").endswith(" aus allen 3 Abschnitten.")


def test_a_text_without_blanks_is_counted_in_characters(lighthouse: Assistant) -> None:
    [length] = told(lighthouse, "zh", "多长？", "document/length").sentences
    count = len(re.findall(r"\w", LIGHTHOUSE))
    assert length.text == f"经统计，lighthouse.md有{count}个字和4个标题。"
