"""HTML from the macros of `templates/`, in which untrusted values can never be more than text.

Jinja escapes all values. The filters here also keep them from changing the direction of the text
around them, and from losing characters.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup, escape

from eval.measuring.stages import STAGES
from index.documents import source_name
from index.language.names import BY_ITS_TEXT, language_name, languages
from index.printable import printable, title_line
from index.storage.store import Entry
from rag.answer import Answer
from rag.quote import Quote
from rag.verifying.compose import as_said
from ui.conversations.text import LISTED, NOTHING_NEAR, doubt, pieces, place
from ui.reports.cases import expected
from ui.words.elsewhere import said
from ui.words.languages import spoken
from ui.words.words import _, days, in_digits, ngettext


def draw(template: str, macro: str, *values: Any) -> str:
    """Render a macro of a template with values, as HTML."""
    return str(getattr(_templates().get_template(template).module, macro)(*values))


def text(words: str) -> Markup:
    """Return words as HTML text that cannot change the direction of the text around it."""
    return Markup("<bdi>{}</bdi>").format(exact(words))


def exact(words: str) -> Markup:
    """Return words as HTML text whose content is the same, character by character."""
    # A parser would turn a bare carriage return into a line feed.
    return Markup(str(escape(words)).replace("\r", "&#13;"))  # noqa: S704  just escaped


def is_rtl(words: str) -> bool:
    """Whether a block of words runs from right to left, by its first letter, as with `dir="auto"`.

    A browser cannot tell for a block whose words are in `bdi`, which isolates them.
    """
    strong = (unicodedata.bidirectional(sign) for sign in words)
    return next((each for each in strong if each in ("L", "R", "AL")), "L") != "L"


def filled(message: str, **values: object) -> Markup:
    """Return one of the window's own texts, with HTML or words from outside in its gaps."""
    return Markup(message) % values  # noqa: S704  its own words, by the catalogue


def _given_in_full(quote: Quote, answer: Answer) -> bool:
    """Whether a sentence of the answer ends with the whole quote."""
    whole = as_said(quote)
    return any(each.text.endswith(whole) for each in answer.sentences if each.supported)


def _span(quote: Quote) -> str:
    return f"{quote.start}-{quote.end}"


def _file_name(entry: Entry) -> str:
    return title_line(source_name(entry.source))


class _OneLine(Extension):
    """Removes line breaks from templates: between elements they would show as blanks."""

    def preprocess(self, source: str, *_: Any) -> str:
        """Replace line breaks by blanks between words and attributes, and by nothing elsewhere."""
        source = re.sub(r"(?<=[>}])\s*\n\s*|\s*\n\s*(?=[<{])", "", source)
        return re.sub(r"\s*\n\s*", " ", source)


@lru_cache(maxsize=1)
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=[_OneLine],
    )
    environment.filters |= {
        "text": text,
        "is_rtl": is_rtl,
        "filled": filled,
        "digits": in_digits,
        "exact": exact,
        "line": title_line,
        "on_a_line": printable,
        "place": place,
        "doubt": doubt,
        "pieces": pieces,
        "span": _span,
        "file_name": _file_name,
        "given_in_full": _given_in_full,
        "expected": expected,
        "said": said,
    }
    environment.globals |= {
        "_": _,
        "ngettext": ngettext,
        "spoken": spoken,
        "languages": languages,
        "language_name": language_name,
        "BY_ITS_TEXT": BY_ITS_TEXT,
        "days": days,
        "NOTHING_NEAR": NOTHING_NEAR,
        "LISTED": LISTED,
        "STAGES": STAGES,
    }
    return environment
