"""Exported conversations, with every quote in full.

Markdown, HTML, Word with footnotes, JSON and plain text; their documents as references for BibTeX
and CSL. An export is self-contained: each footnote names the document, the place and the
quote, and links to the web page if there is one, never into this window.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from index.documents import Document
from index.errors import UserError
from index.printable import as_markdown
from rag.quote import Quote
from ui.conversations import citing
from ui.conversations.exchange import Exchange, Talk
from ui.conversations.page import draw_page
from ui.conversations.text import lines
from ui.conversations.word import document_of
from ui.words.words import _, quoted

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write conversations down, and what its file is called."""

    suffix: str
    media_type: str
    write: Callable[[Sequence[Talk]], bytes]


def file_name(talks: Sequence[Talk], form: Format) -> str:
    """Return the file's name: the title of a single conversation, or a general name."""
    title = talks[0].title if len(talks) == 1 else _("conversations")
    words = " ".join(re.findall(r"[\w-]+", title))[:60].strip()
    return (words or _("conversation")) + form.suffix


def _json(talks: Sequence[Talk]) -> bytes:
    each = [
        {"title": talk.title, "exchanges": [exchange.as_json() for exchange in talk.exchanges]}
        for talk in talks
    ]
    kept = {"schema": SCHEMA} | (each[0] if len(each) == 1 else {"conversations": each})
    return (json.dumps(kept, ensure_ascii=False, indent=2) + "\n").encode(errors="replace")


# --- Markdown


def _markdown(talks: Sequence[Talk]) -> bytes:
    blocks, given = [], 0
    for talk in talks:
        blocks.append(f"# {as_markdown(talk.title)}")
        for number, exchange in enumerate(talk.exchanges, given + 1):
            blocks += _md_exchange(exchange, number)
        given += len(talk.exchanges)
    return ("\n\n".join(blocks) + "\n").encode(errors="replace")


def _md_exchange(exchange: Exchange, number: int) -> list[str]:
    blocks = [f"## {as_markdown(exchange.question)}", *map(as_markdown, exchange.remarks)]
    answer = exchange.answer
    if answer is None:
        return blocks
    if answer.refused:
        blocks.append(as_markdown(answer.text))
        if near := answer.nearest:
            blocks += [answer.phrase("nearest"), f"- {_md_quote(near.quote)}"]
            blocks += [as_markdown(near.left_open)] if near.open else []
        return blocks
    said = (
        " ".join(
            as_markdown(each.text) + "".join(f"[^{number}-{n}]" for n in each.citations)
            for each in line
        )
        for line in lines(answer)
    )
    notes = (f"[^{number}-{n}]: {_md_quote(quote)}" for n, quote in enumerate(answer.citations, 1))
    return [*blocks, "  \n".join(said), *notes]


def _md_quote(quote: Quote) -> str:
    where, address = as_markdown(citing.reference(quote)), _address(quote)
    where = f"[{where}](<{address}>)" if address else where
    return f"{where}: {quoted(as_markdown(quote.text))}"


# --- plain text


def _text(talks: Sequence[Talk]) -> bytes:
    blocks = []
    for exchange in (each for talk in talks for each in talk.exchanges):
        blocks += [exchange.question, *exchange.remarks]
        answer = exchange.answer
        if answer is None:
            continue
        blocks.append(answer.text)
        near = answer.nearest
        blocks += [answer.phrase("nearest")] if near else []
        notes = [near.quote] if near else answer.citations
        for number, quote in enumerate(notes, 1):
            note = (f"[{number}] {citing.reference(quote)}", quoted(quote.text), _address(quote))
            blocks.append("\n".join(filter(None, note)))
        blocks += [near.left_open] if near and near.open else []
    return ("\n\n".join(blocks) + "\n").encode(errors="replace")


# --- HTML


def _html(talks: Sequence[Talk]) -> bytes:
    template = Path(__file__).parent / "export.html"
    filters = {"reference": citing.reference, "address": _address, "lines": lines}
    return draw_page(template, filters, talks=talks).encode(errors="replace")


# --- references


def _references(write: Callable[[Sequence[Document]], str], talks: Sequence[Talk]) -> bytes:
    cited = {
        quote.document.id: quote.document
        for talk in talks
        for exchange in talk.exchanges
        if exchange.answer
        for quote in exchange.answer.citations
    }
    if not cited:
        raise UserError(_("No document is cited here yet, so there are no references to export."))
    return write(list(cited.values())).encode(errors="replace")


# --- shared


def _address(quote: Quote) -> str:
    return citing.web_address(quote.document, (quote.start, quote.end))


FORMATS = {
    "markdown": Format(".md", "text/markdown", _markdown),
    "html": Format(".html", "text/html", _html),
    "docx": Format(
        ".docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        document_of,
    ),
    "json": Format(".json", "application/json", _json),
    "text": Format(".txt", "text/plain", _text),
    "bibtex": Format(".bib", "application/x-bibtex", partial(_references, citing.bibtex)),
    "csl": Format(
        ".csl.json", "application/vnd.citationstyles.csl+json", partial(_references, citing.csl)
    ),
}
