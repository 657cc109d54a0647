"""Text into HTML: what comes from outside goes through here, and can be nothing but text."""

from __future__ import annotations

from html import escape
from urllib.parse import quote as url_part

from index.display import title_line


def as_text(words: str) -> str:
    """Return words as HTML text that cannot turn the direction of what stands around it."""
    return f"<bdi>{exact(words)}</bdi>"


def exact(words: str) -> str:
    """Return words as HTML text whose content is the same, character by character."""
    # The parser would make a bare carriage return a line feed.
    return escape(words).replace("\r", "&#13;")


def attribute(words: str) -> str:
    """Return words as the value of an attribute, on one line and without direction marks."""
    return escape(title_line(words), quote=True)


def count(number: int, thing: str) -> str:
    """Return a number with the thing that is counted, in the plural where it is one."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def document_link(document_id: str, content: str, attributes: str, span: str = "") -> str:
    """Return a link that opens a document, at a place in it ("start-end") where one is given.

    `content` and `attributes` are HTML already.
    """
    address = f"?document={url_part(document_id, safe='')}" + (f"&span={span}" if span else "")
    return (
        f'<a {attributes} href="{attribute(address)}" data-document="{attribute(document_id)}">'
        f"{content}</a>"
    )
