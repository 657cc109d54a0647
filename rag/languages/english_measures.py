"""Whether a text says of a number that it is another measure than the one that is asked for."""

from __future__ import annotations

import re

_SAID = {
    **dict.fromkeys(("wide", "width"), "wide"),
    **dict.fromkeys(("deep", "depth"), "deep"),
    **dict.fromkeys(("tall", "high", "height"), "high"),
    **dict.fromkeys(("long", "length", "far"), "long"),
}
"""What a length is said to be, as an adjective or a noun; what is far is as long a way."""


def dimension(word: str) -> str | None:
    """Return which measure of length a word names, if it does: “width” and “wide” are one."""
    return _SAID.get(word.casefold())


_ASKED = re.compile(
    r"\bhow\s+(\w+)|\b(?:what|which)\s+(?:(?:is|was|are|were)\s+)?(?:(?:the|its|their)\s+)?(?:\w+\s+)?"
    r"(width|depth|height|length)\b",
    re.IGNORECASE,
)
_MEASURED = re.compile(
    r"(?:\b(?P<noun>width|depth|height|length) of (?:[a-z]+ ){0,2})?(?P<number>\d[\d.,]*)"
    r"(?:[\s-][a-z]+){0,2}?[\s-](?P<adjective>wide|deep|tall|high|long)\b"
    r"|\b(?P<only>width|depth|height|length) of (?:[a-z]+ ){0,2}(?P<its>\d[\d.,]*)"
)


def other_measure(question: str, words: str, quote: str) -> bool:
    """Whether a quote says of the very number in the words that it is another measure.

    “How deep is the strait?” is not answered by “20 kilometers wide”.
    """
    match = _ASKED.search(question)
    asked = _SAID.get((match[1] or match[2]).lower()) if match else None
    if asked is None:
        return False
    for found in _MEASURED.finditer(quote):
        said = found["adjective"] or found["noun"] or found["only"]
        number = re.escape((found["number"] or found["its"]).rstrip(".,"))
        read = re.search(rf"(?<![\d.,]){number}(?![\d.,]*\d)", words)
        if read and _SAID[said] != asked:
            return True
    return False
