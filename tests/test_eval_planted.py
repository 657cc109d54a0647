"""Regressions that were planted are caught, and put down to the stage that they were planted in.

With real weights: a tenth of the shipped set without the language model, and a few cases with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from eval.cases.cases import SETS, CaseSet, load_set
from eval.comparing.baseline import FAILED, PASSED, judge
from eval.comparing.compare import compare
from eval.running.record import Bounds, Run
from eval.running.runner import run
from index.documents import Document, Passage
from index.library import Library
from index.loading.load import load_bytes
from index.split import split
from index.weights.reader import Read
from rag.answerability import gate
from rag.answerability.reader import Reader
from rag.assistant import Assistant
from rag.config import Settings
from rag.finding.rerank import Reranker
from rag.writing import prompts
from rag.writing.llm import Writer
from tests.conftest import OpenLibrary
from tests.networks import forget
from ui.reports.html import html, texts_of
from ui.reports.markdown import markdown

pytestmark = pytest.mark.weights

BUDGET = Bounds(budget=1)


def every_tenth() -> CaseSet:
    whole = load_set(SETS / "briefing.jsonl")
    return replace(whole, cases=whole.cases[::10], lines=whole.lines[::10])


def asked(settings: Settings, folder: Path, cases: CaseSet) -> Run:
    return run(cases, Assistant(settings.model_copy(update={"library": folder})))


@pytest.fixture(scope="module")
def baseline(settings: Settings, briefing_library: Library) -> Run:
    return replace(asked(settings, briefing_library.folder, every_tenth()), gate=BUDGET)


Asked = Callable[[], Run]


@pytest.fixture
def again(settings: Settings, briefing_library: Library) -> Asked:
    return lambda: asked(settings, briefing_library.folder, every_tenth())


def assert_caught(baseline: Run, candidate: Run, stage: str) -> None:
    """Assert that the run fails, and that the stage has grown most and is in the reports."""
    verdict = judge(candidate, baseline)
    assert verdict.code == FAILED
    assert verdict.comparison
    grown = {name: now - was for name, (was, now) in verdict.comparison.stages.items()}
    assert max(grown, key=grown.__getitem__) == stage, grown
    text = markdown(candidate, verdict)
    assert "Newly broken" in text
    assert stage in text
    page = html(candidate, verdict, baseline, lambda _: None)
    assert f"Stage</b> {stage}" in page
    assert verdict.comparison.broken[0].id in page


def test_nothing_changed(baseline: Run, again: Asked) -> None:
    forget()
    second = again()
    comparison = compare(baseline, second)
    assert (comparison.broken, comparison.mended, comparison.p) == ((), (), 1.0)
    assert {each.p for each in comparison.differences.values()} <= {1.0, None}
    assert judge(second, baseline).code == PASSED
    assert without_times(second) == without_times(baseline)


def without_times(run: Run) -> dict[str, Any]:
    told = json.loads(json.dumps(run.as_json()))
    for each in told["results"]:
        each["answer"].pop("timings")
    told["metrics"] = {name: each for name, each in told["metrics"].items() if "_s_p" not in name}
    return told | {"gate": None}


def test_the_reranker_is_off(baseline: Run, again: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn(_: Reranker, question: str, texts: list[str]) -> list[float]:
        return [crc32(text.encode()) % 100 / 10 for text in texts]  # as good as chance

    monkeypatch.setattr("rag.finding.rerank.Reranker.score", drawn)
    assert_caught(baseline, again(), "not_quoted")


@pytest.mark.slow
def test_the_splitter_leaves_passages_out(
    baseline: Run,
    settings: Settings,
    briefing: Document,
    open_library: OpenLibrary,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def every_second(document: Document) -> list[Passage]:
        return split(document)[::2]

    monkeypatch.setattr("index.library.split", every_second)
    open_library(tmp_path / "library").add(briefing)
    candidate = asked(settings, tmp_path / "library", every_tenth())
    assert_caught(baseline, candidate, "not_retrieved")


@pytest.mark.slow
def test_the_threshold_was_moved_up(
    baseline: Run, again: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "THRESHOLD", 0.9999)
    assert_caught(baseline, again(), "wrongly_refused")


@pytest.mark.slow
def test_the_threshold_was_moved_down(
    baseline: Run, again: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As many cases are mended as break: what catches it is a floor under the refusals.
    kept = baseline.metrics["refusal_recall"].value
    assert kept
    monkeypatch.setattr(gate, "THRESHOLD", 0.0)
    held = replace(baseline, gate=Bounds(floors={"refusal_recall": kept}))
    assert_caught(held, again(), "not_refused")


def test_the_reader_was_swapped(
    baseline: Run, again: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(_: Reader, question: str, texts: list[str], titles: list[str]) -> list[Read]:
        return [Read(-9.0, -9.0, 0, len(text)) for text in texts]  # finds no answer in any quote

    monkeypatch.setattr("rag.answerability.reader.Reader.read", nothing)
    assert_caught(baseline, again(), "wrongly_refused")


def test_the_document_was_edited(
    baseline: Run,
    settings: Settings,
    briefing: Document,
    open_library: OpenLibrary,
    tmp_path: Path,
) -> None:
    edited = load_bytes(briefing.text.replace("Dec. 15", "Dec. 16").encode(), "briefing.md")
    library = open_library(tmp_path / "library")
    library.add(edited)
    after = asked(settings, library.folder, every_tenth())
    gone = [
        case.id
        for case in every_tenth().cases
        if any("15" in (e.quote or "") for e in case.evidence)
    ]
    assert after.errors
    assert {each.id for each in after.errors} <= set(gone)
    assert "line 1: nothing in briefing.md reads “Dec. 15”; the nearest" in str(
        after.errors[0].error
    )
    # Cases whose evidence is found are compared, and the other document is told.
    comparison = compare(baseline, after)
    assert comparison.cases == len(baseline.results) - len(after.errors)
    assert set(comparison.skipped) == {each.id for each in after.errors}
    assert (
        "Changed in the library: China and Russia in Late 2021: A Briefing." in comparison.differs
    )


@pytest.mark.llm
@pytest.mark.slow
def test_the_prompt_became_worse(
    settings: Settings, briefing_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As where the reader is in doubt of everything, so that the language model decides: one that
    # has not learned to select sentences, and is told what to do by the prompt alone.
    monkeypatch.setattr(Writer, "selects", False)
    monkeypatch.setattr("rag.answering.evidence.DOUBT", (0.0, 1.0))
    monkeypatch.setattr("rag.answering.evidence.ASKED", 5)
    weights = {**dict.fromkeys(gate.COPY_WEIGHTS, 0.0), "copied": 1.0}
    monkeypatch.setattr(gate, "COPY_WEIGHTS", weights)
    whole = load_set(SETS / "briefing.jsonl")
    few = replace(whole, cases=whole.cases[:3], lines=whole.lines[:3])
    real = settings.model_copy(
        update={"library": briefing_library.folder, "llm": "qwen2.5-coder-1.5b-instruct"}
    )
    before = replace(run(few, Assistant(real)), gate=Bounds(budget=0))
    assert before.metrics["passed"].value
    monkeypatch.setattr(prompts, "COPY_SYSTEM", "Always write NONE, whatever the quote says.")
    monkeypatch.setattr(
        prompts, "EXAMPLES", tuple((quote, asked, "NONE") for quote, asked, _ in prompts.EXAMPLES)
    )
    after = run(few, Assistant(real))
    assert_caught(before, after, "wrongly_refused")
    assert texts_of(briefing_library)(few.cases[0].evidence[0].sha256 or "") is not None
