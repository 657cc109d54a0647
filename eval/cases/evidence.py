"""Find the evidence of cases in a library, even after a document has changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from eval.cases.cases import Area, Case, CaseSet, Evidence, EvidenceSpans, Problem
from index.documents import Document, Span, occurrences, source_name
from index.errors import UserError
from index.printable import shortened
from index.storage.database import option

if TYPE_CHECKING:
    from index.library import Library
    from index.storage.store import Entry

ALIKE = 60
"""The similarity (0 to 100) that a place needs in order to be shown as the nearest match."""

SHOWN = 80
"""How many characters of a text a message shows."""

_short = partial(shortened, length=SHOWN)


@dataclass(frozen=True, slots=True)
class Found:
    """A piece of evidence in a document; `moved` if the document changed but kept its words."""

    span: Span
    document: Document
    moved: bool = False


class NotFound(UserError):
    """Evidence that is not where a case says; the message says what to do."""


class NoDocument(NotFound):
    """Evidence in a document that is not in the library."""


def resolve(
    case_set: CaseSet, library: Library
) -> tuple[dict[str, EvidenceSpans], tuple[str, ...]]:
    """Return the evidence of each case, by the case's id: for each fact, its places.

    Also return the ids of the cases that moved: a document of their evidence changed, and the
    evidence was found again by its words.

    Raises UserError when a document is not in the library or does not hold the evidence.
    """
    facts, moved, gone = resolve_each(case_set, library)
    if gone:
        raise _all_wrong(case_set, list(gone.values()))
    return facts, moved


def resolve_each(
    case_set: CaseSet, library: Library
) -> tuple[dict[str, EvidenceSpans], tuple[str, ...], dict[str, Problem]]:
    """Return what `resolve` does, and by id the cases whose evidence is gone from its document.

    Raises UserError when a document is not in the library, or when no case has its evidence left.
    """
    resolved, problems = find_all(case_set, library)
    ids = {line: case.id for case, line in zip(case_set.cases, case_set.lines, strict=True)}
    gone: dict[str, Problem] = {}
    for each in problems:
        gone.setdefault(ids[each.line], each)  # Only a case's first problem is reported.
    proven = any(case.evidence for name, (case, _) in resolved.items() if name not in gone)
    absent = [each for each in problems if each.no_document]
    if absent or (gone and not proven):
        raise _all_wrong(case_set, absent or problems)
    facts = {
        name: _facts(case, found) for name, (case, found) in resolved.items() if name not in gone
    }
    moved = (name for name, (_, found) in resolved.items() if any(each.moved for each in found))
    return facts, tuple(moved), gone


def _all_wrong(case_set: CaseSet, problems: Sequence[Problem]) -> UserError:
    more = len(problems) - 1
    rest = f" ({more} more: `footnoted eval check` lists all.)" if more else ""
    return UserError(f"{case_set.path.name}, {problems[0]}{rest}")


def fits(case_set: CaseSet, entries: Iterable[Entry]) -> bool:
    """Whether a library has every document of a set's evidence, by the hash or by a name."""
    here = {
        name
        for each in entries
        for name in (each.sha256, each.id, each.title, each.source, source_name(each.source))
    }
    evidence = (each for case in case_set.cases for each in case.evidence)
    return all(each.sha256 in here or each.document in here for each in evidence)


def find_all(
    case_set: CaseSet, library: Library
) -> tuple[dict[str, tuple[Case, list[Found]]], list[Problem]]:
    """Return each case with the evidence found, and a problem for each item not found."""
    shelf = _Shelf(library)
    resolved: dict[str, tuple[Case, list[Found]]] = {}
    problems: list[Problem] = []
    for case, line in zip(case_set.cases, case_set.lines, strict=True):
        found: list[Found] = []
        for evidence in case.evidence:
            try:
                found.append(shelf.find(evidence))
            except UserError as error:
                problems.append(Problem(line, str(error), isinstance(error, NoDocument)))
        resolved[case.id] = case, found
    return resolved, problems


def pinned(case: Case, found: list[Found]) -> Case:
    """Return the case with the hash, offsets and words of its evidence brought up to date."""
    return replace(
        case,
        evidence=tuple(
            replace(
                evidence,
                sha256=at.document.sha256,
                start=at.span.start,
                end=at.span.end,
                quote=None if evidence.area else at.document.text[at.span.start : at.span.end],
            )
            for evidence, at in zip(case.evidence, found, strict=True)
        ),
    )


