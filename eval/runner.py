"""Asking every case of a set and scoring what comes back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from eval.cases import Case, CaseSet, Facts, resolve
from eval.metrics import score
from eval.record import (
    SCHEMA,
    Conditions,
    DocumentRecord,
    LibraryRecord,
    Result,
    Run,
    SetRecord,
    append,
    resume,
    write_run,
)
from eval.summary import summarise
from index.errors import UserError

if TYPE_CHECKING:
    from rag.assistant import Assistant

Progress = Callable[[int, int], None]
"""Called with how many cases are done, and how many there are."""


def run(
    case_set: CaseSet,
    assistant: Assistant,
    *,
    use_llm: bool = True,
    out: Path | None = None,
    progress: Progress = lambda *_: None,
) -> Run:
    """Ask each case, and write the run to `out`.

    What is done is kept in `out`.partial until then, and a stopped run goes on from there.

    Raises UserError when the set does not fit the library, a file cannot be written, or the
    assistant cannot work.
    """
    evidence = resolve(case_set, assistant.library)
    conditions = describe(case_set, assistant, use_llm=use_llm)
    partial = Path(f"{out}.partial") if out else None
    results = {done.id: done for done in resume(partial, conditions)} if partial else {}
    total = len(case_set.cases)
    for number, case in enumerate(case_set.cases):
        progress(number, total)
        if case.id in results:
            continue
        results[case.id] = _ask(case, evidence[case.id], assistant, use_llm)
        if partial:
            append(partial, results[case.id])
    progress(total, total)
    ordered = tuple(results[case.id] for case in case_set.cases)
    metrics = summarise([each.scores for each in ordered], [each.answer for each in ordered])
    finished = Run(**vars(conditions), metrics=metrics, results=ordered)
    if out and partial:
        write_run(out, finished)
        partial.unlink()
    return finished


def describe(case_set: CaseSet, assistant: Assistant, *, use_llm: bool) -> Conditions:
    """Return what a run would be made with.

    Raises UserError for a library without documents, which would only be refused everything.
    """
    settings, library = assistant.settings, assistant.library
    entries = sorted(library.entries(), key=lambda entry: entry.id)
    if not entries:
        raise UserError(f"The library {library.folder} is empty. Fill it with `footnoted add`.")
    must_pass = tuple(case.id for case in case_set.cases if case.must_pass)
    return Conditions(
        SCHEMA,
        SetRecord(case_set.name, case_set.sha256, len(case_set.cases), must_pass),
        LibraryRecord(tuple(DocumentRecord(each.id, each.title, each.sha256) for each in entries)),
        {
            "embedding": settings.embedding,
            "reranker": settings.reranker,
            "llm": settings.llm if use_llm and settings.llm != "none" else None,
            "llm_url": settings.llm_url,
            "quotes": settings.quotes,
            "version": _version(),
            "code": _code(),
        },
    )


def _ask(case: Case, facts: Facts, assistant: Assistant, use_llm: bool) -> Result:
    given = assistant.ask(case.question, case.turns, use_llm=use_llm)
    answer, library = given.as_json(), assistant.library
    scores = score(case, facts, answer, lambda name: library.document(name).text)
    return Result(case.id, scores, answer, given.decision.as_json() if given.decision else None)


def _version() -> str:
    try:
        return version("footnoted")
    except PackageNotFoundError:
        return "not installed"


def _code() -> str:
    """Return a hash of the program's text: a run is not to go on with half-changed code."""
    digest = hashlib.sha256()
    for folder in ("index", "rag", "eval"):
        for path in sorted((Path(__file__).parents[1] / folder).glob("*.py")):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]
