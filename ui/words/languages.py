"""The languages that the program speaks, and the choice of one for each person."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

ENGLISH = "en"
LANGUAGES = (ENGLISH, "de", "es", "fr", "ru", "zh")

_chosen: ContextVar[str | None] = ContextVar("language", default=None)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language until the end of the block, whoever the visitor is."""
    token = _chosen.set(language)
    try:
        yield
    finally:
        _chosen.reset(token)


def choose(language: str | None) -> None:
    """Switch to a language, if one is named, until the end of the current `speaking` block."""
    if language:
        _chosen.set(language)


def of_terminal() -> str:
    """Return the language for commands: the setting's, the locale's, or English."""
    if (setting := os.environ.get("FOOTNOTED_LANGUAGE", "")) in LANGUAGES:
        return setting
    names = map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = re.match(r"[a-z]*", next(filter(None, names), None) or "")
    return locale[0] if locale and locale[0] in LANGUAGES else ENGLISH


def spoken() -> str:
    """Return the language of the visitor who sent this event; English if there is none."""
    if chosen := _chosen.get():
        return chosen
    if "gradio" not in sys.modules:  # There is no window.
        return ENGLISH
    from gradio.context import LocalContext

    headers = getattr(LocalContext.request.get(None), "headers", None)
    return negotiated(headers.get("accept-language") or "") if headers else ENGLISH


def negotiated(header: str) -> str:
    """Return the first language of an Accept-Language header that is supported, or English."""
    from babel import negotiate_locale

    return negotiate_locale(_accepted(header), LANGUAGES, sep="-") or ENGLISH


def _accepted(header: str) -> list[str]:
    """Return the tags of an Accept-Language header, the most wanted first (RFC 9110, 12.5.4)."""
    weighed = (each.replace(" ", "").partition(";q=") for each in header.split(","))
    tags = [(tag, _weight(weight)) for tag, _, weight in weighed]
    return [tag for tag, weight in sorted(tags, key=lambda each: -each[1]) if tag and weight > 0]


def _weight(text: str) -> float:
    try:
        return float(text or 1)
    except ValueError:
        return 0.0
