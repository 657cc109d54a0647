"""Find numbers in words: with the library text2num if it knows the language, or else by tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from rag.languages.language import normal_form
from rag.languages.packs.figures import scales
from rag.languages.packs.tables import Table
from rag.languages.packs.text import WORD, plain, stem

Place = tuple[int, int, str]
"""The place of a number, and its normal form, which is empty if it may be an article."""


@dataclass(frozen=True, slots=True)
class _Token:
    """A word in the form that the library needs; `apart`: something separates it from the last."""

    start: int
    end: int
    word: str
    apart: bool

    def text(self) -> str:
        return self.word

    def nt_separated(self, _: _Token) -> bool:
        return self.apart

    def not_a_number_part(self) -> bool:
        return False


_HYPHENED = re.compile(rf"{WORD.pattern}(?:-{WORD.pattern})*")


def spelled(text: str, table: Table) -> list[Place]:
    """Return the places of numbers in words, and their normal forms."""
    tokens: list[_Token] = []
    for match in _HYPHENED.finditer(text):
        between = text[tokens[-1].end : match.start()] if tokens else ""
        tokens.append(_Token(*match.span(), match[0].casefold(), bool(between.strip())))
    return list((_by_library if table.spelled == "library" else _by_table)(tokens, table))


def _by_library(tokens: list[_Token], table: Table) -> Iterator[Place]:
    from text_to_num import find_numbers

    for found in find_numbers(tokens, table.code, 0.0):
        number = Decimal(str(found.value))
        run = tokens[found.start : found.end]
        before = tokens[found.start - 1].word if found.start else ""
        is_article = table.articles and number == 1 and not found.is_ordinal
        vague = len(run) == 1 and number >= 10**6 and before[:2] not in _ONE
        form = "" if is_article else run[0].word if vague else normal_form(number)
        yield run[0].start, run[-1].end, form


_ONE = frozenset("ei un um".split())
"""The beginnings of words for one. “Millionen” without such a word is not a million."""


def _by_table(tokens: list[_Token], table: Table) -> Iterator[Place]:
    run: list[_Token] = []
    values: list[int] = []
    for token in tokens:
        number = _value(token, table, bool(run))
        if run and (number is None or token.apart or not _goes_on(values, number, token, table)):
            yield from _place(run, values, table)
            run, values = [], []
            number = _value(token, table, False)
        if number is not None:
            run.append(token)
            values.append(number)
    yield from _place(run, values, table)


_ANYBODY = re.compile("[وفبلك]?(?:ال)?احدي?")
"""“One of”, and also Sunday: this word is a number only in “eleven”."""


def _place(run: list[_Token], values: list[int], table: Table) -> Iterator[Place]:
    if len(run) == 1 and stem(run[0].word, table) in scales(table):
        yield run[0].start, run[0].end, run[0].word  # “тысячи” alone is not a thousand.
    elif run and not (len(run) == 1 and _ANYBODY.fullmatch(run[0].word)):
        yield run[0].start, run[-1].end, normal_form(_sum(values))


def _sum(values: list[int]) -> Decimal:
    """Add up the parts of a number; 100 and larger scales may multiply the part before them."""
    total = part = 0
    for value in values:
        if value >= 1000 and not value % 1000:
            total, part = total + (part or 1) * value, 0
        elif value == 100 and 0 < part < 100:
            part *= 100
        else:
            part += value
    return Decimal(total + part)


def _goes_on(values: list[int], number: int, token: _Token, table: Table) -> bool:
    """Whether a number word continues the number before it."""
    part: list[int] = []
    for value in values:
        part = [] if value >= 1000 and not value % 1000 else [*part, value]
    last = values[-1]
    if number >= 1000 and not number % 1000:
        smaller = [value for value in values if value >= 1000 and not value % 1000]
        return bool(part) and all(number < value for value in smaller)
    if number == 100 and table.code == "hi":
        return len(part) < 2 and sum(part) < 100
    if table.code == "ar" and 10 <= number < 100:
        after_unit = 0 < last < 10 and (number == 10) != token.word.startswith("و")
        return after_unit or (not last % 100 and (number == 10 or token.word.startswith("و")))
    places = 10 ** len(str(number))
    return not last % places or (number < 20 and not last % 100)


def _value(token: _Token, table: Table, within: bool) -> int | None:
    """Return the value of a number word, to which Arabic may attach function words."""
    words = _number_words(table)
    if table.code == "ar":
        start = "و?" if within else "[وف]?[بلك]?(?:ال)?"
        bare = re.sub(rf"^{start}(?=\w\w)", "", token.word)
        return words.get(token.word, words.get(bare, words.get(re.sub("^و", "", token.word))))
    known = words if table.code == "ru" else scales(table)
    return words.get(token.word, known.get(stem(token.word, table)))


@cache
def _number_words(table: Table) -> dict[str, int]:
    """Return the number words of a language, or their stems, and its scales."""
    rows = {"ru": _RUSSIAN, "hi": _HINDI, "ar": _ARABIC}[table.code]
    words = {
        stem(plain(word), table) if table.code == "ru" else plain(word): int(value)
        for value, *forms in (row.split() for row in rows.strip().splitlines())
        for word in forms
    }
    return words if table.code == "ar" else scales(table) | words


_RUSSIAN = """
1 один одна одно первый одни
2 два две двух двум двумя второй двое двоих
3 три трех трем тремя третий третья третье третьего третьей трое троих
4 четыре четырех четырем четырьмя четвертый четверо четверых
5 пять пятый пятеро
6 шесть шестой шестеро
7 семь седьмой семеро
8 восемь восьми восьмой
9 девять девятый
10 десять десятый
11 одиннадцать одиннадцатый
12 двенадцать двенадцатый
13 тринадцать тринадцатый
14 четырнадцать четырнадцатый
15 пятнадцать пятнадцатый
16 шестнадцать шестнадцатый
17 семнадцать семнадцатый
18 восемнадцать восемнадцатый
19 девятнадцать девятнадцатый
20 двадцать двадцатый
30 тридцать тридцатый
40 сорок сорока сороковой
50 пятьдесят пятидесяти пятьюдесятью пятидесятый
60 шестьдесят шестидесяти шестьюдесятью шестидесятый
70 семьдесят семидесяти семьюдесятью семидесятый
80 восемьдесят восьмидесяти восемьюдесятью восьмидесятый
90 девяносто девяноста девяностый
100 сто ста сотый
200 двести двухсот двумстам двумястами двухстах
300 триста трехсот тремстам тремястами трехстах
400 четыреста четырехсот четыремстам четырьмястами четырехстах
500 пятьсот пятисот пятистам пятьюстами пятистах
600 шестьсот шестисот шестистам шестьюстами шестистах
700 семьсот семисот семистам семьюстами семистах
800 восемьсот восьмисот восьмистам восемьюстами восьмистах
900 девятьсот девятисот девятистам девятьюстами девятистах
"""

_HINDI = """
0 शून्य
1 एक पहला पहली
2 दो दूसरा दूसरी दूसरे दोनों
3 तीन तीसरा तीसरी तीसरे तीनों
4 चार चौथा चौथी चौथे चारों
5 पांच पांचवां पांचवीं पांचवें
6 छह छः छे छठा छठी छठे
7 सात
8 आठ
9 नौ
10 दस
11 ग्यारह
12 बारह
13 तेरह
14 चौदह
15 पंद्रह पन्द्रह
16 सोलह
17 सत्रह
18 अठारह अट्ठारह
19 उन्नीस
20 बीस
21 इक्कीस
22 बाईस बाइस
23 तेईस तेइस
24 चौबीस
25 पच्चीस
26 छब्बीस
27 सत्ताईस सत्ताइस
28 अट्ठाईस अठाईस अट्ठाइस
29 उनतीस उन्तीस
30 तीस
31 इकतीस इकत्तीस
32 बत्तीस
33 तैंतीस
34 चौंतीस
35 पैंतीस
36 छत्तीस
37 सैंतीस
38 अड़तीस
39 उनतालीस
40 चालीस
41 इकतालीस
42 बयालीस
43 तैंतालीस
44 चौवालीस चवालीस
45 पैंतालीस
46 छियालीस
47 सैंतालीस
48 अड़तालीस
49 उनचास
50 पचास
51 इक्यावन
52 बावन
53 तिरपन तिरेपन
54 चौवन
55 पचपन
56 छप्पन
57 सत्तावन
58 अट्ठावन अठावन
59 उनसठ
60 साठ
61 इकसठ
62 बासठ
63 तिरसठ तिरेसठ
64 चौंसठ
65 पैंसठ
66 छियासठ
67 सड़सठ
68 अड़सठ
69 उनहत्तर
70 सत्तर
71 इकहत्तर
72 बहत्तर
73 तिहत्तर
74 चौहत्तर
75 पचहत्तर
76 छिहत्तर
77 सतहत्तर
78 अठहत्तर
79 उनासी उन्यासी
80 अस्सी
81 इक्यासी
82 बयासी
83 तिरासी
84 चौरासी
85 पचासी
86 छियासी
87 सत्तासी सतासी
88 अट्ठासी अठासी
89 नवासी
90 नब्बे
91 इक्यानवे इक्यानबे
92 बानवे बानबे
93 तिरानवे तिरानबे
94 चौरानवे चौरानबे
95 पंचानवे पंचानबे
96 छियानवे छियानबे
97 सत्तानवे सत्तानबे
98 अट्ठानवे अट्ठानबे
99 निन्यानवे निन्यानबे
100 सौ
"""

_ARABIC = """
1 واحد واحدة أحد إحدى
2 اثنان اثنين اثنتان اثنتين اثنا اثني اثنتا اثنتي
3 ثلاث ثلاثة
4 أربع أربعة
5 خمس خمسة
6 ست ستة
7 سبع سبعة
8 ثمان ثماني ثمانية
9 تسع تسعة
10 عشر عشرة
20 عشرون عشرين
30 ثلاثون ثلاثين
40 أربعون أربعين
50 خمسون خمسين
60 ستون ستين
70 سبعون سبعين
80 ثمانون ثمانين
90 تسعون تسعين
100 مائة مئة
200 مائتان مائتين مئتان مئتين مائتا مائتي مئتا مئتي
300 ثلاثمائة ثلاثمئة
400 أربعمائة أربعمئة
500 خمسمائة خمسمئة
600 ستمائة ستمئة
700 سبعمائة سبعمئة
800 ثمانمائة ثمانيمائة ثمانمئة
900 تسعمائة تسعمئة
1000 ألف آلاف ألفا
2000 ألفان ألفين
1000000 مليون ملايين مليونا
2000000 مليونان مليونين
1000000000 مليار مليارات مليارا
2000000000 ملياران مليارين
"""
