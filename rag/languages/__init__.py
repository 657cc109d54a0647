"""What the program knows about languages. Start here: all other code calls these functions.

English is supported in full; for the languages in `packs`, facts can be checked. Facts of texts in
any other language cannot, so a source must contain such a text word for word. Functions that only
compare words treat all other languages as English.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache

from index.language import ENGLISH as ENGLISH_CODE
from index.language import language_of_question, language_of_text
from rag.languages.english import ENGLISH
from rag.languages.language import (
    Bound,
    Computed,
    FactLanguage,
    Facts,
    FrontMatterPatterns,
    Language,
    Mention,
    Own,
    Point,
    QuestionForm,
    Relation,
    SubQuestions,
    TableWords,
    Time,
    Times,
)
from rag.languages.packs import PACKS

__all__ = [
    "Bound",
    "Computed",
    "Facts",
    "Language",
    "Mention",
    "Point",
    "QuestionForm",
    "Relation",
    "SubQuestions",
    "Time",
    "Times",
]

LANGUAGES = (ENGLISH,)

HEAD = FrontMatterPatterns(*map("|".join, zip(*(each.head for each in LANGUAGES), strict=True)))
"""The wording of the heads of texts, in any of these languages."""

FUNCTION_WORDS = frozenset[str]().union(*(each.function_words for each in LANGUAGES))
"""The function words of all these languages, in lower case."""

TABLE_WORDS = TableWords(
    *(
        frozenset[str]().union(*some)
        for some in zip(*(each.table_words for each in LANGUAGES), strict=True)
    )
)
"""Words that show what a question asks of a table, in any of these languages, in lower case."""

NOT_CHECKABLE = "not checkable: the language is none that is known"

LEAST_WORDS = 3
"""Lowercase words from which the language of a text is checked; names and numbers show none."""

SHARE = 0.15
"""The share of function words among them from which a text is in a language. None of 910 pairs of
English sentences (SQuAD) has less; 6% of German and 1% of Spanish pairs (XQuAD) have a higher share
of English function words."""

LEAST_LETTERS = 12
"""Letters from which a text may be recognized as another language."""


@lru_cache(maxsize=512)
def language_of(*texts: str, least: int = LEAST_WORDS) -> Language | None:
    """Return the language of texts taken together, or None if it is not one of `LANGUAGES`.

    Texts with fewer than `least` lowercase words are taken to be in the first one of their script.
    """
    text = " ".join(texts)
    letters = sum(map(str.isalpha, text))
    for language in LANGUAGES:
        if 2 * len(re.findall(language.letters, text)) >= letters:
            words = [word for word in re.findall(r"[^\W\d_]+", text) if word.islower()]
            known = sum(word in language.function_words for word in words)
            if len(words) < least or known >= SHARE * len(words):
                return language
    return None


def missing_facts(sentence: str, sources: Sequence[str], question: str = "") -> list[str]:
    """Return the facts of a sentence that are neither in the sources nor in the question.

    A day must be there with its month, and a number with its scale. For a name, the word for its
    people is enough ("Chinese" for "China"). Words in another script must be there literally, and
    so must a whole sentence whose language is unknown or is not that of the sources. The result is
    for people to read.
    """
    held = [" ".join(text.split()) for text in (*sources, question)]
    language = _checked_in(sentence, sources)
    if language is None:
        return [] if any(_bare(sentence) in text for text in held) else [NOT_CHECKABLE]
    if language not in LANGUAGES:
        if any(_bare(sentence) in text for text in held):
            return []
        held = [text for text in held if _may_be_in(text, language)]
    foreign = [words for words in _foreign(sentence, language) if not _stand_in(words, held)]
    return sorted({*foreign, *language.missing_facts(sentence, held)})


def _checked_in(sentence: str, sources: Sequence[str]) -> FactLanguage | None:
    """Return the language in which the facts of a sentence are compared with those of sources.

    It is English if the texts together are in English, unless the sentence has more function words
    of another language. None if the sentence cannot be compared.
    """
    known = language_of(sentence, *sources)
    if known is not None and not _has_more_words_of_others(sentence, known):
        return known
    text = "\n".join((sentence, *sources))
    if not any(_looks_like(text, pack) for pack in PACKS.values()):
        return None
    pack = PACKS.get(language_of_text(text) or "")
    return pack if pack is None or _may_be_in(sentence, pack) else None


@lru_cache(maxsize=512)
def _has_more_words_of_others(sentence: str, known: Language) -> bool:
    """Whether a sentence has more function words of another language than of the known one."""
    words = re.findall(r"[^\W\d_]+", sentence.casefold())
    own = sum(word in known.function_words for word in words)
    others = (sum(map(each.function_words.__contains__, words)) for each in PACKS.values())
    return max(others) > own


def _looks_like(text: str, language: FactLanguage) -> bool:
    """Whether a text has a language's letters and, for the Latin script, its function words."""
    letters = len(re.findall(language.letters, text))
    if letters < LEAST_LETTERS or 2 * letters < sum(map(str.isalpha, text)):
        return False
    words = re.findall(r"[^\W\d_]+", text.casefold())
    known = sum(word in language.function_words for word in words)
    return language.letters != LANGUAGES[0].letters or known >= SHARE * len(words)


