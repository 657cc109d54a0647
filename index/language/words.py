"""The terms of the keyword search, for passages in any language.

A word's term is its stem, by Snowball's rules for its language. If a script sets no blanks between
words, each character and each pair of adjacent characters is a term: on XQuAD's Chinese that finds
as much as a dictionary does (eval/lab/RECORDS.md).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import pairwise

from index.english import ENGLISH, FUNCTION_WORDS
from index.language import language_of_question

WORDS_VERSION = "1"
"""Raise it with every change to how terms are made, including one in a newer Snowball: a library
stores the terms of its passages, and those of questions must be made in the same way to match."""

_STEMMED = dict(
    pair.split("=")
    for pair in """
    ar=arabic ca=catalan cs=czech da=danish de=german el=greek en=porter eo=esperanto es=spanish
    et=estonian eu=basque fa=persian fi=finnish fr=french ga=irish hi=hindi hu=hungarian
    hy=armenian id=indonesian it=italian lt=lithuanian nb=norwegian ne=nepali nl=dutch nn=norwegian
    no=norwegian pl=polish pt=portuguese ro=romanian ru=russian sr=serbian sv=swedish ta=tamil
    tr=turkish yi=yiddish
    """.split()
)
"""Snowball's names for its languages, by code."""

_OF_SCRIPT = {
    "ARABIC": ("ar", "fa", "ur"),
    "ARMENIAN": ("hy",),
    "CYRILLIC": ("ru", "be", "bg", "kk", "mk", "mn", "sr", "uk"),
    "DEVANAGARI": ("hi", "mr", "ne"),
    "GREEK": ("el",),
    "HEBREW": ("he", "yi"),
    "TAMIL": ("ta",),
}
"""Language codes by Unicode's names of their scripts. A word in a script that its text's language
does not use is taken to be in the first language listed for that script."""

_NOT_LATIN = {code for codes in _OF_SCRIPT.values() for code in codes} - {"sr"}

_OF_FOUR = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
"""Thai, Lao, Burmese and Khmer, whose words have about four letters."""

