"""Detect the language of a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from index.documents import Document
from index.english import ENGLISH as ENGLISH
from index.english import FUNCTION_WORDS

TOLD_APART = (
    "ar bg cs da de el en es fa fi fr he hi hr hu id it ja ko nl no pl pt ro ru sk sr sv th tr uk "
    "vi zh".split()
)
"""The codes of the languages that are told apart. With more of them, short texts are misidentified
too often."""

SURE = 0.6
"""The probability from which the detected language of a question is believed."""

SURE_OF_TEXT = 0.9
"""The same, for a text."""

PLAIN = 0.34
"""The share of English function words from which a text is English, without asking the model. Of
612 questions of XQuAD, 89% reach it in English, and none in German, Spanish, Russian or Chinese."""

FOREIGN = 0.1
"""The share of English function words below which a paragraph may be in another language. Of the
2,247 long sentences in half of SQuAD, three are below it; in XQuAD, 92% are in German, 97% in
Spanish, and 98% or more in Russian, Chinese, Arabic and Hindi."""

LEAST = 100
LEAST_OF_A_SCRIPT = 30
"""The fewest characters of a paragraph whose language is detected; fewer suffice if its script is
not the text's."""

SAMPLE = 4000
"""How many characters at the beginning of a text its language is detected from."""


def language_of_text(text: str) -> str | None:
    """Return the code of a text's language, such as “de”; None if the model is not sure."""
    code, probability = _classify(text[:SAMPLE])
    return code if probability >= SURE_OF_TEXT else None


def in_its_language(document: Document) -> Document:
    """Return a document with its language recorded, if that is surely not English."""
    code = document.properties.written_in or language_of_text(document.text)
    if code in (None, ENGLISH):
        return document
    return replace(document, properties=replace(document.properties, written_in=code))


def may_be_foreign(document: Document, places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the paragraphs that may be in a language other than their document's.

    In an English document, paragraphs with English function words are excluded without asking the
    model.
    """
    latin = _is_of_latin_letters(document.text[:SAMPLE])
    english = document.language == ENGLISH
    found = []
    for start, end in places:
        piece = document.text[start:end]
        least = LEAST if _is_of_latin_letters(piece) == latin else LEAST_OF_A_SCRIPT
        if len(piece) >= least and not (english and _share(_words(piece)) >= FOREIGN):
            found.append((start, end))
    return found


_LETTER = re.compile(r"[^\W\d_]")
_OTHER_LETTER = re.compile(r"[^\W\d_\u0000-\u024f\u1e00-\u1eff]")


def _is_of_latin_letters(text: str) -> bool:
    return text.isascii() or 2 * len(_OTHER_LETTER.findall(text)) <= len(_LETTER.findall(text))


def is_plainly_english(text: str) -> bool:
    """Whether a text has so many English function words that no model need be asked."""
    return _share(_words(text)) >= PLAIN


def language_of_question(text: str) -> str:
    """Return the code of a question's language; English if the model is not sure."""
    return language_told_by(text) or ENGLISH


def language_told_by(text: str) -> str | None:
    """Return the code of a question's language; None if the model is not sure."""
    code, probability = _classify(text[:SAMPLE])
    return code if probability >= SURE else None


@lru_cache(maxsize=256)
def _classify(text: str) -> tuple[str, float]:
    words = _words(text)
    if _share(words) >= PLAIN or not words:
        return ENGLISH, float(bool(words))
    code, probability = _identifier().classify(text)
    return str(code), float(probability)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.casefold())


def _share(words: Sequence[str]) -> float:
    """Return the share of English function words among the words."""
    return sum(word in FUNCTION_WORDS for word in words) / max(1, len(words))


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(TOLD_APART)
    return identifier
