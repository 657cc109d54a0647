"""Chinese and Japanese numbers: “十四”, “1.2万”, “1亿2000万”, “二〇二一”.

The values of the characters come from Unicode. The package `cn2an` is not used, since it installs
folders named `build` and `example` next to itself, and refuses “千二百”.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from rag.languages.language import normal_form
from rag.languages.packs.tables import Table

_SIGNS = "〇零一二两兩三四五六七八九十百千万萬亿億兆廿卅壹贰貳叁參肆伍陆陸柒捌玖拾佰仟"
_DIGITS = _SIGNS[: _SIGNS.index("十")]
_FIGURE = r"\d+(?:,\d{3})*(?:\.\d+)?"
_POINT = f"(?<=[{_SIGNS}])点(?=[{_DIGITS}])"
_RUN = re.compile(rf"(?:{_FIGURE}|[{_SIGNS}]|{_POINT})+")
_ITSELF = re.compile(r"\d{1,2}:\d\d(?!\d)|\d+/\d+|[A-Za-z]+-?\d[A-Za-z\d-]*|\d+[A-Z][A-Za-z\d]*")
"""A time of day, a ratio or a name with figures, which is its own normal form."""

LARGE = 10**4
"""The smallest unit that multiplies a whole number before it, and not only a digit."""

_VALUES = {"两": 2, "参": 3, "參": 3}

_PERCENT = re.compile(rf"百分之({_RUN.pattern})")


def with_percent(text: str) -> str:
    """Replace percentages in words by “%”: “百分之三十八” becomes “三十八%”."""
    return _PERCENT.sub(r"\1%", text)


def numerals(text: str, _: Table) -> list[tuple[int, int, str]]:
    """Return the places of numbers, and their normal forms.

    A lone “一” does not count: it is a part of many words.
    """
    found = [(*each.span(), each[0].casefold()) for each in _ITSELF.finditer(text)]
    for match in _RUN.finditer(text):
        if match[0] != "一" and not any(start <= match.start() < end for start, end, _ in found):
            number = value(match[0])
            found.append((*match.span(), match[0] if number is None else normal_form(number)))
    return found


def value(run: str) -> Decimal | None:
    """Return the value of a run of figures and Chinese numerals; None if that is not clear.

    “两千三” is not clear: it usually means 2300.
    """
    run, point, fraction = run.partition("点")
    if point:
        whole, digits = value(run), [str(int(_part(each))) for each in fraction if each in _DIGITS]
        plain = whole is not None and len(digits) == len(fraction)
        return Decimal(f"{whole}.{''.join(digits)}") if plain else None
    parts = re.findall(rf"{_FIGURE}|[{_SIGNS}]", run)
    if not parts or "".join(parts) != run:
        return None
    numbers = [_part(each) for each in parts]
    if len(parts) > 1 and all(part in _DIGITS for part in parts):
        # “三四艘” means three or four.
        is_row = len(parts) > 2 or not numbers[1]
        return Decimal("".join(str(int(each)) for each in numbers)) if is_row else None
    return _sum(parts, numbers)


def _part(part: str) -> Decimal:
    if part[0].isdecimal():
        return Decimal(part.replace(",", ""))
    return Decimal(_VALUES.get(part) or int(unicodedata.numeric(part)))


def _sum(parts: list[str], numbers: list[Decimal]) -> Decimal | None:
    total = section = greatest = Decimal(0)
    digit: Decimal | None = None
    for part, number in zip(parts, numbers, strict=True):
        if not _is_unit(part):
            if number and digit:
                return None
            digit = number
        elif number < LARGE:
            section, digit = section + (number if digit is None else digit * number), None
        else:
            section += digit or 0
            more = (section or 1) * number
            total = (total + section) * number if number > greatest > 0 else total + more
            section, digit, greatest = Decimal(0), None, max(greatest, number)
    short = digit and digit < 10 and len(parts) > 1 and numbers[-2] >= 100 and _is_unit(parts[-2])
    return None if short else total + section + (digit or 0)


def _is_unit(part: str) -> bool:
    return not part[0].isdecimal() and _part(part) >= 10
