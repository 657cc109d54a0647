"""The fixed words of the program, in the language of the person who reads them.

The code has the English texts, by which translations are found in `de.po`, `es.po` and so on: one
file for each language, in gettext's format. `CONTRIBUTING.md` says how to add another one.

    _("Search documents")
    _("There is no place %(place)s in %(name)s.", place=place, name=name)
    ngettext("%(num)s passage", "%(num)s passages", count)
"""

from __future__ import annotations

import io
import json
from collections import Counter
from datetime import date
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ui.words.languages import ENGLISH, spoken

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

FOLDER = Path(__file__).parent


def _(message: str, **values: object) -> str:
    """Return a fixed text in the visitor's language, with values in its gaps if it has any."""
    said = _translations(spoken()).gettext(message) if message else ""
    return said % values if values else said


def ngettext(one: str, many: str, number: int, **values: object) -> str:
    """Return a fixed text about a number of things, which fills the gap `num`."""
    said = _translations(spoken()).ngettext(one, many, number)
    return said % {"num": in_digits(number), **values}


def noted(message: str) -> str:
    """Mark a fixed text for translation, and return it as it is; it is translated when shown."""
    return message


def in_digits(number: int) -> str:
    """Return a number with its digits grouped as in the visitor's language."""
    if spoken() == ENGLISH:
        return f"{number:,}"
    from babel.numbers import format_decimal

    return format_decimal(number, locale=spoken())


def quoted(words: str) -> str:
    """Return words in the quotation marks of the visitor's language."""
    return _("“%(words)s”", words=words)


def days(first: date, last: date | None = None) -> str:
    """Return a day, or a range of days, in the format of the visitor's language."""
    if spoken() == ENGLISH:
        from rag.languages.english_dates import days_in_words

        return days_in_words(first, last)
    from babel.dates import format_date, format_interval

    if last is None or first == last:
        return format_date(first, "medium", locale=spoken())
    return format_interval(first, last, "yMMMd", locale=spoken())


def listed(names: list[str]) -> str:
    """Return names as a sentence lists them: “a, b and c”."""
    if spoken() == ENGLISH:
        return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    from babel.lists import format_list

    return format_list(names, locale=spoken())


def put_in(name: str, passages: int, *, replaced: bool) -> str:
    """Return the message that a document was added to a library, or replaced another one."""
    if replaced:
        return ngettext(
            "%(name)s: replaced, %(num)s passage",
            "%(name)s: replaced, %(num)s passages",
            passages,
            name=name,
        )
    return ngettext(
        "%(name)s: added, %(num)s passage",
        "%(name)s: added, %(num)s passages",
        passages,
        name=name,
    )


def counted(became: Counter[str]) -> str:
    """Return the number of documents with each outcome, leaving out those with none."""
    told = {
        "added": ngettext("%(num)s added", "%(num)s added", became["added"]),
        "replaced": ngettext("%(num)s replaced", "%(num)s replaced", became["replaced"]),
        "unchanged": ngettext("%(num)s unchanged", "%(num)s unchanged", became["unchanged"]),
        "removed": ngettext("%(num)s removed", "%(num)s removed", became["removed"]),
        "failed": ngettext("%(num)s failed", "%(num)s failed", became["failed"]),
        "not added": ngettext("%(num)s not added", "%(num)s not added", became["not added"]),
        "stopped": ngettext("%(num)s stopped", "%(num)s stopped", became["stopped"]),
    }
    return ", ".join(words for outcome, words in told.items() if became[outcome])


@cache
def catalogue(language: str) -> Catalog:
    """Return the translations of a language, read from its file."""
    from babel.messages.pofile import read_po

    with (FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def forms(one: str, many: str, language: str = "") -> dict[str, str]:
    """Return a text about a number of things in each plural form of CLDR, with its gap."""
    from babel import Locale

    language = language or spoken()
    plural, translations = Locale.parse(language).plural_form, _translations(language)
    # The first two hundred numbers have all plural forms.
    return {plural(n): translations.ngettext(one, many, n) for n in range(200)}


@cache
def for_scripts(language: str) -> str:
    """Return the texts of the page's scripts as JSON, by their English, in each plural form."""
    if language == ENGLISH:
        return json.dumps({"language": language, "words": {}})
    translations = _translations(language)
    words: dict[str, Any] = {}
    for message in catalogue(language):
        if not any(path.endswith(".js") for path, _line in message.locations):
            continue
        one, many = (message.id, "") if isinstance(message.id, str) else message.id
        words[one] = forms(one, many, language) if many else translations.gettext(one)
    return json.dumps({"language": language, "words": words}, ensure_ascii=False)


@cache
def _translations(language: str) -> NullTranslations:
    if language == ENGLISH:
        return NullTranslations()
    from babel.messages.mofile import write_mo

    compiled = io.BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    return GNUTranslations(compiled)
