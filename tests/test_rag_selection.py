"""Which sentences answer, by what the language model has learned."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from llama_index.core.base.llms.types import LogProb

from index.documents import Document
from rag.answerability import gate
from rag.lazy import Lazy
from rag.writing.adapters.selection import FILE, MOST_SENTENCES, Selected, messages, read, written
from rag.writing.llm import Writer
from tests.asking import Knowing
from tests.fake_llm import ScriptedLLM

BRIDGE = [
    "The older Rowan Bridge is 300 metres long and was repaired in 1960.",
    "It was designed by Edda Marrin.",
    "A ferry crosses the river at Kest, where a second bridge is planned.",
]


@pytest.mark.parametrize("sign", ["a", "1", "ü", "美", "😀", "\ud800", "\n"])
def test_a_prompt_has_no_more_tokens_than_are_read_in_seconds(sign: str) -> None:
    long = sign * 5_000
    [system, asked] = messages(long, [long] * MOST_SENTENCES, long)
    assert len(f"{system.content}{asked.content}".encode()) <= 1_800  # A token is a byte at least.


def test_a_prompt_has_each_sentence_on_a_line_of_its_own_under_its_title() -> None:
    [_, asked] = messages("Bridges", [*BRIDGE[:2], "[9] It\nis\nred."], " Who designed it?\n")
    assert asked.content.splitlines() == [
        "Document: Bridges",
        f"[1] {BRIDGE[0]}",
        f"[2] {BRIDGE[1]}",
        "[3] [9] It is red.",
        "Question: who designed it?",
    ]


@pytest.mark.parametrize(
    ("said", "first", "selected"),
    [
        ("none", {"none": 0.75, "1": 0.25}, Selected(0.75, ())),
        ("2", {"2": 0.9, "none": 0.1}, Selected(0.1, (1,))),
        ("3 1 1", {"3": 1.0}, Selected(0.0, (0, 2))),
        ("7 0", {"7": 0.9, " none": 0.1}, Selected(0.5, ())),
        ("Sentence 2 does.", {}, Selected(0.0, (1,))),
        ("none", {}, Selected(1.0, ())),
        ("", {}, Selected(0.5, ())),
    ],
)
def test_what_is_written_is_read(said: str, first: dict[str, float], selected: Selected) -> None:
    tokens = [LogProb(token=token, logprob=math.log(odds)) for token, odds in first.items()]
    got = read(said, tokens, 3)
    assert got.numbers == selected.numbers
    assert got.none == pytest.approx(selected.none)


@pytest.mark.parametrize("numbers", [(), (0,), (1, 2)])
def test_what_the_adapter_learns_to_write_is_read(numbers: Sequence[int]) -> None:
    assert read(written(numbers), (), 3).numbers == tuple(numbers)


@pytest.mark.llm
@pytest.mark.weights
@pytest.mark.parametrize(
    ("question", "numbers"),
    [
        ("In which year was the Rowan Bridge repaired?", (0,)),
        ("who made the plans for the older bridge, do you know", (1,)),
        ("Is there any other way to get across?", (2,)),
    ],
)
def test_sentences_that_answer_are_selected(
    writer: Writer, question: str, numbers: Sequence[int]
) -> None:
    assert writer.selects
    selected = writer.select(BRIDGE, question, "Bridges of Tolm")
    assert selected.numbers == tuple(numbers)
    assert selected.none < 0.5


@pytest.mark.llm
@pytest.mark.weights
@pytest.mark.parametrize(
    "question",
    [
        "Who repaired the Rowan Bridge?",
        "How long is the second bridge?",
        "Who won the football match?",
    ],
)
def test_near_misses_are_told(writer: Writer, question: str) -> None:
    selected = writer.select(BRIDGE, question, "Bridges of Tolm")
    assert selected.numbers == ()
    assert selected.none > 0.5


MILL = (
    "The mill stands at Varn. Edda Marrin built it in 1871. Children may feed the geese. The "
    "miller of today is Tore Vik. He sells flour on Fridays. The wheel was mended after the "
    "flood.\n"
)


@pytest.mark.weights
@pytest.mark.parametrize("sure", [False, True])
def test_what_is_selected_beside_a_quote_is_the_answer(
    knowing: Knowing, monkeypatch: pytest.MonkeyPatch, sure: bool
) -> None:
    """Even where the reader would have another one: it is cited, and found, once."""
    monkeypatch.setattr("rag.answering.evidence.REREAD_DOUBT", (0.0, 1.0))
    monkeypatch.setattr(gate, "READ_SHARE", 0.0)
    monkeypatch.setattr(gate.Decision, "words_are_sure", sure)
    assistant = knowing(Document.of(MILL, title="The mill", source="/mill.txt"))
    llm = ScriptedLLM(copied="sells flour", adapters={FILE: "1"})
    assistant._writer = Lazy(lambda: Writer(llm, "scripted"))
    answer = assistant.ask("In which year was the mill built?")
    [cited] = answer.citations
    assert cited.text == "The miller of today is Tore Vik. He sells flour on Fridays."
    assert [each.span for each in answer.quotes if each.overlaps(cited)].count(cited.span) == 1
    assert answer.decision
    assert sum(each.quote.overlaps(cited) for each in answer.decision.readings) == 1
    llm.copied = "what stands nowhere"
    assert assistant.ask("In which year was the mill built?").reason == "not_in_sources"
