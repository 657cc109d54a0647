"""Conversations for elsewhere: Markdown, HTML, JSON and plain text, with every quote in full.

What is exported stands on its own: each footnote gives the quote, where it stands, and the address
that opens it there in the window.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote as url_part

from rag.answer import Answer, AnswerSentence
from rag.quote import Quote
from ui.conversations.exchange import Exchange
from ui.conversations.text import NEAREST, place

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
        blocks.append(f"## {_md(exchange.question)}")
        blocks += [_md(each) for each in _before(exchange)]
        answer = exchange.answer
        if answer is None:
            continue
        if answer.refused:
            blocks.append(_md(answer.text))
            blocks += ["Nearest passages:"] if answer.quotes else []
            for quote in answer.quotes[:NEAREST]:
                blocks.append(f"- {_md_quote(quote, address)}")
            continue
        blocks.append(
            " ".join(
                _md(sentence.text) + "".join(f"[^{number}-{n}]" for n in sentence.citations)
                for sentence in _supported(answer)
            )
        )
        for n, quote in enumerate(answer.citations, 1):
            blocks.append(f"[^{number}-{n}]: {_md_quote(quote, address)}")
    return "\n\n".join(blocks) + "\n"


def _md(words: str) -> str:
    """Return words as Markdown that shows just them."""
    return re.sub(r"([\\`*_\[\]<>#|~!$&()+.-])", r"\\\1", " ".join(words.split()))


def _md_quote(quote: Quote, address: str) -> str:
    where = _md(place(quote))
    where = f"[{where}](<{link(quote, address)}>)" if address else where
    return f"{where}: “{_md(quote.text)}”"


# --- plain text


def _text(exchanges: Sequence[Exchange], address: str) -> str:
    blocks = []
    for exchange in exchanges:
        blocks += [exchange.question, *_before(exchange)]
        answer = exchange.answer
        if answer is None:
            continue
        blocks.append(answer.text)
        notes = answer.quotes[:NEAREST] if answer.refused else answer.citations
        for number, quote in enumerate(notes, 1):
            lines = [f"[{number}] {place(quote)}", f"“{quote.text}”", link(quote, address)]
            blocks.append("\n".join(lines if address else lines[:2]))
    return "\n\n".join(blocks) + "\n"


# --- HTML

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Conversation</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ max-width: 42em; margin: 3em auto; padding: 0 1em; font: 17px/1.6 Georgia, serif;
  color: #22262b; background: #fbfaf7; overflow-wrap: anywhere; }}
h2 {{ font-size: 1.2em; margin: 2.5em 0 .5em; }}
sup a {{ text-decoration: none; padding: 0 1px; }} a {{ color: #1d5c78; }}
ol {{ font-size: .88em; }} li {{ margin-bottom: .6em; }}
blockquote {{ margin: .2em 0; white-space: pre-line; }} .note {{ color: #5b6068; }}
@media (prefers-color-scheme: dark) {{ body {{ color: #e4e3df; background: #15181b; }}
  a {{ color: #7fc1de; }} .note {{ color: #9aa1aa; }} }}
</style></head><body><h1>Conversation</h1>
{}
</body></html>
"""


def _html(exchanges: Sequence[Exchange], address: str) -> str:
    parts = []
    for number, exchange in enumerate(exchanges, 1):
        parts.append(f"<h2>{_bdi(exchange.question)}</h2>")
        parts += [f'<p class="note">{_bdi(each)}</p>' for each in _before(exchange)]
        answer = exchange.answer
        if answer is None:
            continue
        if answer.refused:
            parts.append(f"<p>{_bdi(answer.text)}</p>")
            items = "".join(f"<li>{_html_quote(q, address)}</li>" for q in answer.quotes[:NEAREST])
            parts.append(f'<p class="note">Nearest passages</p><ul>{items}</ul>' if items else "")
            continue
        sentences = " ".join(
            _bdi(sentence.text)
            + "".join(f'<sup><a href="#q{number}-{n}">[{n}]</a></sup>' for n in sentence.citations)
            for sentence in _supported(answer)
        )
        notes = "".join(
            f'<li id="q{number}-{n}">{_html_quote(quote, address)}</li>'
            for n, quote in enumerate(answer.citations, 1)
        )
        parts.append(f"<p>{sentences}</p><ol>{notes}</ol>")
    return _PAGE.format("\n".join(parts))


def _html_quote(quote: Quote, address: str) -> str:
    where = _bdi(place(quote))
    if address:
        where = f'<a href="{escape(link(quote, address))}">{where}</a>'
    return f"{where}<blockquote>{_bdi(quote.text)}</blockquote>"


def _bdi(words: str) -> str:
    return f"<bdi>{escape(words)}</bdi>"


# --- what all have


def link(quote: Quote, address: str) -> str:
    """Return the address that opens the window with the quote in its place."""
    base = address.partition("?")[0].partition("#")[0]
    return f"{base}?document={url_part(quote.document.id, safe='')}&span={quote.start}-{quote.end}"


def _supported(answer: Answer) -> list[AnswerSentence]:
    return [sentence for sentence in answer.sentences if sentence.supported]


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
