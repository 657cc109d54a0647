"""An answer as text for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from index.printable import in_place
from rag.answer import Answer, AnswerSentence
from rag.answerability.gate import SURE
from rag.quote import Quote
from ui.conversations.citing import where
from ui.words.words import _, days, noted, quoted

NOTHING_NEAR = noted("No passage comes near.")
"""Said with a refusal where nothing does."""


LISTED = 3
"""An answer of more sentences than these is set as a list."""


def lines(answer: Answer) -> list[list[AnswerSentence]]:
    """Return what an answer says by the lines that it is set in, as the window does."""
    said = [each for line in answer.lines for each in line]
    return [[each] for each in said] if len(said) > LISTED else answer.lines


def pieces(quote: Quote) -> Iterator[tuple[str, bool]]:
    """Yield a quote's words piece by piece, and whether a piece answers the question."""
    at = quote.start
    for start, end in sorted(quote.marks):
        start, end = max(start, at), min(end, quote.end)
        if start < end:
            yield quote.document.text[at:start], False
            yield quote.document.text[start:end], True
            at = end
    yield quote.document.text[at : quote.end], False


def answer_text(answer: Answer) -> Group:
    """Return the answer, and under it each footnote with its place and its quote.

    With a refusal comes what is nearest instead, where anything comes near.
    """
    parts: list[Text | Padding] = []
    if answer.standalone_question != answer.question:
        parts.append(_said(f"Understood as: {answer.standalone_question}", style="dim"))
    parts.append(_said(answer.text, style="" if answer.refused else "bold"))
    dropped = sum(not sentence.supported for sentence in answer.sentences)
    if dropped:
        what = "1 sentence was" if dropped == 1 else f"{dropped} sentences were"
        parts.append(
            Text(f"{what} left out, because the quotes do not say the same.", style="yellow")
        )
    if answer.nearest:
        parts.append(Text(f"\n{answer.phrases.nearest}"))
        parts += _notes((answer.nearest.quote,))
        if answer.nearest.left_open:
            parts.append(_said(answer.nearest.left_open))
    elif answer.refused and answer.quotes:
        parts.append(Text(NOTHING_NEAR))
    elif answer.citations:
        parts.append(Text())
        parts += _notes(answer.citations)
    return Group(*parts)


def decision_text(answer: Answer) -> Group:
    """Return why a question was answered or refused: each quote considered, with its signals."""
    decision, route = answer.decision, answer.route
    taken = f"\nTaken for {route} (probability {route.probability:.2f}), " if route else "\n"
    taken += f"answered by {answer.way}." if answer.way else "not answered."
    if decision is None:
        return Group(Text(f"{taken}\nNothing was weighed for this answer.", style="dim"))
    what = "refused" if answer.refused else "answered"
    verdict = (
        f"\nWhy it was {what}: the best quote's probability is {decision.probability:.2f}, and "
        f"{decision.threshold:.2f} is needed."
    )
    if not answer.borne_out:
        verdict += (
            f" The quotes do not bear out what was written from them, so that {SURE:.2f} is needed."
        )
    parts: list[Text | Padding] = [Text(taken, style="dim"), Text(verdict)]
    for number, each in enumerate(decision.readings, 1):
        weighed = ", ".join(
            f"{signal.metadata['title']} {value:+.1f}"
            for signal in fields(each.signals)
            if (value := getattr(each.signals, signal.name)) is not None
        )
        signals = f"[{number}] probability {each.probability:.2f}: {weighed}"
        if each.quote.words:
            signals += f", read “{' '.join(each.quote.words.split())}”"
        parts.append(_said(signals, style="cyan"))
        parts.append(Padding(_said(each.quote.text), (0, 0, 0, 4)))
    unread = len(answer.quotes) - len(decision.readings)
    if unread > 0:
        further = "1 further quote was" if unread == 1 else f"{unread} further quotes were"
        parts.append(Text(f"{further} found and not weighed.", style="dim"))
    return Group(*parts)


def place(quote: Quote) -> str:
    """Return where a quote stands, for people: document, page or line, heading, days, cell."""
    cell = quote.cell
    named = [
        quote.document.label,
        where(quote),
        quoted(quote.heading) if quote.heading else "",
        days(*quote.dates) if quote.dates else "",
        _("row “%(row)s”, column “%(column)s”", row=cell.row, column=cell.column) if cell else "",
    ]
    return ", ".join(filter(None, named))


def doubt(quote: Quote) -> str:
    """Return what is to be said of words that the answer rests on and that were hard to read."""
    words = ", ".join(map(quoted, quote.uncertain))
    said = _("Hard to read in the picture: %(words)s. Compare with the page.", words=words)
    return said if words else ""


def _notes(quotes: tuple[Quote, ...]) -> list[Text | Padding]:
    parts: list[Text | Padding] = []
    for number, quote in enumerate(quotes, 1):
        parts.append(_said(f"[{number}] {place(quote)}", style="cyan"))
        text = _said(quote.text)
        for start, end in quote.marks:
            text.stylize("bold underline", start - quote.start, end - quote.start)
        parts.append(Padding(text, (0, 0, 0, 4)))
        if told := doubt(quote):
            parts.append(Padding(_said(told, style="yellow"), (0, 0, 0, 4)))
    return parts


def _said(words: str, style: str = "") -> Text:
    """Return words from documents or models, without what a terminal would obey."""
    return Text(in_place(words), style=style)