_OF_TWO = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Chinese and Japanese, whose words have about two characters."""

_WITHOUT_BLANKS = (
    f"{_OF_FOUR}{_OF_TWO}"
    "\uac00-\ud7af"  # Korean has blanks, but attaches endings to words without one.
)
_UNSEEN = re.compile("[\u00ad\u0640\u200c-\u200f\u2060\ufeff]")
"""Characters within words that are not letters: soft hyphens, joiners, tatweel."""

_HA = re.compile(r"(?<=\w{3})ه$")
"""The ه at the end of an Arabic word: it is often typed for ة, as ى and ي are for each other."""

_DIGIT = re.compile(r"[^\D0-9]")


def words_of(text: str, language: str) -> list[str]:
    """Return the terms of a text in a language, in text order."""
    return [form for word in _cut(text) for form in _forms(word, language)]


def pieces(text: str) -> list[str]:
    """Split a text into pieces about as long as words, at blanks.

    If a script sets no blanks, a piece is about as many characters as its words have, with the
    punctuation around it. Combining marks are left out.
    """
    return text.split() if text.isascii() else _PIECE.findall(_marks().sub("", text))


_PIECE = re.compile(
    rf"[^\w\s]*(?:[{_OF_TWO}]{{1,2}}|[{_OF_FOUR}]{{1,4}})[^\w\s]*|[^\s{_OF_TWO}{_OF_FOUR}]+"
)


@cache
def any_word() -> re.Pattern[str]:
    """Return a pattern for an unstemmed word of any script, or one punctuation mark.

    If a script sets no blanks between words, each character is a word. Combining marks belong to
    the character before them.
    """
    letter = f"\\w(?:{_marks().pattern})?"
    alone, word = (f"(?{sign}[{_WITHOUT_BLANKS}]){letter}" for sign in "=!")
    joined = f"(?:{word})+"
    return re.compile(rf"{alone}|{joined}(?:[-.'’]{joined})*|[^\w\s]")


def has_blanks(text: str) -> bool:
    """Whether a text is in a script that sets blanks between words."""
    without = len(re.findall(f"[{_OF_TWO}{_OF_FOUR}]", text))
    return text.isascii() or 2 * without < len(re.findall(r"\w", text))


def words_asked(question: str, languages: Iterable[str]) -> list[str]:
    """Return the distinct terms to search for in texts of the given languages.

    They are made by the rules of each of these languages, so that names are found in texts in
    another language than the question's, and by those of the question's own language.
    """
    words = list(_cut(question))
    words = [word for word in words if word not in FUNCTION_WORDS] or words
    asked = dict.fromkeys((*languages, language_of_question(question)))
    return list(
        dict.fromkeys(form for code in asked for word in words for form in _forms(word, code))
    )


def runs_of(words: str, languages: Iterable[str]) -> list[str]:
    """Return the phrase that words form in each of the languages, as terms joined by blanks."""
    return list(dict.fromkeys(" ".join(words_of(words, code)) for code in languages))


def _cut(text: str) -> Iterator[str]:
    """Yield the words between blanks and punctuation, case-folded and with digits as 0 to 9."""
    text = _UNSEEN.sub("", unicodedata.normalize("NFKC", text)).casefold()
    text = _DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), text)
    return (found[0] for found in _patterns()[0].finditer(text))


@cache
def _marks() -> re.Pattern[str]:
    """Return a pattern for combining marks: vowels, tones and accents as separate characters."""
    marks = "".join(
        character
        for character in map(chr, range(0x10000))
        if unicodedata.category(character).startswith("M")
    )
    return re.compile(f"[{marks}]+")


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return patterns for a word or a run without blanks, and for a character of such a run.

    Combining marks belong to the character before them.
    """
    letter = f"[^\\W_](?:{_marks().pattern})?"
    run, word = (f"(?:(?{sign}[{_WITHOUT_BLANKS}]){letter})+" for sign in "=!")
    return re.compile(f"{run}|{word}"), re.compile(letter)


@lru_cache(maxsize=2**15)
def _forms(word: str, language: str) -> Sequence[str]:
    """Return the terms of a word from `_cut`: its stem, or its characters and their pairs."""
    if re.match(f"[{_WITHOUT_BLANKS}]", word):
        return _characters(word)
    return (_stem(word, _language_of(word, language)),)


def _characters(run: str) -> Sequence[str]:
    """Return each character, followed by the pair that it begins.

    So the terms of a part of a run are a contiguous part of the terms of the whole run.
    """
    single = _patterns()[1].findall(run)
    made = [form for first, second in pairwise(single) for form in (first, first + second)]
    return (*made, single[-1])


def _language_of(word: str, language: str) -> str:
    """Return the language to stem a word in: its text's, if that is written in its script."""
    if codes := _OF_SCRIPT.get(unicodedata.name(word[0], "").partition(" ")[0]):
        return language if language in codes else codes[0]
    return ENGLISH if language in _NOT_LATIN else language


def _stem(word: str, language: str) -> str:
    """Return a word without its ending and accents; in English as FTS5 does, by Porter's rules.

    Snowball itself unifies the other variants of Arabic: hamzas, vowels, the ending ة.
    """
    from Stemmer import Stemmer

    if language == ENGLISH:
        word = unaccented(word)
        if len(word) < 3:
            return word
    algorithm = _STEMMED.get(language)
    if language == "ar":
        word = word.replace("ى", "ي")
    # Made for each call: two threads must not share a Stemmer.
    stem = Stemmer(algorithm).stemWord(word) if algorithm else word
    if language == "ar":
        stem = _HA.sub("", stem)
    return unaccented(stem) or word


def unaccented(text: str) -> str:
    """Return a text without its accents."""
    apart = re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", text))
    return unicodedata.normalize("NFC", apart)
