"""Translate a quote for people who do not read its language.

A translation is written by a language model, and nothing proves it. It is marked so wherever it is
shown, is not a source, and is never part of an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from index.errors import UserError
from index.language import ENGLISH, language_of_text
from index.language.names import language_code, language_name
from index.language.words import pieces
from rag.quote import Quote
from rag.writing.failures import LLMUnavailable
from rag.writing.llm import Writer
from rag.writing.prompts import on_one_line

LONGEST = 1_500
"""The most characters of a quote that can be translated."""

LEAST_WORDS = 8
"""Words from which a translation can be recognized as English: “was in” is Dutch as well."""

SHORTER = 8
"""How many times shorter than its quote a translation may be. Chinese has a quarter of the
characters of English."""


@dataclass(frozen=True, slots=True)
class Translation:
    """A quote's translation by the language model `llm`; `language` is a code."""

    quote: Quote
    language: str
    text: str
    llm: str

    def as_json(self) -> dict[str, Any]:
        """Return it with its quote, which stays the citation."""
        quote = self.quote.as_json()
        cited = {name: quote[name] for name in ("document", "start", "end", "quote")}
        said = {"language": self.language, "translation": self.text, "llm": self.llm}
        return cited | said | {"proven": False}


OtherFigures = Callable[[str, str, str, str], Sequence[str]]
"""Returns the numbers and days of a text that another text lacks. Each text comes with the code of
its language after it."""


def translate(
    quote: Quote, language: str, writer: Writer | None, other_figures: OtherFigures
) -> Translation:
    """Translate a quote into a language, which is given by its code or its English name.

    Raises UserError for an unknown language or the quote's own, for a quote that is too long, and
    if there is no language model. Raises LLMUnavailable if the model fails, has not translated the
    quote, or has put other numbers or days in.
    """
    code = language_code(language)
    name, own = language_name(code), quote.document.language_at(quote.start)
    if writer is None:
        raise UserError(
            "There is no language model to translate with: name one with FOOTNOTED_LLM or "
            "FOOTNOTED_LLM_URL."
        )
    if code == own:
        raise UserError(f"The quote is in {name} as it is.")
    if len(quote.text) > LONGEST:
        raise UserError(
            f"The quote has {len(quote.text):,} characters, and up to {LONGEST:,} are translated "
            "at once."
        )
    said = writer.translate(quote.text, name)
    # A model that does not know the language repeats the quote, replies in English, or answers it.
    others = {own, ENGLISH} if len(pieces(said)) >= LEAST_WORDS else {own}
    in_another = said == on_one_line(quote.text) or language_of_text(said) in others - {code}
    if in_another or len(said) * SHORTER < len(quote.text):
        raise LLMUnavailable(
            f"The language model {writer.name} has not translated the quote into {name}: it may "
            "not know that language."
        )
    if other := other_figures(said, code, quote.text, own):
        raise LLMUnavailable(
            f"The translation by the language model {writer.name} has other numbers or dates than "
            f"the quote ({', '.join(other)}), so it is not shown."
        )
    return Translation(quote, code, said, writer.name)
