"""Mails as files (.eml): sender, recipients, date, subject, text, and the names of attachments."""

from __future__ import annotations

import email
import email.policy
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import PurePosixPath
from typing import Any

from index.documents import Properties
from index.errors import DocumentError
from index.loading.readers.html import page_blocks
from index.loading.readers.text import Block, Content, compose, decode

# What Python's own parser raises for malformed headers and parts.
_ERRORS = (ValueError, TypeError, AttributeError, LookupError)

_HEAD = ("From", "To", "Cc", "Date")
MOST_PARTS = 1_000
"""The most parts that are read: texts, pictures, attachments, forwarded mails."""

MOST_NAMED = 1_000
"""The most characters of a header: a list of a thousand recipients is not worth searching."""

FAR_MORE = 2
"""The HTML page is read instead of the plain text if it has more than this many times its words."""


def read_eml(data: bytes) -> Content:
    """Read a mail. Its attachments are only named; each can be added as its own document."""
    try:
        message = email.message_from_bytes(data, policy=email.policy.default)
        parts = list(_parts(message))
    except (RecursionError, *_ERRORS) as error:
        raise DocumentError("{name} is damaged and cannot be read as an email.") from error
    if not any(name in message for name in ("From", "To", "Subject", "Date")):
        raise DocumentError(
            "{name} is not an email: it has no sender, no recipient and no subject."
        )
    subject = _header(message, "Subject")
    blocks = [Block(subject, 1)] if subject else []
    blocks += [Block(f"{name}: {value}") for name in _HEAD if (value := _header(message, name))]
    if attached := ", ".join(filter(None, map(_file_name, parts))):
        blocks.append(Block(f"Attachments: {attached}"))
    content = compose([*blocks, *_body(parts)])
    sender = _header(message, "From")
    return replace(content, title=subject or None, properties=Properties(sender, _day(message)))


def attachments(data: bytes) -> dict[str, bytes]:
    """Return the files attached to a mail, by unique name.

    A mail that cannot be read has none; reading it says why. Pictures that the mail's HTML page
    shows are left out.
    """
    found: dict[str, bytes] = {}
    named = Counter[str]()
    try:
        parts = list(_parts(email.message_from_bytes(data, policy=email.policy.default)))
    except (DocumentError, RecursionError, *_ERRORS):
        return found
    pages = b"".join(_bytes(each) for each in parts if each.get_content_type() == "text/html")
    for part in parts:
        name = PurePosixPath(_file_name(part).replace("\\", "/")).name
        if not name or not _is_attached(part) or _is_shown(part, pages):
            continue
        named[name] += 1
        path = PurePosixPath(name)
        if named[name] > 1:
            name = f"{path.stem} ({named[name]}){path.suffix}"
        found.setdefault(name, _bytes(part))
    return found


def _bytes(part: Any) -> bytes:
    try:
        if part.get_content_type() == "message/rfc822":
            return bytes(part.get_payload(0))
        return bytes(part.get_payload(decode=True) or b"")
    except (RecursionError, *_ERRORS):
        return b""


def _is_shown(part: Any, pages: bytes) -> bool:
    own = _header(part, "Content-ID").strip("<>").encode("utf-8", "replace")
    return bool(own) and b"cid:" + own in pages


def _parts(message: Message) -> Iterator[Any]:
    """Yield the parts of a mail that have content, but not the parts of attached mails.

    Raises DocumentError for a mail with too many parts.
    """
    waiting = [message]
    for _ in range(MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        if part.get_content_maintype() == "multipart":
            inner: Any = part.get_payload()
            waiting += reversed(inner) if isinstance(inner, list) else []
        else:
            yield part
    if waiting:
        raise DocumentError(
            f"{{name}} has more than {MOST_PARTS:,} parts. Save what you need of it as files, and "
            "add those."
        )


def _header(message: Message, name: str) -> str:
    """Return a header on one line; in raw form if the parser fails on it."""
    try:
        value = str(message.get(name, ""))
    except _ERRORS:
        raw = ((key.lower(), str(value)) for key, value in message.raw_items())
        value = next((value for key, value in raw if key == name.lower()), "")
    return _clean(value)[:MOST_NAMED].strip()


def _clean(text: str) -> str:
    signs = (sign if sign.isprintable() else " " for sign in text.replace("\xad", ""))
    return " ".join("".join(signs).split())


def _file_name(part: Any) -> str:
    try:
        return _clean(part.get_filename() or "")
    except _ERRORS:
        return ""


def _day(message: Message) -> str | None:
    try:
        return f"{parsedate_to_datetime(_header(message, 'Date')):%Y-%m-%d}"
    except (ValueError, TypeError, OverflowError):
        return None


def _body(parts: list[Any]) -> list[Block]:
    """Return the text of a mail: its plain text, or its HTML page if that says far more.

    The plain text of some mails only says that there is an HTML page.
    """
    texts = [part for part in parts if not _is_attached(part)]
    plain, page = (
        [
            block
            for part in texts
            if part.get_content_type() == kind
            for block in _blocks(part, kind)
        ]
        for kind in ("text/plain", "text/html")
    )
    return page if _words(page) > FAR_MORE * _words(plain) else plain


def _words(blocks: list[Block]) -> int:
    return sum(len(block.text.split()) for block in blocks)


def _is_attached(part: Any) -> bool:
    try:
        return part.get_content_disposition() == "attachment" or bool(part.get_filename())
    except _ERRORS:
        return True


def _blocks(part: Any, kind: str) -> Iterator[Block]:
    try:
        data, charset = part.get_payload(decode=True) or b"", part.get_content_charset()
    except _ERRORS:
        return
    if kind == "text/html":
        yield from page_blocks(data, charset)
        return
    text = decode(data, charset).replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub(r"[^\S\n]+|[\x00-\x08\x0b-\x1f\x7f]", " ", text)
    for paragraph in re.split(r"\n\s*\n", text):
        if words := "\n".join(line.strip() for line in paragraph.split("\n")).strip():
            yield Block(words)
