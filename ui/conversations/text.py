"""An answer as text for the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from index.printable import in_place
from rag.answer import Answer, AnswerSentence
from rag.answerability.gate import Decision
from rag.quote import Quote
from rag.turns import Queued
from rag.writing.retry import Waiting
from ui.conversations.citing import where
from ui.words.words import _, days, ngettext, noted, quoted

NOTHING_NEAR = noted("No passage comes close.")
"""Said with a refusal if that is so."""


LISTED = 3
"""An answer of more sentences than this is set as a list."""


def lines(answer: Answer) -> list[list[AnswerSentence]]:
    """Return an answer's sentences by the lines in which they are set, here and in the window."""
    said = [each for line in answer.lines for each in line]
    return [[each] for each in said] if len(said) > LISTED else answer.lines


def pieces(quote: Quote) -> Iterator[tuple[str, bool]]:
    """Yield a quote's text piece by piece, and whether each piece answers the question."""
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

    A refusal comes with the nearest quote instead, if there is one.
    """
    parts: list[Text | Padding] = []
    if answer.standalone_question != answer.question:
        words = _("Understood as: %(question)s", question=answer.standalone_question)
        parts.append(_said(words, style="dim"))
    parts.append(_said(answer.text, style="" if answer.refused else "bold"))
    dropped = sum(not sentence.supported for sentence in answer.sentences)
    if dropped:
        what = ngettext(
            "%(num)s sentence was left out, because the quotes do not support it.",
            "%(num)s sentences were left out, because the quotes do not support them.",
            dropped,
        )
        parts.append(Text(what, style="yellow"))
    if answer.nearest:
        parts.append(Text(f"\n{answer.phrase('nearest')}"))
        parts += _notes((answer.nearest.quote,))
        if answer.nearest.left_open:
            parts.append(_said(answer.nearest.left_open))
    elif answer.refused and answer.quotes:
        parts.append(Text(_(NOTHING_NEAR)))
    elif answer.citations:
        parts.append(Text())
        parts += _notes(answer.citations)
    return Group(*parts)


def decision_text(answer: Answer) -> Group:
    """Return why a question was answered or refused: each quote considered, with its signals."""
    decision, route = answer.decision, answer.route
    taken = _("answered by %(way)s.", way=answer.way) if answer.way else _("not answered.")
    if route:
        sure = f"{route.probability:.2f}"
        kind = _("Taken for %(kind)s (probability %(probability)s),", kind=route, probability=sure)
        taken = f"{kind} {taken}"
    if decision is None:
        nothing = _("Nothing was weighed for this answer.")
        return Group(Text(f"\n{taken}\n{nothing}", style="dim"))
    parts: list[Text | Padding] = [Text(f"\n{taken}", style="dim")]
    parts.append(Text(f"\n{_why(answer, decision)}"))
    for number, each in enumerate(decision.readings, 1):
        weighed = ", ".join(
            f"{_(signal.metadata['title'])} {value:+.1f}"
            for signal in fields(each.signals)
            if (value := getattr(each.signals, signal.name)) is not None
        )
        sure = _("probability %(probability)s", probability=f"{each.probability:.2f}")
        signals = f"[{number}] {sure}: {weighed}"
        if each.quote.words:
            signals += _(", read “%(words)s”", words=" ".join(each.quote.words.split()))
        parts.append(_said(signals, style="cyan"))
        parts.append(Padding(_said(each.quote.text), (0, 0, 0, 4)))
    unread = len(answer.quotes) - len(decision.readings)
    if unread > 0:
        further = ngettext(
            "%(num)s further quote was found and not weighed.",
            "%(num)s further quotes were found and not weighed.",
            unread,
        )
        parts.append(Text(further, style="dim"))
    return Group(*parts)


def _why(answer: Answer, decision: Decision) -> str:
    sure = {"best": f"{decision.probability:.2f}", "least": f"{decision.threshold:.2f}"}
    why = (
        _(
            "Why it was refused: the best quote's probability is %(best)s, and %(least)s is "
            "needed.",
            **sure,
        )
        if answer.refused
        else _(
            "Why it was answered: the best quote's probability is %(best)s, and %(least)s is "
            "needed.",
            **sure,
        )
    )
    if answer.borne_out:
        return why
    not_borne_out = _(
        "The quotes do not support what was written from them, so %(least)s is needed.",
        least=f"{decision.sure_from:.2f}",
    )
    return f"{why} {not_borne_out}"


def place(quote: Quote) -> str:
    """Return a quote's place in words: document, page or line, heading, days, cell."""
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
    """Return a warning about words that the answer rests on but that were hard to read, or ""."""
    words = ", ".join(map(quoted, quote.uncertain))
    said = _("Hard to read in the picture: %(words)s. Compare with the page.", words=words)
    return said if words else ""


def waits(event: Waiting | Queued) -> str:
    """Return what a question waits for."""
    if isinstance(event, Waiting):
        seconds = math.ceil(event.seconds)
        words = _("The language model %(why)s: trying again in %(seconds)s s.")
        return words % {"why": event.why, "seconds": seconds}
    if not event.before:
        return _("No questions are ahead of this one.")
    return ngettext(
        "%(num)s question is ahead of this one.",
        "%(num)s questions are ahead of this one.",
        event.before,
    )


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
    """Return text from documents or models without control characters for the terminal."""
    return Text(in_place(words), style=style)
