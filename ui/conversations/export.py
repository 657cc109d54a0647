"""Conversations for elsewhere: Markdown, HTML, JSON and plain text, with every quote in full.

What is exported stands on its own: each footnote gives the quote, where it stands, and the address
that opens it there in the window.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote as url_part

from index.printable import as_markdown
from rag.quote import Quote
from ui.conversations.exchange import Exchange
from ui.conversations.page import draw_page
from ui.conversations.text import place

SCHEMA = 1

UNPROVEN = (
    "This was answered from a document that is not in the library any more, so its footnotes "
    "cannot be proven: "
)
"""Said before the bare text of such an answer."""


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write a conversation down, and what its file is called."""

    suffix: str
    media_type: str
    write: Callable[[Sequence[Exchange], str], str]


def export(exchanges: Sequence[Exchange], form: Format, address: str) -> str:
    """Return exchanges in a format; `address` is the window's, which links begin with."""
    return form.write(exchanges, address if re.match(r"https?://", address) else "")


def _json(exchanges: Sequence[Exchange], _: str) -> str:
    kept = {"schema": SCHEMA, "exchanges": [exchange.as_json() for exchange in exchanges]}
    return json.dumps(kept, ensure_ascii=False, indent=2) + "\n"


# --- Markdown


def _markdown(exchanges: Sequence[Exchange], address: str) -> str:
    blocks = ["# Conversation"]
    for number, exchange in enumerate(exchanges, 1):
        blocks.append(f"## {as_markdown(exchange.question)}")
        blocks += [as_markdown(each) for each in _before(exchange)]
        answer = exchange.answer
        if answer is None:
            continue
        if answer.refused:
            blocks.append(as_markdown(answer.text))
            if near := answer.nearest:
                blocks += ["Nearest is:", f"- {_md_quote(near.quote, address)}"]
                blocks += [as_markdown(near.left_open)] if near.open else []
            continue
        blocks.append(
            "  \n".join(
                " ".join(
                    as_markdown(each.text) + "".join(f"[^{number}-{n}]" for n in each.citations)
                    for each in line
                )
                for line in answer.lines
            )
        )
        for n, quote in enumerate(answer.citations, 1):
            blocks.append(f"[^{number}-{n}]: {_md_quote(quote, address)}")
    return "\n\n".join(blocks) + "\n"


def _md_quote(quote: Quote, address: str) -> str:
    where = as_markdown(place(quote))
    where = f"[{where}](<{link(quote, address)}>)" if address else where
    return f"{where}: “{as_markdown(quote.text)}”"


# --- plain text


def _text(exchanges: Sequence[Exchange], address: str) -> str:
    blocks = []
    for exchange in exchanges:
        blocks += [exchange.question, *_before(exchange)]
        answer = exchange.answer
        if answer is None:
            continue
        blocks.append(answer.text)
        near = answer.nearest
        blocks += ["Nearest is:"] if near else []
        notes = [near.quote] if near else answer.citations
        for number, quote in enumerate(notes, 1):
            lines = [f"[{number}] {place(quote)}", f"“{quote.text}”", link(quote, address)]
            blocks.append("\n".join(lines if address else lines[:2]))
        blocks += [near.left_open] if near and near.open else []
    return "\n\n".join(blocks) + "\n"


# --- HTML


def _html(exchanges: Sequence[Exchange], address: str) -> str:
    template = Path(__file__).parent / "export.html"
    filters = {"before": _before, "place": place, "link": link}
    return draw_page(template, filters, exchanges=exchanges, address=address)


# --- what all have


def link(quote: Quote, address: str) -> str:
    """Return the address that opens the window with the quote in its place."""
    base = address.partition("?")[0].partition("#")[0]
    return f"{base}?document={url_part(quote.document.id, safe='')}&span={quote.start}-{quote.end}"


def _before(exchange: Exchange) -> list[str]:
    """Return what is said between a question and its answer, or in its place."""
    lines = []
    answer = exchange.answer
    if answer and answer.standalone_question != answer.question:
        lines.append(f"Understood as: {answer.standalone_question}")
    message = answer.message if answer else exchange.message
    if message:
        lines.append(message)
    if exchange.unproven:
        lines.append(UNPROVEN + str(exchange.unproven["answer"]))
    return lines


FORMATS = {
    "markdown": Format(".md", "text/markdown", _markdown),
    "html": Format(".html", "text/html", _html),
    "json": Format(".json", "application/json", _json),
    "text": Format(".txt", "text/plain", _text),
}
