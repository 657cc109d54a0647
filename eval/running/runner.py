"""Ask every case of a set, and score the answers."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.cases.cases import Case, CaseSet, EvidenceSpans, case_fields
from eval.cases.evidence import resolve_each
from eval.measuring.metrics import score
from eval.measuring.stages import stage
from eval.running.claims import check_claim
from eval.running.record import (
    SCHEMA,
    Conditions,
    DocumentRecord,
    LibraryRecord,
    Repeat,
    Result,
    Run,
    SetRecord,
    alone,
    append,
    resume,
    write_run,
)
from eval.running.summary import summarise
from eval.running.versions import versions, weights_hash
from index.documents import Span
from index.errors import UserError
from index.printable import without_password
from rag.answerability.reader import READER
from rag.program import code_hash
from rag.writing.own.llama_cpp import CONTEXT_TOKENS

if TYPE_CHECKING:
    from eval.running.judge import Judge
    from eval.running.replies import Replies
    from rag.asking.rewrite import Turn
    from rag.assistant import Assistant
    from rag.config import Settings

Progress = Callable[[int, int], None]
"""Called with the number of cases done, and the number of all cases."""


def run(
    case_set: CaseSet,
    assistant: Assistant,
    *,
    use_llm: bool = True,
    out: Path | None = None,
    progress: Progress = lambda *_: None,
    repeats: int = 1,
    replies: Replies | None = None,
    judge: Judge | None = None,
) -> Run:
    """Ask each case `repeats` times, and write the run to `out`.

    Until then, results are collected in `out`.partial, and a stopped run resumes from there. If
    cases ended in an error, that file stays, and running the set again asks only those cases. A
    case whose evidence is gone from its document ends in an error; the others are still asked. With
    `replies`, requests that the language model has answered before are taken from there.

    Raises UserError when the set does not fit the library, a file cannot be written, or the
    assistant cannot work.
    """
    facts, moved, gone = resolve_each(case_set, assistant.library)
    conditions = describe(
        case_set, assistant, use_llm=use_llm, repeats=repeats, moved=moved, judge=judge
    )
    asking = Asking(assistant, use_llm=use_llm, repeats=repeats, replies=replies, judge=judge)
    total = len(case_set.cases)
    partial = Path(f"{out}.partial") if out else None
    with alone(out) if out else nullcontext():
        done = resume(partial, conditions) if partial else []
        results = {each.id: each for each in done if each.error is None}
        for case in case_set.cases:
            if (known := results.get(case.id)) and known.answer:
                asking.answers[(*case_set.before(case), case)] = known.answer
        for number, case in enumerate(case_set.cases):
            progress(number, total)
            if case.id not in results:
                results[case.id] = (
                    _not_asked(case, f"{case_set.path.name}, {gone[case.id]}")
                    if case.id in gone
                    else asking.result(case, facts[case.id], case_set.before(case))
                )
                if partial:
                    append(partial, results[case.id])
        progress(total, total)
        ordered = tuple(results[case.id] for case in case_set.cases)
        finished = Run(**vars(conditions), metrics=summarise(ordered), results=ordered)
        if out and partial:
            write_run(out, finished)
            if not finished.errors:
                partial.unlink()
    return finished


def describe(
    case_set: CaseSet,
    assistant: Assistant,
    *,
    use_llm: bool,
    repeats: int = 1,
    moved: tuple[str, ...] = (),
    judge: Judge | None = None,
) -> Conditions:
    """Return the conditions under which a run would be made.

    Raises UserError for a library without documents, which could only refuse every question.
    """
    settings, library = assistant.settings, assistant.library
    entries = sorted(library.entries(), key=lambda entry: entry.id)
    if not entries:
        raise UserError(f"The library {library.place} is empty. Fill it with `footnoted add`.")
    must_pass = tuple(case.id for case in case_set.cases if case.must_pass)
    documents = tuple(DocumentRecord(each.id, each.title, each.sha256) for each in entries)
    count = len(case_set.cases)
    code = code_hash("index", "rag", "eval")
    return Conditions(
        SCHEMA,
        SetRecord(case_set.name, case_set.sha256, count, must_pass, case_set.drafts, moved),
        LibraryRecord(documents, library.fingerprint),
        _models(settings, use_llm) | {"judge": judge.name if judge else None, "code": code},
        versions=versions(),
        repeats=repeats,
    )


def _models(settings: Settings, use_llm: bool) -> dict[str, Any]:
    """Return the weights and settings that the answers depend on."""
    llm = settings.llm if use_llm and settings.writes else None
    return {
        "embedding": settings.embedding,
        "embedding_sha256": weights_hash(settings.embedding),
        "reranker": settings.reranker,
        "reranker_sha256": weights_hash(settings.reranker),
        "reader_sha256": weights_hash(READER),
        "llm": llm,
        "llm_sha256": weights_hash(llm) if llm and not settings.llm_url else None,
        "llm_url": without_password(settings.llm_url) if settings.llm_url else None,
        "quotes": settings.quotes,
        "sentences": settings.sentences,
    }


def _not_asked(case: Case, why: str) -> Result:
    return Result(case.id, {}, None, stage="error", error=why, case=case_fields(case))


class Asking:
    """Asks the cases of a run; see `run`."""

    def __init__(
        self,
        assistant: Assistant,
        *,
        use_llm: bool = True,
        repeats: int = 1,
        replies: Replies | None = None,
        judge: Judge | None = None,
    ) -> None:
        """Take the assistant. With `replies`, each repeat gets an assistant of its own."""
        self.library = assistant.library
        self.assistants = [assistant] * repeats
        if replies:
            settings = assistant.settings
            # All that a reply depends on besides the request itself.
            served = f"{versions()['xllamacpp']} {CONTEXT_TOKENS} each alone"
            weights = f"{settings.llm_url} {settings.llm} {weights_hash(settings.llm)} {served}"
            self.assistants = [
                assistant.with_llm(partial(replies.wrap, weights=weights, again=number))
                for number in range(repeats)
            ]
        self.answers: dict[tuple[Case, ...], dict[str, Any]] = {}
        """The answers so far, by a case and those before it: later turns need them as history."""
        self.replies = replies
        self.use_llm = use_llm
        self.judge = judge

    def result(self, case: Case, facts: EvidenceSpans, before: Sequence[Case] = ()) -> Result:
        """Ask a case, after those that come before it in the same conversation.

        An exception other than UserError becomes this case's error, so that the run continues.
        """
        kept = case_fields(case)
        used = self.replies.used if self.replies else 0
        try:
            first, *others = (self._scored(each, case, facts, before) for each in self.assistants)
        except UserError:
            raise  # The set-up is wrong, for this case and all others.
        except Exception as error:  # noqa: BLE001  reported as the case's error, with its place
            where = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(where.filename).name}, line {where.lineno}"
            message = f"{type(error).__name__}: {error} ({place})"
            return _not_asked(case, message)
        times = [first, *others]
        repeats = tuple(Repeat(each.passed, each.shown) for each in others)
        cached = bool(self.replies and self.replies.used > used)
        made = replace(first, case=kept, evidence=facts, repeats=repeats, cached=cached)
        if broken := next((each for each in times if each.error is not None), None):
            return replace(made, error=broken.error, stage="error")
        failed = next((each.stage for each in times if each.stage), None)
        return replace(made, stage=None if made.passed else failed)

    def _scored(
        self, assistant: Assistant, case: Case, facts: EvidenceSpans, before: Sequence[Case]
    ) -> Result:
        if case.claim:
            given, verdict = check_claim(assistant, case.claim)
            answer = given.as_json() | {"verdict": verdict}
        else:
            given = assistant.ask(case.question, self._history(case, before), use_llm=self.use_llm)
            answer = given.as_json()
            if not given.llm_failed:
                self.answers.setdefault((*before, case), answer)
        if given.llm_failed:
            return Result(case.id, {"passed": False}, answer, stage="error", error=given.message)
        scores = score(case, facts, answer, lambda name: self.library.document(name).text)
        if self.judge and not given.refused:
            scores[self.judge.name] = self.judge(case, answer)
        passages: list[Span] = []
        if not scores["passed"]:
            hits = self.library.search(given.standalone_question, given.searched)
            passages = [hit.passage.span for hit in hits]
        quotes = [quote.span for quote in given.quotes]
        failed = stage(case, facts, scores, quotes, passages)
        return Result(case.id, scores, answer, given.explanation(), failed)

    def _history(self, case: Case, before: Sequence[Case]) -> list[Turn]:
        """Return the conversation before a case; in a dialogue, with the program's own answers.

        An earlier turn without an answer (left out, or ended in an error) is asked now. Raises
        NotAnswered if that fails.
        """
        said = list(case.written)
        for at, each in enumerate(before, 1):
            until = tuple(before[:at])
            if until not in self.answers:
                given = self.assistants[0].ask(each.question, said, use_llm=self.use_llm)
                if given.llm_failed:
                    raise NotAnswered(f"the turn before it, {each.id}: {given.message}")
                self.answers[until] = given.as_json()
            said += [("user", each.question), ("assistant", self.answers[until]["answer"])]
        return said


class NotAnswered(Exception):
    """An earlier turn has no answer, so a later one cannot be asked."""
