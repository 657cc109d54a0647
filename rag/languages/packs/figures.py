"""Find numbers in figures, with the separators and scales of a language."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache

from rag.languages.language import normal_form
from rag.languages.packs.tables import Table
from rag.languages.packs.text import WORD, plain, stem

_NAMED = r"(?<!\w)[A-Za-zÀ-ɏА-Яа-яЁё]+-?\d[\w-]*|(?<![\w.,])\d+[A-Z]\w*"
"""A name with figures, “F-16” or “5G”, which is its own normal form."""

_PLAIN = r"\d{1,3}(?:[ ']\d{3})+(?:[.,]\d+)?(?!\d)|\d+(?:[.,:/]\d+)*"
_FIGURE = re.compile(rf"(?P<named>{_NAMED})|(?P<digits>{_PLAIN})")


def figures(text: str, table: Table) -> list[tuple[int, int, str]]:
    """Return the places of numbers, and their normal forms."""
    found: list[tuple[int, int, str]] = []
    end = 0
    while match := _FIGURE.search(text, end):
        end = match.end()
        form = match[0].casefold()
        if match["digits"]:
            form, end = _whole(text, match, table)
        found.append((match.start(), end, form))
    return found


def _whole(text: str, match: re.Match[str], table: Table) -> tuple[str, int]:
    """Return the normal form and the end of a number with its scales: “3 millones 200 mil”."""
    number = read(match[0], table)
    if number is None:
        return match[0], match.end()
    scale, end = _scale(text, match.end(), table)
    number *= scale
    more = _FIGURE.match(text, end + 1)
    if scale > 1 and more and more["digits"] and (rest := read(more[0], table)) is not None:
        further, after = _scale(text, more.end(), table)
        if 1 < further < scale and text[end].isspace():
            return normal_form(number + rest * further), after
    return normal_form(number), end


def read(digits: str, table: Table) -> Decimal | None:
    """Return the value of figures; None if that is not clear: “7:45”, “1.2.3”, “3,500”.

    The last one is three and a half in German, but three thousand five hundred in some
    Spanish-speaking countries.
    """
    decimal, group = separators(table)
    any_group = rf"(?:[ ']|{re.escape(group)})"
    if re.fullmatch(rf"\d+|\d{{1,3}}(?:{any_group}\d{{3}})+(?:{re.escape(decimal)}\d+)?", digits):
        return Decimal(re.sub(any_group, "", digits).replace(decimal, "."))
    if table.code == "hi" and re.fullmatch(r"\d{1,2}(?:,\d\d)*,\d{3}(?:\.\d+)?", digits):
        return Decimal(digits.replace(",", ""))
    if re.fullmatch(r"0[.,]\d+|\d+[.,](?!\d{3}$)\d+|\d{4,}[.,]\d+", digits):
        return Decimal(digits.replace(",", "."))
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+\.\d+|\d{1,3}(?:\.\d{3})+,\d+", digits):
        return Decimal(re.sub(r"[.,](?=.*[.,])", "", digits).replace(",", "."))
    return Decimal(re.sub(r"\D", "", digits)) if _GROUPS.fullmatch(digits) else None


_GROUPS = re.compile(r"\d{1,3}(?:(?:,\d{3}){2,}|(?:\.\d{3}){2,})")


@cache
def separators(table: Table) -> tuple[str, str]:
    """Return the decimal separator, and the separator between groups of figures."""
    from babel import Locale

    symbols = Locale.parse(table.locales[0]).number_symbols["latn"]
    group = plain(symbols["group"]).strip() or " "
    return symbols["decimal"], group


def _scale(text: str, start: int, table: Table) -> tuple[Decimal, int]:
    """Return the factor of the scale words right after a number, and where they end."""
    scale, end = Decimal(1), start
    while (word := WORD.match(text, end + text[end : end + 1].isspace())) and (
        factor := scales(table).get(stem(word[0], table))
    ):
        scale *= factor
        dotted = text[word.end() : word.end() + 1] == "." and len(word[0]) < 5
        end = word.end() + dotted
    return scale, end


@cache
def scales(table: Table) -> dict[str, int]:
    """Return the factors of scale words by their stems, from babel: "Millionen", "Mio.", "लाख"."""
    from babel import Locale

    found: dict[str, int] = {}
    for locale in map(Locale.parse, table.locales):
        for patterns in locale.compact_decimal_formats.values():
            for name, one in _patterns(patterns):
                match = _SCALED.fullmatch(plain(one).replace("'", ""))
                if match and len(match[2]) > 1 and match[2] != "mM":  # “5 mm” is in millimetres.
                    factor = 10 ** (len(name) - len(match[1]))
                    found.setdefault(stem(match[2], table), factor)
    return found


_SCALED = re.compile(rf"(0+) ({WORD.pattern})[.॰]?")


def _patterns(patterns: object) -> list[tuple[str, str]]:
    """Return powers of ten, and babel's patterns for them in one width."""
    found = []
    for formats in dict(patterns).values():  # type: ignore[call-overload]
        found += [(str(name), each.pattern) for name, each in dict(formats).items()]
    return found
