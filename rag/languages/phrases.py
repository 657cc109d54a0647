"""The fixed phrases of answers, in the language of the question or else in English.

`sayings/` has one file per language. Phrases have placeholders: “{count} words”. If a language has
plurals, a phrase has one text for each, under its name in Unicode's CLDR.
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
    """Return a phrase in a language, by its code, or in English if there is no file for it.

    Whole numbers, shares (floats, shown as percentages), days and lists are formatted as usual in
    the language. The number `count` selects the plural.
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
"""The phrases that begin the answers to small talk."""

EARLIER = (
    "You are welcome.",
    "I can only speak of your documents.",
    "I am Footnoted: I answer from your documents",
    "You can ask what the documents say (“Who …?”, “Why …?”), for a summary",
)
"""How such answers began in English before: kept conversations still have these."""


def is_small_talk(answer: str) -> bool:
    """Whether an answer begins like an answer to small talk, in any language."""
    return answer.startswith(_small_talk())


@cache
def _small_talk() -> tuple[str, ...]:
    languages = (each.stem for each in SAYINGS.glob("*.json"))
    said = (say(language, key) for language in languages for key in SMALL_TALK)
    return (*said, *EARLIER)


@cache
def has_sayings(language: str) -> bool:
    """Whether there is a file of phrases in a language, by its code."""
    return language.isalpha() and (SAYINGS / f"{language}.json").is_file()


@cache
def sayings(language: str) -> Mapping[str, str | dict[str, str]]:
    """Return the phrases of a language by their keys: texts, or one text for each plural."""
    found: Mapping[str, str | dict[str, str]] = json.loads(
        (SAYINGS / f"{language}.json").read_text("utf-8")
    )
    return found


@cache
def _plural(language: str) -> Callable[[Any], str]:
    """Return the function that names the plural of a number."""
    if language == ENGLISH:
        return lambda number: "one" if number == 1 else "other"
    from babel import Locale

    return Locale.parse(language).plural_form


def _written(value: Value, language: str) -> str:
    """Format a value as a language writes it. English does not load Babel."""
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
