"""What an answer says by itself, in the language of its question or else in English.

`sayings/` has one file a language. Each saying has gaps for what is put in: “{count} words”. Where
a language has plurals, a saying has one text for each, by their names in Unicode's CLDR.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from index.english import ENGLISH
from rag.languages.english_dates import days_in_words

SAYINGS = Path(__file__).parent / "sayings"

Value = str | int | float | date | list[str]


def say(language: str, key: str, **values: Value) -> str:
    """Return what is said in a language, by its code, or in English where it has no sayings.

    Whole numbers, shares (floats, as percents), days and lists are put in as the language has them.
    The number `count` decides on the plural.
    """
    language = language if has_sayings(language) else ENGLISH
    said = sayings(language)[key]
    if not isinstance(said, str):
        form = _plural(language)(values["count"])
        said = said.get(form) or said["other"]
    return said.format_map({name: _written(value, language) for name, value in values.items()})


def quoted(language: str, words: str) -> str:
    """Return words in the quotation marks of a language."""
    return say(language, "quoted", words=words)


SMALL_TALK = ("hello", "welcome", "goodbye", "all_right", "only_documents", "identity", "can_ask")
"""What an answer begins with that is given to who asks the documents nothing."""


def is_small_talk(answer: str) -> bool:
    """Whether an answer begins like one to who asks the documents nothing, in any language."""
    return answer.startswith(_small_talk())


@cache
def _small_talk() -> tuple[str, ...]:
    languages = (each.stem for each in SAYINGS.glob("*.json"))
    return tuple(say(language, key) for language in languages for key in SMALL_TALK)


@cache
def has_sayings(language: str) -> bool:
    """Whether there is a file of what is said in a language, by its code."""
    return language.isalpha() and (SAYINGS / f"{language}.json").is_file()


@cache
def sayings(language: str) -> Mapping[str, str | dict[str, str]]:
    """Return what is said in a language: texts with gaps, or one for each plural, by their keys."""
    found: Mapping[str, str | dict[str, str]] = json.loads(
        (SAYINGS / f"{language}.json").read_text("utf-8")
    )
    return found


@cache
def _plural(language: str) -> Callable[[Any], str]:
    """Return what names the plural of a number."""
    if language == ENGLISH:
        return lambda number: "one" if number == 1 else "other"
    from babel import Locale

    return Locale.parse(language).plural_form


def _written(value: Value, language: str) -> str:
    """Return what is put in as a language writes it. English does not load Babel."""
    if isinstance(value, str):
        return value
    return _in_english(value) if language == ENGLISH else _in_other(value, language)


def _in_english(value: int | float | date | list[str]) -> str:
    match value:
        case int():
            return f"{value:,}"
        case float():
            return f"{value:.0%}"
        case date():
            return days_in_words(value)
        case _:
            return ", ".join(value)


def _in_other(value: int | float | date | list[str], language: str) -> str:
    from babel.dates import format_date
    from babel.lists import format_list
    from babel.numbers import format_decimal, format_percent

    match value:
        case int():
            return format_decimal(value, locale=language)
        case float():
            return format_percent(round(value, 2), locale=language)
        case date():
            return format_date(value, "long", locale=language)
        case _:
            return format_list(value, locale=language)
