"""Two engines, the same questions: what is drawn, how the other's answers are read, the table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage, ChatResponseGen

from eval.cases.cases import CaseSet, EvidenceSpans, load_set
from eval.comparing.compare import load_run
from eval.lab.bench import measured_set
from eval.lab.bench.rival import (
    OURS,
    THEIRS,
    build,
    citation_query_engine,
    cited_numbers,
    compare,
    footnoted,
    grade,
    place,
    ratio,
    refuses,
    sample,
    show_both,
    speed,
    summarise,
)
from eval.measuring.statistics import Metric
from eval.running.record import Result
from index.documents import Document, Span
from index.library import Library
from index.weights.embedding import PromptedEmbedding
from rag.assistant import Assistant
from rag.config import Settings
from rag.lazy import Lazy
from rag.writing.llm import Writer
from tests.fake_llm import ScriptedLLM

TEXT = "The pact was signed on June 28.\nIt binds. It binds.\n"
TIMINGS: dict[str, float | None] = {"first_citation_s": 2.0, "total_s": 3.0}
PACT = Document.of(TEXT, title="The pact", source="/papers/pact.txt")
CASES = [
    {
        "id": "when",
        "question": "When was the pact signed?",
        "answers": ["June 28"],
        "evidence": [{"document": "pact.txt", "quote": "June 28"}],
    },
    {"id": "who", "question": "Who signed the pact?", "unanswerable": True},
    {
        "id": "later",
        "question": "And what does it do?",
        "answers": ["binds"],
        "history": [{"role": "user", "content": "When was the pact signed?"}],
    },
]


class ChattyLLM(ScriptedLLM):
    """Cites its first source where it is asked to cite, as the other engine does."""

    def stream_chat(self, messages: Sequence[ChatMessage], **given: Any) -> ChatResponseGen:
        if "Source 1" in str(messages[-1].content):
            return ScriptedLLM(written="It was signed on June 28 [1] .").stream_chat(messages)
        return super().stream_chat(messages, **given)


@pytest.fixture
def cases(tmp_path: Path) -> CaseSet:
    path = tmp_path / "pact.jsonl"
    path.write_text("".join(json.dumps(case) + "\n" for case in CASES), "utf-8")
    return load_set(path)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Nothing is cited.", []),
        ("So it is [2], and so [1][2].", [2, 1]),
        ("Both say it [1, 3] [ 2 ].", [1, 3, 2]),
        ("In [brackets] and 1] there is none.", []),
    ],
)
def test_citations_are_the_numbers_in_brackets(text: str, numbers: list[int]) -> None:
    assert cited_numbers(text) == numbers


def test_a_citation_is_where_its_chunk_stands_in_the_document() -> None:
    chunks = ["Source 1:\nThe pact was signed\n", "Source 2:\nIt binds nobody.\n"]
    assert place(chunks, 1, PACT) == Span(PACT.id, 0, 19)
    assert place(chunks, 2, PACT) is None, "the document does not say so"
    assert place(chunks, 3, PACT) is None, "there is no such source"
    assert place(chunks, 0, PACT) is None
    assert place(["Source 1:\n\n"], 1, PACT) is None


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", True),
        ("Empty Response", True),
        ("The sources do not mention who signed the pact.", True),
        ("None of the provided sources are helpful.", True),
        ("There is no information about the signatories [1].", True),
        ("It isn't stated in Source 1.", True),
        ("I'm sorry, it is unclear.", True),
        ("The captain's name was not provided.", True),
        ("The pact was signed on June 28 [1].", False),
        ("No, it binds [2].", False),
    ],
)
def test_refusals_are_recognised_and_answers_are_none(text: str, refusal: bool) -> None:
    assert refuses(text) == refusal


def test_doubt_is_in_favour_of_the_other_engine(cases: CaseSet) -> None:
    when, who, _ = cases.cases
    facts: EvidenceSpans = ((Span(PACT.id, 23, 30),),)
    cited = {1: Span(PACT.id, 0, 31), 9: None}
    text = "The source does not say who, but it was June 28 [1][9]."
    scores, answer = grade(when, facts, text, cited, TIMINGS)
    assert scores["answer_right"]
    assert not scores["refused"]
    assert scores["cited_evidence"]
    assert (scores["verbatim"], scores["lengths"]) == (0.5, [31])
    assert answer["citations"][1] == {"number": 9, "start": None, "end": None}
    scores, _ = grade(who, (), "It is not mentioned who signed it [1].", {1: cited[1]}, TIMINGS)
    assert scores["refused"]
    assert (scores["answer_right"], scores["cited_evidence"]) == (None, None)
    scores, _ = grade(when, facts, "In 28 days [1].", {1: None}, TIMINGS)
    assert scores["answer_right"] is False
    assert scores["cited_evidence"] is False


def test_the_same_questions_are_drawn_each_time() -> None:
    whole = measured_set("article")
    drawn = sample(whole, 30)
    assert len(drawn.cases) == len(drawn.lines) == 30
    assert sum(case.unanswerable for case in drawn.cases) == 5
    assert drawn.cases == sample(whole, 30).cases != sample(whole, 30, seed=1).cases
    ids = [case.id for case in whole.cases]
    assert [ids.index(case.id) for case in drawn.cases] == sorted(
        ids.index(case.id) for case in drawn.cases
    )


def test_follow_ups_are_not_drawn(cases: CaseSet) -> None:
    assert [case.id for case in sample(cases, 30).cases] == ["when", "who"]


def test_measures_are_shares_and_medians() -> None:
    def result(*, unanswerable: bool, refused: bool, verbatim: float | None) -> Result:
        scores = {
            "answer_right": None if unanswerable else not refused,
            "cited_evidence": None if unanswerable else not refused,
            "verbatim": verbatim,
            "unanswerable": unanswerable,
            "refused": refused,
            "lengths": [10, 30],
            "first_citation_s": None if refused else 2.0,
            "total_s": 4.0,
        }
        return Result("x", scores, {})

    measures = summarise(
        [
            result(unanswerable=False, refused=False, verbatim=0.5),
            result(unanswerable=False, refused=True, verbatim=None),
            result(unanswerable=True, refused=True, verbatim=1.0),
        ]
    )
    assert (measures["answer_right"].value, measures["answer_right"].n) == (0.5, 2)
    assert measures["answer_right"].interval
    assert (measures["verbatim"].value, measures["verbatim"].n) == (0.5, 2)
    assert measures["refused"].value == 1.0
    assert measures["false_refusals"].value == 0.5
    assert measures["characters"].value == 20
    assert (measures["first_citation_s"].value, measures["first_citation_s"].n) == (2.0, 1)


def test_a_ratio_needs_two_figures() -> None:
    assert ratio(Metric(0.9, 10), Metric(0.5, 10)) == "1.80"
    assert ratio(Metric(0.9, 10), Metric(0.0, 10)) == "–"
    assert ratio(Metric(None, 0), Metric(0.5, 10)) == "–"


@pytest.mark.weights
def test_both_engines_are_asked_and_a_stopped_comparison_goes_on(
    tmp_path: Path,
    cases: CaseSet,
    settings: Settings,
    embedding: PromptedEmbedding,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cases = sample(cases, 30)
    llm = ChattyLLM(copied="June 28", written="The pact was signed on June 28.")
    writer = Writer(llm, "scripted")
    assistant = Assistant(settings.model_copy(update={"library": tmp_path / "library"}))
    assistant._writer = Lazy(lambda: writer)
    assistant.library = Library(
        tmp_path / "library", embedding_name=settings.embedding, embedding=lambda: embedding
    )
    assistant.library.add(PACT)
    theirs = citation_query_engine(build(PACT, writer, embedding), PACT)
    engines = {OURS: footnoted(assistant), THEIRS: theirs}
    out = tmp_path / "comparison.json"

    def stopped(*_: object) -> Result:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare(cases, assistant, engines | {THEIRS: stopped}, out)
    assert not out.exists()
    run = compare(cases, assistant, engines, out)
    assert sorted(each.name for each in tmp_path.glob("comparison*")) == ["comparison.json"]
    assert [result.id for result in run.results] == [
        f"{name}/{case}" for name in (OURS, THEIRS) for case in ("when", "who")
    ]
    assert load_run(out).metrics == run.metrics
    when = {result.id: result.scores for result in run.results}
    for name in (OURS, THEIRS):
        assert when[f"{name}/when"]["answer_right"]
        assert when[f"{name}/when"]["cited_evidence"]
        assert when[f"{name}/when"]["verbatim"] == 1
        assert when[f"{name}/when"]["first_citation_s"] <= when[f"{name}/when"]["total_s"]
    seconds = {OURS: 1.0, THEIRS: 8.0}
    timed = [
        replace(each, scores=each.scores | {"total_s": seconds[each.id.partition("/")[0]]})
        for each in run.results
    ]
    assert speed(replace(run, results=tuple(timed)), "total_s") == Metric(0.125, 2)
    show_both(run)
    assert THEIRS in capsys.readouterr().out