def locate(evidence: Evidence, document: Document) -> Span:
    """Return the place of the evidence in the document that it was written for.

    Raises NotFound when the place is outside the text, or the quote is not there exactly once.
    """
    text, quote, name = document.text, evidence.quote, evidence.document
    if evidence.start is None or evidence.end is None:
        return _by_words(evidence, document)
    where = f"{evidence.start}-{evidence.end}"
    if evidence.end > len(text):
        nearest = _nearest(document, quote, evidence.start) if quote else "."
        raise NotFound(
            f"evidence {where} is outside of {name}, which has {len(text)} characters{nearest}"
        )
    said = text[evidence.start : evidence.end]
    if quote is not None and said != quote:
        nearest = _nearest(document, quote, evidence.start)
        raise NotFound(
            f"evidence {where} of {name} says “{_short(said)}”, not “{_short(quote)}”{nearest}"
        )
    return (Area if evidence.area else Span)(document.id, evidence.start, evidence.end)


class _Shelf:
    """The documents of a library, by the names that evidence uses. Each is read once."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._here = {entry.sha256 for entry in library.entries()}
        self._read: dict[str, Document] = {}

    def find(self, evidence: Evidence) -> Found:
        # The hash identifies the text, whatever the file is called now.
        if evidence.sha256 in self._here:
            document = self._document(evidence.sha256)
            return Found(locate(evidence, document), document)
        try:
            document = self._document(evidence.document)
        except UserError as error:
            raise NoDocument(
                f"{error} Add what is missing with "
                f"`footnoted add {evidence.document} {option(self._library.place)}`."
            ) from error
        if evidence.sha256 is None:
            return Found(locate(evidence, document), document)
        if evidence.quote is None:
            raise NotFound(
                f"the document {evidence.document} changed, and the evidence "
                f"{evidence.start}-{evidence.end} cannot be found again without its words: it was "
                f"written for the text {evidence.sha256[:12]}…, and the library has "
                f"{document.sha256[:12]}…. Give the quote."
            )
        at = evidence.start
        if at is not None and document.text.startswith(evidence.quote, at):
            # Still at its offset: this is the place, even if the words occur elsewhere too.
            kind = Area if evidence.area else Span
            place = kind(document.id, at, at + len(evidence.quote))
            return Found(place, document, moved=True)
        return Found(_by_words(evidence, document), document, moved=True)

    def _document(self, name: str) -> Document:
        if name not in self._read:
            self._read[name] = self._library.find(name)
        return self._read[name]


def _by_words(evidence: Evidence, document: Document) -> Span:
    quote = evidence.quote
    if quote is None:
        raise ValueError(evidence)
    places = list(occurrences(document.text, quote))
    if not places:
        nearest = _nearest(document, quote, evidence.start or 0)
        raise NotFound(f"nothing in {evidence.document} reads “{_short(quote)}”{nearest}")
    if len(places) > 1:
        listed = ", ".join(f"{at}-{at + len(quote)}" for at in places[:5])
        raise NotFound(
            f"{len(places)} places in {evidence.document} read “{_short(quote)}” ({listed}): "
            "give start and end."
        )
    kind = Area if evidence.area else Span
    return kind(document.id, places[0], places[0] + len(quote))


def _nearest(document: Document, quote: str, start: int) -> str:
    """Return the end of an error message: where the words are, or the most similar text."""
    places = sorted(occurrences(document.text, quote), key=lambda at: abs(at - start))
    if places:
        return f"; the nearest match is {places[0]}-{places[0] + len(quote)}."
    from rapidfuzz.fuzz import partial_ratio_alignment

    found = partial_ratio_alignment(quote, document.text, score_cutoff=ALIKE)
    if found is None or found.dest_start == found.dest_end:
        return ", nor anything like it."
    like = document.text[found.dest_start : found.dest_end]
    return f"; the nearest match is {found.dest_start}-{found.dest_end}: “{_short(like)}”."


def _facts(case: Case, found: list[Found]) -> EvidenceSpans:
    facts: dict[int, list[Span]] = {}
    for evidence, at in zip(case.evidence, found, strict=True):
        facts.setdefault(evidence.fact, []).append(at.span)
    return tuple(tuple(facts[fact]) for fact in sorted(facts))
