"""The verdict on a sentence that was checked, and its JSON form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from index.documents import Document
from index.library import Library
from rag.checking.draft import statements
from rag.quote import Quote
from rag.verifying.judge import Verdict

VERDICTS: dict[Verdict, str] = {
    "supported": "Supported",
    "contradicted": "Contradicted",
    "in_part": "Supported in part",
    "unsure": "Unsure",
    "not_in_sources": "Not in the sources",
    "not_checkable": "Not checkable in its language",
    "nothing_to_check": "Nothing to check",
}
"""Each verdict as people read it."""


def verdict_named(name: str) -> Verdict | None:
    """Return the verdict with a name that comes from outside, or None if there is none."""
    return next((each for each in VERDICTS if each == name), None)


SCHEMA = 1
"""The version of the JSON form; it rises when a field changes its meaning or is removed."""


@dataclass(frozen=True, slots=True)
class Quotation:
    """Words of a draft in quotation marks, and where a source has them.

    `found` is the place of the same words, or of those that come nearest; `differs` says how the
    source's words differ, if they do.
    """

    start: int
    end: int
    found: Quote | None
    differs: tuple[str, ...] = ()

    @property
    def verbatim(self) -> bool:
        """Whether a source has exactly these words."""
        return self.found is not None and not self.differs


@dataclass(frozen=True, slots=True)
class Overruled:
    """The verdict that a person put in place of another, why, and when (ISO 8601, in UTC)."""

    verdict: Verdict
    note: str
    at: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A sentence of a draft, `draft.text[start:end]`, with its verdict and what it rests on.

    Depending on the verdict, `quotes` bear it out, contradict it, do both or come nearest.
    `differs` is what the quotes say otherwise, or do not say, for people to read; `unproven` are
    the places of these words in the draft. `probability` is how sure it is that the quotes bear the
    sentence out.
    """

    start: int
    end: int
    verdict: Verdict
    quotes: tuple[Quote, ...] = ()
    differs: tuple[str, ...] = ()
    unproven: tuple[tuple[int, int], ...] = ()
    quotations: tuple[Quotation, ...] = ()
    probability: float = 0.0
    found: tuple[Quote, ...] = ()
    """All quotes that were found for it, best first."""
    overruled: Overruled | None = None
    words: str = ""
    """The sentence on one line, as a reader sees it; it is recognized by this in any draft."""

    @property
    def stands(self) -> Verdict:
        """The verdict that counts: a person's, if there is one."""
        return self.overruled.verdict if self.overruled else self.verdict

    @property
    def fails(self) -> bool:
        """Whether it holds the text back: no source surely says so, or one says otherwise."""
        return self.stands in ("contradicted", "unsure", "not_in_sources", "not_checkable")


def words_of(draft: Document, checked: Checked) -> str:
    """Return a sentence's words on one line, as a reader sees them."""
    return checked.words or " ".join(draft.text[checked.start : checked.end].split())


def counts(checked: Sequence[Checked]) -> dict[Verdict, int]:
    """Return how many sentences have each verdict, counting a person's in place of ours."""
    return {name: sum(each.stands == name for each in checked) for name in VERDICTS}


def left(draft: Document, checked: Sequence[Checked]) -> int:
    """Return how many sentences of a draft have not been checked yet."""
    return len(statements(draft)) - len(checked)


def as_json(draft: Document, checked: Sequence[Checked]) -> dict[str, Any]:
    """Return what `footnoted check --json` prints of a checked draft.

    `left` is how many sentences were not checked: a check can be stopped.
    """
    return {
        "schema": SCHEMA,
        "draft": {"name": draft.name, "title": draft.title, "sha256": draft.sha256},
        "counts": counts(checked),
        "left": left(draft, checked),
        "sentences": [sentence_as_json(draft, each) for each in checked],
    }


def sentence_as_json(draft: Document, checked: Checked) -> dict[str, Any]:
    """Return one sentence of a checked draft as it appears in `as_json`."""
    return {
        "start": checked.start,
        "end": checked.end,
        "text": draft.text[checked.start : checked.end],
        "verdict": checked.verdict,
        "overruled": checked.overruled and asdict(checked.overruled),
        "probability": round(checked.probability, 3),
        "quotes": [each.as_json() for each in checked.quotes],
        "differs": list(checked.differs),
        "unproven": [list(each) for each in checked.unproven],
        "quotations": [
            {
                "start": each.start,
                "end": each.end,
                "verbatim": each.verbatim,
                "found": each.found and each.found.as_json(),
                "differs": list(each.differs),
            }
            for each in checked.quotations
        ],
    }


def sentence_from_json(fields: Mapping[str, Any], library: Library, start: int) -> Checked:
    """Return a sentence from its JSON, moved to `start` in a draft; its quotes are proven again.

    A person's verdict, and what was found besides the quotes, are not restored.

    Raises UserError when a document is not in the library any more.
    """
    moved = start - fields["start"]

    def proven(quote: Mapping[str, Any]) -> Quote:
        marks = tuple((first, last) for first, last in quote["marks"])
        document = library.document(quote["document"]["id"])
        return Quote(
            document, quote["start"], quote["end"], quote["score"], quote["heading"], marks
        )

    def quotation(of: Mapping[str, Any]) -> Quotation:
        found = of["found"] and proven(of["found"])
        return Quotation(of["start"] + moved, of["end"] + moved, found, tuple(of["differs"]))

    return Checked(
        start,
        fields["end"] + moved,
        fields["verdict"],
        tuple(map(proven, fields["quotes"])),
        tuple(fields["differs"]),
        tuple((first + moved, last + moved) for first, last in fields["unproven"]),
        tuple(map(quotation, fields["quotations"])),
        fields["probability"],
    )
