"""A checked text as HTML: functions from values to strings."""

from __future__ import annotations

from collections.abc import Sequence

from index.documents import Document
from rag.checking.draft import Statement
from rag.checking.verdict import VERDICTS, Checked, counts
from ui.checked.export import paragraphs
from ui.checked.text import differences, summary
from ui.drawing.jinja import draw


def checked(
    draft: Document, done: Sequence[Checked], left: Sequence[Statement], *, runs: bool
) -> str:
    """Return a draft with the verdicts so far, and with the sentences that are left."""
    numbers = {id(each): number for number, each in enumerate(done, 1)}
    return draw(
        "checked.html",
        "checked",
        draft.text,
        paragraphs(draft, [*done, *left]),
        done,
        {id(each): differences(each) for each in done},
        numbers,
        id,
        VERDICTS,
        counts(done),
        len(done) + len(left),
        runs,
        "" if runs else summary(draft, done),
    )
