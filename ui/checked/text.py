"""A checked sentence as text for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from index.documents import Document
from index.printable import number_of, visible
from rag.checking.verdict import VERDICTS, Checked, Quotation, counts, left, words_of
from rag.verifying.judge import Verdict
from ui.conversations.text import place

STYLES: dict[Verdict, str] = {
    "supported": "green",
    "contradicted": "bold red",
    "in_part": "yellow",
    "unsure": "blue",
    "not_in_sources": "magenta",
    "not_checkable": "magenta",
    "nothing_to_check": "dim",
}


def checked_text(draft: Document, checked: Checked) -> Group:
    """Return a sentence with its verdict, what differs, and the quotes that show it."""
    style = STYLES[checked.stands]
    words = visible(words_of(draft, checked))
    parts: list[Text | Padding] = [Text.assemble((f"{VERDICTS[checked.stands]}: ", style), words)]
    parts += [
        Padding(Text(visible(difference), style="yellow"), (0, 0, 0, 2))
        for difference in differences(checked)
    ]
    for quote in checked.quotes if checked.verdict != "nothing_to_check" else ():
        where = Text(visible(place(quote)), style="dim")
        parts.append(Padding(where, (0, 0, 0, 2)))
        quoted = f"“{visible(' '.join(quote.text.split()))}”"
        parts.append(Padding(Text(quoted), (0, 0, 0, 2)))
    return Group(*parts)


def differences(checked: Checked) -> list[str]:
    """Return what a sentence has otherwise than its quotes, or beyond them, in words."""
    found = []
    if checked.overruled:
        found.append(
            f"Overruled, it was “{VERDICTS[checked.verdict]}”: {checked.overruled.note} "
            f"({checked.overruled.at[:10]})."
        )
    if checked.differs:
        what = "Otherwise" if checked.verdict == "contradicted" else "No quote bears out"
        found.append(f"{what}: {'; '.join(checked.differs)}.")
    return found + [each for quotation in checked.quotations for each in _quotation(quotation)]


def _quotation(quotation: Quotation) -> list[str]:
    if quotation.found is None:
        return ["The words in quotation marks stand in no source."]
    if quotation.verbatim:
        return []
    return [f"Not to the letter: {'; '.join(quotation.differs)} ({place(quotation.found)})."]


def summary(draft: Document, checked: Sequence[Checked]) -> str:
    """Return how many sentences got which verdict, and how many of the draft's got none yet."""
    parts = ", ".join(
        f"{count} {VERDICTS[name].lower()}" for name, count in counts(checked).items() if count
    )
    if not checked:
        return "There is no sentence to check."
    more = left(draft, checked)
    return f"{number_of(len(checked), 'sentence')}: {parts}." + (
        f" {more} were not checked yet." if more else ""
    )
