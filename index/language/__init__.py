"""Which language a text is in, as far as its letters tell."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import Any

from index.documents import Document
from index.english import ENGLISH as ENGLISH
from index.english import FUNCTION_WORDS

LANGUAGES = dict(
    pair.split("=")
    for pair in """
    ar=Arabic bg=Bulgarian cs=Czech da=Danish de=German el=Greek en=English es=Spanish fa=Persian
    fi=Finnish fr=French he=Hebrew hi=Hindi hr=Croatian hu=Hungarian id=Indonesian it=Italian
    ja=Japanese ko=Korean nl=Dutch no=Norwegian pl=Polish pt=Portuguese ro=Romanian ru=Russian
    sk=Slovak sr=Serbian sv=Swedish th=Thai tr=Turkish uk=Ukrainian vi=Vietnamese zh=Chinese
    """.split()
)
"""The languages that are told apart, by their codes. With more of them short texts are too often
taken for one that they are not in."""

SURE = 0.6
"""The probability from which a question is taken to be in another language than English."""

SURE_OF_TEXT = 0.9
PLAIN = 0.34
"""The share of English function words from which a text is English, without asking the model. Of
612 questions of XQuAD none in German, Spanish, Russian or Chinese has as many, of the English ones
89%."""

SAMPLE = 4000
"""Characters at the beginning of a text that tell its language, and how surely they must."""


def language_of_text(text: str) -> str | None:
    """Return the code of the language that a text is in, “de”; None where it is not sure."""
    code, probability = _classify(text[:SAMPLE])
    return code if probability >= SURE_OF_TEXT else None


def in_its_language(document: Document) -> Document:
    """Return a document that says which language it is in, where that is surely not English."""
    code = document.properties.written_in or language_of_text(document.text)
    if code in (None, ENGLISH):
        return document
    return replace(document, properties=replace(document.properties, written_in=code))


def language_of_question(text: str) -> str:
    """Return the code of the language that a question is in: English in doubt."""
    code, probability = _classify(text[:SAMPLE])
    return code if probability >= SURE else ENGLISH


@lru_cache(maxsize=256)
def _classify(text: str) -> tuple[str, float]:
    words = re.findall(r"[^\W\d_]+", text.casefold())
    known = sum(word in FUNCTION_WORDS for word in words)
    if known >= PLAIN * len(words):
        return ENGLISH, float(bool(words))
    code, probability = _identifier().classify(text)
    return str(code), float(probability)


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    return identifier
