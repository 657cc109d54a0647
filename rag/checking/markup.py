"""A draft without its Markdown: sentences are found and checked as a reader would see them.

Links keep their words, and lose their addresses; the signs of emphasis, code and footnotes go.
Tables, code blocks, and the definitions of links and footnotes contain no sentences. Everything
else keeps its place in the draft. The signs are Markdown's (CommonMark 0.31, and GitHub's tables,
footnotes and strikethrough).
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from index.documents import Document, Heading

_FORMATS = ("markdown", "text")
"""The formats, as named by the loader, that still have such signs; others have none left."""

_FENCED = r"^ {0,3}(?P<fence>`{3,}|~{3,})[^\n]*\n(?:.*?\n)?(?: {0,3}(?P=fence)[^\n]*|\Z)"
_ROW = r"(?=[^\n]*\|)[^\n]*"
_RULE = r"(?=[^\n]*\|)[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*"
_TABLE = rf"^{_ROW}\n{_RULE}(?:\n{_ROW})*"
_LEADS = r"^ {0,3}\[[^\]\n]+\]:[^\n]*(?:\n[ \t]+\S[^\n]*)*"
_BLOCKS = re.compile(
    f"{_FENCED}|{_TABLE}|{_LEADS}|<!--[^<]*?(?:<(?!!--)[^<]*?)*?-->", re.MULTILINE | re.DOTALL
)
_ADDRESS = re.compile(r"<https?://[^\s<>]+>")
_INLINE = re.compile(
    r"^(?: {0,3}>[ ]?)+"
    r"|^[ \t]*[-*+][ \t]+(?:\[[ xX]\][ \t]+)?(?=\S)"
    r"|[ \t]?\[\^[^\[\]\s]+\]"
    r"|!\[[^\[\]\n]*\](?:\([^()\n]*\)|\[[^\[\]\n]*\])"
    r"|\[(?=[^\[\]\n]+\](?:\(|\[))|\]\((?:[^()\n]|\([^()\n]*\))*\)|(?<=[^\s\[])\]\[[^\[\]\n]*\]"
    r"|`+"
    r"|(?<![\\\w*])\*{1,3}(?=\S)|(?<=[^\s\\*])\*{1,3}(?![\w*])"
    r"|(?<![\\\w])_{1,3}(?=\S)|(?<=[^\s\\])_{1,3}(?!\w)"
    r"|~~(?=\S)|(?<=\S)~~"
    r"|\\(?=[!-/:-@\[-`{-~])",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Plain:
    """What a reader sees of a draft, and the place in the draft of each character."""

    text: str
    places: Sequence[int]

    @classmethod
    def of(cls, draft: Document) -> Plain:
        """Remove the Markdown from a draft; a draft in another format is left as it is."""
        text = draft.text
        if draft.loader.split(" ")[0] not in _FORMATS:
            return cls(text, range(len(text)))
        shown = bytearray(b"\1" * len(text))
        for match in _BLOCKS.finditer(text):
            start, end = match.span()
            shown[start:end] = bytes(end - start)
        for match in _INLINE.finditer(text):
            start, end = match.span()
            shown[start:end] = bytes(end - start)
        for match in _ADDRESS.finditer(text):
            shown[match.start()] = shown[match.end() - 1] = 0
        places = array("L", (at for at, seen in enumerate(shown) if seen))
        return cls("".join(text[at] for at in places), places)

    def in_draft(self, start: int, end: int) -> tuple[int, int]:
        """Return the span in the draft of a span of the text."""
        return self.places[start], self.places[end - 1] + 1

    def document(self, draft: Document) -> Document:
        """Return the text as a document, with the draft's headings at their places in it.

        A draft without Markdown is returned as it is.
        """
        if len(self.text) == len(draft.text):
            return draft
        headings = []
        for each in draft.headings:
            start, end = (bisect_left(self.places, at) for at in (each.start, each.end))
            if start < end:
                headings.append(Heading(start, end, each.level))
        return Document.of(
            self.text, title=draft.title, source=draft.source, headings=tuple(headings)
        )
