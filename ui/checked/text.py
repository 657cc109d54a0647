"""A checked sentence as text for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from index.documents import Document
from index.printable import visible
from rag.checking.verdict import VERDICTS, Checked, Quotation, counts, left, words_of
from rag.verifying.judge import Verdict
from ui.conversations.text import place
from ui.words.words import _, ngettext, quoted

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
    style, verdict = STYLES[checked.stands], _(VERDICTS[checked.stands])
    sentence = Text.assemble((f"{verdict}: ", style), visible(words_of(draft, checked)))
    below = [Text(visible(difference), style="yellow") for difference in differences(checked)]
    for quote in checked.quotes if checked.verdict != "nothing_to_check" else ():
        below.append(Text(visible(place(quote)), style="dim"))
        below.append(Text(quoted(visible(" ".join(quote.text.split())))))
    return Group(sentence, *(Padding(each, (0, 0, 0, 2)) for each in below))


def differences(checked: Checked) -> list[str]:
    """Return, in words, how a sentence differs from its quotes or goes beyond them."""
    found = []
    if checked.overruled:
        found.append(
            _(
                "Overruled, it was “%(verdict)s”: %(note)s (%(day)s).",
                verdict=_(VERDICTS[checked.verdict]),
                note=checked.overruled.note,
                day=checked.overruled.at[:10],
            )
        )
    if checked.differs:
        is_otherwise = checked.verdict == "contradicted"
        what = _("What differs: %(what)s.") if is_otherwise else _("No quote supports: %(what)s.")
        found.append(what % {"what": "; ".join(checked.differs)})
    return found + [each for quotation in checked.quotations for each in _quotation(quotation)]


def _quotation(quotation: Quotation) -> list[str]:
    if quotation.found is None:
        return [_("The words in quotation marks are in none of the sources.")]
    if quotation.verbatim:
        return []
    differs, where = "; ".join(quotation.differs), place(quotation.found)
    return [_("Not word for word: %(what)s (%(place)s).", what=differs, place=where)]


def summary(draft: Document, checked: Sequence[Checked]) -> str:
    """Return the number of sentences with each verdict, and of those not checked yet."""
    found = {name: count for name, count in counts(checked).items() if count}
    named = {name: _(VERDICTS[name]) for name in found}
    parts = ", ".join(f"{found[name]} {each[:1].lower()}{each[1:]}" for name, each in named.items())
    if not checked:
        return _("There is no sentence to check.")
    more = left(draft, checked)
    told = ngettext(
        "%(num)s sentence: %(verdicts)s.",
        "%(num)s sentences: %(verdicts)s.",
        len(checked),
        verdicts=parts,
    )
    unchecked = ngettext("%(num)s were not checked yet.", "%(num)s were not checked yet.", more)
    return f"{told} {unchecked}" if more else told