def _may_be_in(text: str, language: FactLanguage) -> bool:
    """Whether a text is in a language, or may be: a few words may not be enough to tell."""
    code = language_of_question(text)
    return code == language.code or (code == ENGLISH_CODE and language_of_text(text) is None)


def _bare(sentence: str) -> str:
    """Return a sentence on one line, without the punctuation at its ends."""
    return " ".join(sentence.split()).strip(".。!?！？“”\"'‘’«»„ ")


def _foreign(text: str, language: FactLanguage) -> list[str]:
    """Return the runs of words that have a letter outside of a language's script."""
    runs: list[str] = []
    end = -1
    for match in re.finditer(r"[^\W_]+", text):
        if any(sign.isalpha() and not re.match(language.letters, sign) for sign in match[0]):
            goes_on = end >= 0 and text[end : match.start()].isspace()
            runs.append(f"{runs.pop()} {match[0]}" if goes_on else match[0])
            end = match.end()
    return runs


def _stand_in(words: str, texts: Sequence[str]) -> bool:
    pattern = re.compile(rf"(?<!\w){re.escape(words)}(?!\w)")
    return any(pattern.search(text) for text in texts)


def missing_names(sentence: str, sources: Sequence[str]) -> list[str]:
    """Return the names of a sentence that none of the sources has in any form."""
    return _taken_as(sentence).missing_names(sentence, sources)


def sentence_spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the sentences of `text[start:end]` as spans of the text, without outer blanks."""
    return _taken_as(text).sentence_spans(text, start, end)


def content_words(text: str) -> set[str]:
    """Return the stems of the words that carry meaning, numbers included."""
    return _taken_as(text).content_words(text)


def facts(text: str) -> Facts:
    """Return the numbers, calendar days, months and proper names that a text asserts."""
    return _taken_as(text).facts(text)


def mentions(text: str) -> tuple[Mention, ...]:
    """Return the facts and the other content words of a text, in its order."""
    return _taken_as(text).mentions(text)


def in_full(text: str) -> str:
    """Return a text with its abbreviations written out, in the form that models know."""
    return _taken_as(text).in_full(text)


def worded_as(statement: str, text: str) -> str:
    """Return a statement with its numbers in the form in which a text has them.

    "340M" becomes "340 million" if the text has that, so that models see the same number.
    """
    return _taken_as(statement).worded_as(statement, text)


def times(text: str) -> Times:
    """Return the times that a text names, and the rest of its words."""
    return _taken_as(text).times(text)


def form(question: str) -> QuestionForm:
    """Return the form of answer that a question wants.

    It may want a yes or a no, unless it offers a choice. It may want several things: a list, what
    each said, or the answers to two questions in one.
    """
    return _taken_as(question).form(question)


def joined_questions(question: str) -> tuple[str, ...]:
    """Return the questions that “and” joins in one, each whole; the same if it is a single one."""
    return _taken_as(question).joined_questions(question)


def stated(claim: str) -> str:
    """Return what a claim states, without the words that make it a question."""
    return _taken_as(claim).stated(claim)


def asked_of(question: str, words: str) -> str | None:
    """Return a question asked with other question words: “why?” for “When did it close?”.

    None if the words are not question words.
    """
    return _taken_as(question).asked_of(question, words)


def place_in_order(text: str, count: int) -> tuple[int, str] | None:
    """Return the number of the thing (of `count`) that a text names by position, and the word.

    It is the first number from 1 to `count`, or else the first number at all; None if there is
    none.
    """
    return _taken_as(text).place_in_order(text, count)


def asked_of_two(text: str, matter: str, own: Own) -> SubQuestions | None:
    """Return what a question asks about each of two things; None if these are not clear.

    `matter` is the router's, and `own` removes the wording of requests from a text.
    """
    return _taken_as(text).asked_of_two(text, matter, own)


def amount_in(text: str) -> tuple[Decimal, str] | None:
    """Parse a text that is a single amount: “$3m”, “12 per cent”, “20 km”; else return None."""
    return _taken_as(text).amount(text)


def bounds(text: str) -> tuple[Bound, ...]:
    """Return the bounds on amounts in a text, such as “at least 5”, with their places."""
    return _taken_as(text).bounds(text)


def degree(word: str) -> bool | None:
    """Whether a comparative or superlative means more (“older”) or less (“weakest”).

    None for other words, and for unknown adjectives.
    """
    return next((found for each in LANGUAGES if (found := each.degree(word)) is not None), None)


def superlative(word: str) -> bool | None:
    """Whether a superlative means the most (“oldest”) or the least (“weakest”).

    None for other words, and for unknown adjectives.
    """
    found = (each.superlative(word) for each in LANGUAGES)
    return next((each for each in found if each is not None), None)


def _taken_as(text: str) -> Language:
    return language_of(text) or LANGUAGES[0]
