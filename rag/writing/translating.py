"""A quote in another language, for who does not read its own.

A translation is what a language model says, and nothing proves it: it is marked so wherever it is
shown, is no source, and is never part of an answer.
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
from rag.writing.llm import LLMUnavailable, Writer
from rag.writing.prompts import on_one_line

LONGEST = 1_500
"""Characters of a quote that are translated at once."""

LEAST_WORDS = 8
"""Words from which a translation is told to be in English: “was in” is Dutch as well."""

SHORTER = 8
"""How many times fewer characters than its quote a translation may have. Chinese has a quarter of
those of English."""


@dataclass(frozen=True, slots=True)
class Translation:
    """What the language model `llm` has made of a quote, in the language of a code."""

    quote: Quote
    language: str
    text: str
    llm: str

    def as_json(self) -> dict[str, Any]:
        """Return it with its quote, which stays what is cited."""
        quote = self.quote.as_json()
        cited = {name: quote[name] for name in ("document", "start", "end", "quote")}
        said = {"language": self.language, "translation": self.text, "llm": self.llm}
        return cited | said | {"proven": False}


OtherFigures = Callable[[str, str, str, str], Sequence[str]]
"""Tells the numbers and days of a text in a language that a text in another one does not have."""


def translate(
    quote: Quote, language: str, writer: Writer | None, other_figures: OtherFigures
) -> Translation:
    """Have a quote translated into a language, by its code or its name in English.

    Raises UserError for what is no language or the quote's own, for a quote that is too long, and
    where there is no language model; LLMUnavailable where that fails, has not translated, or has
    put other numbers or days in.
    """
    code = language_code(language)
    name, own = language_name(code), quote.document.language_at(quote.start)
    if writer is None:
        raise UserError(
            "There is no language model to translate with: FOOTNOTED_LLM or FOOTNOTED_LLM_URL "
            "names one."
        )
    if code == own:
        raise UserError(f"The quote is in {name} as it is.")
    if len(quote.text) > LONGEST:
        raise UserError(
            f"The quote has {len(quote.text):,} characters, and up to {LONGEST:,} are translated "
            "at once."
        )
    said = writer.translate(quote.text, name)
    # A model that does not know a language says the quote again, goes on in English, or answers.
    others = {own, ENGLISH} if len(pieces(said)) >= LEAST_WORDS else {own}
    in_another = said == on_one_line(quote.text) or language_of_text(said) in others - {code}
    if in_another or len(said) * SHORTER < len(quote.text):
        raise LLMUnavailable(
            f"The language model {writer.name} has not translated the quote into {name}: it may "
            "not know that language."
        )
    if other := other_figures(said, code, quote.text, own):
        raise LLMUnavailable(
            f"The language model {writer.name} has put other numbers or days into its translation "
            f"than the quote has ({', '.join(other)}), so it is not shown."
        )
    return Translation(quote, code, said, writer.name)
