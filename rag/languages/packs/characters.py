"""Chinese and Japanese, which have no blanks: a source must contain the runs of characters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from rag.languages.packs.dates import MARK as DATE
from rag.languages.packs.reading import MARK as NUMBER
from rag.languages.packs.tables import Table

_HAN = "一-鿿㐀-䶿々"
_KATAKANA = "ァ-ヺー"
_HIRAGANA = "ぁ-ゟ"
_DOTS = "·・•‧"


def missing_characters(text: str, sources: Sequence[str], table: Table) -> list[str]:
    """Return the runs of a text that the sources do not contain, apart from grammar."""
    return list(dict.fromkeys(_missing(text, [_bare(each) for each in sources], table)))


def _missing(text: str, sources: list[str], table: Table) -> Iterator[str]:
    text = _bare(text)
    for match in _runs(table).finditer(text):
        run = match[0]
        after = text[match.end() : match.end() + 1]
        if not run.strip(NUMBER + DATE):
            held = True
        elif match.lastgroup == "grammar":
            free = 2 if match.start() and re.match(f"[{_HAN}]", text[match.start() - 1]) else 0
            held = _is_grammar(run, free, sources, table.function_words)
        elif len(run) == 1:
            around = text[max(match.start() - 1, 0) : match.end() + 1]
            pairs = {around[at : at + 2] for at in range(len(around) - 1)} or {run}
            held = any(pair in source for pair in pairs for source in sources)
        else:
            held = _is_made_of(run, sources) or _is_made_with(run, after, sources, table)
        if not held:
            yield run.strip(NUMBER + DATE)


def _bare(text: str) -> str:
    """Return a text without blanks, and with a single character for all dots in names."""
    return re.sub(f"[{_DOTS}]", "·", text.replace(" ", ""))


@cache
def _runs(table: Table) -> re.Pattern[str]:
    marks = NUMBER + DATE
    if table.code == "ja":
        return re.compile(
            f"(?P<name>[{_KATAKANA}]+(?:[·=][{_KATAKANA}]+)*)|(?P<content>[{_HAN}{marks}]+)"
            f"|(?P<grammar>[{_HIRAGANA}]+)"
        )
    grammar = "".join(table.function_words)
    return re.compile(f"(?P<content>(?:(?![{grammar}])[{_HAN}·{marks}]|(?<=·)[{_HAN}])+)")


def _is_made_of(run: str, sources: list[str]) -> bool:
    """Whether a run consists of pieces of the sources, each of at least two characters.

    A mark for a number or a date may be a piece by itself. No piece ends next to the dot of a name,
    and a run of Katakana is a single piece.
    """
    if re.match(f"[{_KATAKANA}]", run):
        word = re.compile(rf"(?<![{_KATAKANA}·]){re.escape(run)}(?![{_KATAKANA}·])")
        return any(map(word.search, sources))
    reached = {0}
    for end in range(1, len(run) + 1):
        for start in sorted(reached):
            piece = run[start:end]
            alone = piece in (NUMBER, DATE)
            cut = end < len(run) and "·" in run[end - 1 : end + 1]
            if alone or (not cut and len(piece) > 1 and any(piece in each for each in sources)):
                reached.add(end)
                break
    return len(run) in reached


def _is_made_with(run: str, after: str, sources: list[str], table: Table) -> bool:
    """Whether a run without its last character consists of pieces of the sources.

    Its end must also end a run there. The last character is a word by itself, “留” in
    “中国舰队留在港口”: the sources must have it before the same grammar.
    """
    if after not in table.function_words or not any(run[-1] + after in each for each in sources):
        return False
    grammar = "".join(table.function_words)
    ends = re.compile(rf"{re.escape(run[-3:-1])}(?![{_HAN}](?<![{grammar}]))")
    return any(map(ends.search, sources)) and _is_made_of(run[:-1], sources)


def _is_grammar(run: str, free: int, sources: list[str], words: frozenset[str]) -> bool:
    """Whether a run of Hiragana consists of grammar and of pieces of the sources.

    Up to `free` characters at its beginning may be the ending of a verb.
    """
    reached = set(range(free + 1))
    for end in range(1, len(run) + 1):
        for start in sorted(reached):
            piece = run[start:end]
            in_source = len(piece) > 1 and any(piece in each for each in sources)
            if start < end and (piece in words or in_source):
                reached.add(end)
                break
    return len(run) in reached or len(run) <= free
