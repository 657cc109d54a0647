"""Text from outside as it may be shown: on one line, without control and direction marks."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_TURNS = "\u202a-\u202e\u2066-\u2069"
"""Marks that turn the direction of all that follows them."""
_MARKS = "\u061c\u200e\u200f\ufeff"
_CONTROL = "\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"


def title_line(text: str) -> str:
    """Return a title's or name's first 200 characters, without control and direction marks."""
    return printable(text)[:200].strip()


def path_line(path: str) -> str:
    """Return a path or a file's name on one line: a control character is shown by its picture.

    “a␊b.txt” looks like another file than “a b.txt”, which it is.
    """
    return printable(re.sub(r"[\x00-\x1f\x7f]", _picture, path))


def _picture(control: re.Match[str]) -> str:
    return chr(0x2421 if control[0] == "\x7f" else 0x2400 + ord(control[0]))


def number_of(number: int, thing: str) -> str:
    """Return how many there are of a thing: “1 day”, “2,000 days”, “3 entries”."""
    things = re.sub(r"(?<=[^aeiou])y$", "ie", thing) + "s"
    return f"{number:,} {thing if number == 1 else things}"


def shortened(text: str, length: int) -> str:
    """Return a text on one line, with an ellipsis for what is beyond some characters."""
    words = " ".join(text.split())
    return words if len(words) <= length else words[: length - 1].rstrip() + "…"


def repeats_itself(text: str, times: int = 2) -> bool:
    """Whether three words or more stand in a text so many times, each right behind the last."""
    again = rf"\b(\w+(?:\W+\w+){{2,{_LONGEST_RUN - 1}}})(?:\W+\1\b){{{times - 1}}}"
    return bool(re.search(again, text.casefold()))


_LONGEST_RUN = 30
"""Words of what is looked for again, at most."""


def printable(text: str) -> str:
    """Return a text on one line, without control and direction marks."""
    return " ".join(visible(text).split())


def visible(text: str) -> str:
    """Return a text with blanks in the place of control characters, without direction marks."""
    return re.sub(f"[{_CONTROL}]", " ", re.sub(f"[{_TURNS}{_MARKS}]", "", text))


def in_place(text: str) -> str:
    """Return a text of the same length, with blanks in the place of what a terminal would obey.

    Line breaks stay, and so do the offsets of all that is said.
    """
    return re.sub(rf"(?!\n)[{_CONTROL}{_TURNS}]", " ", text)


def as_markdown(text: str) -> str:
    """Return a text on one line, as Markdown that shows just its words.

    Only what Markdown would read as a sign has a backslash: most signs are none inside a line.
    """
    line = re.sub(_MARKDOWN, r"\\\g<0>", " ".join(text.split()))
    line = line.replace("$", r"\$") if line.count("$") > 1 else line  # Two are a formula, for some.
    return re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", line)


_MARKDOWN = r"[\\`*\[\]<~]|(?<!\w)_|_(?!\w)|&(?=#?\w+;)|^[-+#>=]|#$"


def as_xml(text: str) -> str:
    """Return a text without the characters that no XML may hold."""
    return _NOT_XML.sub("�", text)


_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def without_password(address: str) -> str:
    """Return an address without what stands before its host."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
