"""An answer as text for the terminal."""

from __future__ import annotations

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from rag.answer import Answer, Quote

NEAREST = 3
"""Passages shown with a refusal."""


def answer_text(answer: Answer) -> Group:
    """Return the answer, and under it each footnote with its place and its quote.

    With a refusal come the nearest passages instead.
    """
    parts: list[Text | Padding] = []
    if answer.standalone_question != answer.question:
        parts.append(Text(f"Understood as: {answer.standalone_question}", style="dim"))
    parts.append(Text(answer.text, style="" if answer.refused else "bold"))
    dropped = sum(not sentence.supported for sentence in answer.sentences)
    if dropped:
        what = "1 sentence was" if dropped == 1 else f"{dropped} sentences were"
        parts.append(
            Text(f"{what} left out, because the sources do not bear it out.", style="yellow")
        )
    if answer.refused and answer.quotes:
        parts.append(Text("\nThe nearest passages:"))
        parts += _notes(answer.quotes[:NEAREST])
    elif answer.citations:
        parts.append(Text())
        parts += _notes(answer.citations)
    return Group(*parts)


def place(quote: Quote) -> str:
    """Return where a quote stands, for people: document, page or line, heading."""
    page = quote.page
    where = f"page {page}" if page else f"line {quote.document.line_at(quote.start)}"
    heading = f", “{quote.heading}”" if quote.heading else ""
    return f"{quote.document.name}, {where}{heading}"


def _notes(quotes: tuple[Quote, ...]) -> list[Text | Padding]:
    parts: list[Text | Padding] = []
    for number, quote in enumerate(quotes, 1):
        parts.append(Text(f"[{number}] {place(quote)}", style="cyan"))
        text = Text(quote.text)
        for start, end in quote.marks:
            text.stylize("bold underline", start - quote.start, end - quote.start)
        parts.append(Padding(text, (0, 0, 0, 4)))
    return parts
