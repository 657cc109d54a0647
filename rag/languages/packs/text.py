"""Text normalization: one form for each character, the words of a text, and their stems."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from rag.languages.packs.tables import Table

MARKS = "\u0300-\u036f\u0900-\u0903\u093a-\u094f\u0951-\u0963"
"""Accents and the vowel signs of Hindi, which are not letters."""

WORD = re.compile(rf"[^\W\d_][^\W\d_{MARKS}]*(?:[{MARKS}]+[^\W\d_{MARKS}]*)*")

_UNSEEN = re.compile("[\u00ad\u0640\u064b-\u065f\u0670\u200b-\u200f\u2060\ufeff]")
"""Characters inside words that are not letters, such as the vowel signs of Arabic."""

_SAME = {
    **dict.fromkeys("أإآٱ", "ا"),
    "ى": "ي",
    "ة": "ه",
    "ё": "е",
    "Ё": "Е",
    "٫": ".",
    "٬": ",",
    "’": "'",
    "\u2011": "-",
    "\u093c": "",
    "\u0901": "\u0902",
    "।": ".",
    "॥": ".",
    "٪": "%",
}
_NASAL = re.compile("[ङञणनम]\u094d(?=[क-म])")
"""A nasal before another consonant, which can also be written as a dot: “सितम्बर”, “सितंबर”."""


def plain(text: str) -> str:
    """Return a text with one character for those that can be written in several ways.

    Digits of all scripts become ASCII digits, and any run of blanks becomes one blank. Hamza, nukta
    and optional vowels are removed.
    """
    text = _UNSEEN.sub("", unicodedata.normalize("NFKC", text))
    text = "".join(_SAME.get(each, each) for each in map(_digit, text))
    return " ".join(_NASAL.sub("\u0902", text).split())


def bare(word: str) -> str:
    """Return a word in lower case without accents."""
    return re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFD", word.casefold()))


def _digit(sign: str) -> str:
    return str(unicodedata.decimal(sign)) if sign.isdecimal() else sign


@lru_cache(maxsize=2**14)
def stem(word: str, table: Table) -> str:
    """Return the stem of a word, in lower case."""
    lower = word.casefold()
    if table.code == "ru":
        return re.sub(rf"(?<=..)(?:{'|'.join(_RUSSIAN_ENDINGS)})$", "", lower, count=1)
    if table.code == "ar":
        return _ARABIC_END.sub("", _ARABIC_START.sub("", lower))
    return _snowball(lower, table.stemmer) if table.stemmer else lower


@lru_cache(maxsize=2**14)
def forms(word: str, table: Table) -> frozenset[str]:
    """Return the possible stems of a word; two words count as the same if they share one.

    In Russian, “Сергея” is a form of “Сергей”, and “Кореи” of “Корея”.
    """
    lower = word.casefold()
    if table.code != "ru":
        # German adds an s to names in the genitive: “Chinas”.
        name = {lower[:-1]} if table.code == "de" and lower[-1:] == "s" else set()
        return frozenset({lower, stem(word, table), bare(stem(word, table)), *name})
    ended = (each for each in _RUSSIAN_ENDINGS if lower.endswith(each))
    return frozenset(
        {lower, *(lower[: -len(each)] for each in ended if len(lower) > len(each) + 2)}
    )


_RUSSIAN_ENDINGS = sorted(
    "иями ями ами иях иям ием ией ях ах ям ам ого его ому ему ыми ими ый ий ой ей ою ею ом ем "
    "ым им ую юю ая яя ое ее ые ие ых их ии ию ия ью ы и а я о е у ю й ь".split(),
    key=len,
    reverse=True,
)
"""Endings of nouns and adjectives. Snowball would take “Иванов” for a form of “Иван”."""

_ARABIC_START = re.compile(r"^(?:[وف]?(?:[بك]?ال|لل)|[وف])(?=\w{3})")
_ARABIC_END = re.compile(r"(?<=\w{3})(?:تين|تان|ات|ون|ين|ان|ها|هم|يه|ه)$")
"""The article with prefixes that are written together with it, and the commonest endings. Snowball
would take the first letter of “بولندا” (Poland) for a preposition."""


def _snowball(word: str, name: str) -> str:
    from Stemmer import Stemmer

    # A Stemmer is not thread-safe, so it is not shared.
    return str(Stemmer(name).stemWord(word))
