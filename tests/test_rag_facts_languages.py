"""Facts in other languages than English: the same in other words passes, others never do.

`facts.jsonl` has texts in each language, sentences that they bear out, and such that they do not,
with what is missing of these.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag.languages import NOT_CHECKABLE, missing_facts
from rag.languages.language import normal_form
from rag.languages.packs import PACKS
from rag.languages.packs.numerals import value
from rag.languages.packs.reading import read
from rag.languages.packs.tables import TABLES

FILE = Path(__file__).with_name("facts.jsonl")
TEXTS = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("language", PACKS)
def test_the_same_facts_in_other_words_are_there(language: str) -> None:
    texts = [each for each in TEXTS if each["language"] == language]
    told = {
        sentence: missing_facts(sentence, [each["source"]])
        for each in texts
        for sentence in (each["source"], *each["true"])
    }
    assert len(told) >= 14
    assert not {sentence: missing for sentence, missing in told.items() if missing}


@pytest.mark.parametrize("language", PACKS)
def test_another_fact_never_passes(language: str) -> None:
    texts = [each for each in TEXTS if each["language"] == language]
    false = [(each["source"], *pair) for each in texts for pair in each["false"].items()]
    assert len(false) >= 18
    for source, sentence, missing in false:
        told = missing_facts(sentence, [source])
        assert told, sentence
        assert NOT_CHECKABLE not in told, sentence
        assert any(missing in each for each in told), sentence


@pytest.mark.parametrize(
    ("language", "text", "numbers"),
    [
        (
            "de",
            "eineinhalb Millionen, 1,5 Mio., Millionen",
            "eineinhalb millionen|1500000|millionen",
        ),
        ("de", "3,500 kg um 20:15 Uhr mit der A380", "3,500|20:15|a380"),
        ("es", "tres millones y medio y 3 millones 200 mil", "tres millones y medio|3200000"),
        ("es", "1,234,567.8 o 1.234.567,8", "1234567.8"),
        ("fr", "un demi-million, mille neuf cent quatre-vingt-dix", "un demi-million|1990"),
        ("ru", "три с половиной тысячи, двадцать первый, в сорока", "три с половиной тысячи|21|40"),
        ("ru", "сто двадцать пять миллионов двести тысяч", "125200000"),
        ("ar", "أحد عشر، ثلاثة وعشرون ألفا، مليون ونصف", "11|23000|مليون ونصف"),
        ("hi", "ढाई लाख, एक लाख बीस हज़ार, पच्चीस सौ, १४", "ढाई लाख|120000|2500|14"),
        ("zh", "百分之三十八，两千三，三点五，廿三，F-16", "38%|两千三|3.5|23|f-16"),
        ("ja", "1万2千円、千二百人", "12000|1200"),
    ],
)
def test_numbers_that_are_not_plain_are_taken_as_they_stand(
    language: str, text: str, numbers: str
) -> None:
    [table] = [each for each in TABLES if each.code == language]
    assert read(text, table).numbers == set(numbers.split("|"))


@pytest.mark.parametrize(
    ("language", "text", "days"),
    [
        (
            "de",
            "14.–17. Oktober 2021, am 3.4.2020 und im Jänner",
            "2021-10-14 2021-10-17 2020-04-03",
        ),
        ("es", "del 14 al 17 de octubre de 2021", "2021-10-14 2021-10-17"),
        ("fr", "le 1er octobre et le 3 sept. 2020", "--10-01 2020-09-03"),
        ("ru", "с 14 по 17 октября, в мае 2021 года", "--10-14 --10-17 2021-05"),
        ("ar", "14 و17 تشرين الأول 2021", "2021-10-14 2021-10-17"),
        ("hi", "१४ अक्टूबर २०२१", "2021-10-14"),
        ("zh", "二〇二一年十月十四日至十七日", "2021-10-14 2021-10-17"),
        ("ja", "10月14日から17日まで", "--10-14 --10-17"),
    ],
)
def test_days_are_read_as_a_language_writes_them(language: str, text: str, days: str) -> None:
    [table] = [each for each in TABLES if each.code == language]
    assert set(days.split()) <= set(map(str, read(text, table).dates))


@pytest.mark.parametrize("number", [7, 10, 14, 105, 250, 1250, 3500, 12000, 120000000])
def test_chinese_numerals_are_read_as_they_are_written(number: int) -> None:
    signs = "零一二三四五六七八九"
    written, rest = "", number
    for unit, sign in (
        (10**8, "亿"),
        (10**4, "万"),
        (1000, "千"),
        (100, "百"),
        (10, "十"),
        (1, ""),
    ):
        count, rest = divmod(rest, unit)
        if count:
            high = f"{count}" if count > 9 else signs[count]
            written += "零" * (unit == 1 and written.endswith("百")) + high + sign
    assert normal_form(value(written)) == str(number)
