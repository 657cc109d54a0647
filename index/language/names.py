"""The names of languages, in English or another language, and the codes that names stand for."""

from __future__ import annotations

from functools import cache

from index.english import ENGLISH
from index.errors import UserError
from index.printable import printable

BY_ITS_TEXT = "auto"
"""What a user types to have a document's language detected from its text again."""


@cache
def languages(said_in: str = ENGLISH) -> dict[str, str]:
    """Return the names of the languages that documents can be in, by code, sorted by name.

    The names are in the language `said_in`. Listed are the languages that have locale data in
    Unicode's CLDR (formats of numbers and dates).
    """
    from babel import Locale
    from babel.localedata import locale_identifiers

    written = set(locale_identifiers())
    named = {code: name for code, name in Locale(said_in).languages.items() if code in written}
    return dict(sorted(named.items(), key=lambda each: each[1].casefold()))


def language_name(code: str, said_in: str = ENGLISH) -> str:
    """Return the name of a language, or its code if the name is not known."""
    return languages(said_in).get(code, code)


def language_code(said: str) -> str:
    """Return the code of the language that a user names: “German”, “de” or “de-AT” is “de”.

    Raises UserError for an unknown language.
    """
    words = " ".join(said.casefold().replace("_", "-").split())
    for code, name in languages().items():
        if words in (code, name.casefold()):
            return code
    base = words.partition("-")[0]
    if base != words and base in languages():
        return base
    raise UserError(
        f"There is no language “{printable(said)}”. Give its name in English, such as German, or "
        "its code, such as de."
    )


@cache
def month_names(code: str) -> frozenset[str]:
    """Return a language's full month names in lower case; an empty set if it is unknown."""
    from babel import Locale

    if code not in languages():
        return frozenset()
    months = Locale.parse(code).months["format"]["wide"]
    return frozenset(name.casefold() for name in months.values())


@cache
def days_have_dots(code: str) -> bool:
    """Whether a language writes a day with a dot, as German does: “15. Dezember”."""
    from babel import Locale

    return code in languages() and "d. " in str(Locale.parse(code).date_formats["long"])
