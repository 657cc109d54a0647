"""Make untrusted text safe to display: on one line, without control and direction marks."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_TURNS = "\u202a-\u202e\u2066-\u2069"
"""Marks that change the direction of all text after them."""
_MARKS = "\u061c\u200e\u200f\ufeff"
_CONTROL = "\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"


def title_line(text: str) -> str:
    """Return a title's or name's first 200 characters, without control and direction marks."""
    return printable(text)[:200].strip()


def path_line(path: str) -> str:
    """Return a path or file name on one line, with symbols in place of control characters.

    So “a␊b.txt” does not look like “a b.txt”, which is a different file.
    """
    return printable(re.sub(r"[\x00-\x1f\x7f]", _picture, path))


def _picture(control: re.Match[str]) -> str:
    return chr(0x2421 if control[0] == "\x7f" else 0x2400 + ord(control[0]))


def number_of(number: int, thing: str) -> str:
    """Return a number with its noun: “1 day”, “2,000 days”, “3 entries”."""
    things = re.sub(r"(?<=[^aeiou])y$", "ie", thing) + "s"
    return f"{number:,} {thing if number == 1 else things}"


def shortened(text: str, length: int) -> str:
    """Return a text on one line, cut to a length with an ellipsis."""
    words = " ".join(text.split())
    return words if len(words) <= length else words[: length - 1].rstrip() + "…"


def repeats_itself(text: str, times: int = 2) -> bool:
    """Whether a run of three or more words is repeated in direct succession, `times` times."""
    again = rf"\b(\w+(?:\W+\w+){{2,{_LONGEST_RUN - 1}}})(?:\W+\1\b){{{times - 1}}}"
    return bool(re.search(again, text.casefold()))


_LONGEST_RUN = 30
"""The most words in a repeated run that is looked for."""


def printable(text: str) -> str:
    """Return a text on one line, without control and direction marks."""
    return " ".join(visible(text).split())


def visible(text: str) -> str:
    """Return a text with blanks in place of control characters, and without direction marks."""
    return re.sub(f"[{_CONTROL}]", " ", re.sub(f"[{_TURNS}{_MARKS}]", "", text))


def in_place(text: str) -> str:
    """Return a text of the same length, with blanks in place of what a terminal would obey.

    Line breaks stay, and all offsets remain valid.
    """
    return re.sub(rf"(?!\n)[{_CONTROL}{_TURNS}]", " ", text)


def as_markdown(text: str) -> str:
    """Return a text on one line, as Markdown that shows it literally.

    Only characters that are special in their position are escaped: inside a line, most are not.
    """
    line = re.sub(_MARKDOWN, r"\\\g<0>", " ".join(text.split()))
    line = line.replace("$", r"\$") if line.count("$") > 1 else line  # In some, two make a formula.
    return re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", line)


_MARKDOWN = r"[\\`*\[\]<~]|(?<!\w)_|_(?!\w)|&(?=#?\w+;)|^[-+#>=]|#$"


def as_xml(text: str) -> str:
    """Return a text with replacement characters for those that XML does not allow."""
    return _NOT_XML.sub("�", text)


_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def without_password(address: str) -> str:
    """Return an address without the user name and password before its host."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
