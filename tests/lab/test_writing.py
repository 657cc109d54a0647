"""Making the adapter that writes answers from sentences, and measuring what it writes."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import gguf
import numpy as np
import pytest
from llama_index.core.base.llms.types import ChatMessage

from eval.lab.bench.prose import written
from eval.lab.training.inputs import read_records
from eval.lab.training.writing import __main__ as training
from rag.lazy import Lazy
from rag.writing.adapters.from_sentences import FILE
from rag.writing.llm import Writer
from tests.fake_llm import ScriptedLLM
from tests.lab.test_standing_alone import small_model

TOWNS = ("Esker", "Tolm", "Varn", "Lund", "Brisk", "Ode", "Halme", "Norr", "Rell")
DOCUMENTS = [
    {
        "title": f"The bridge of {town}",
        "sentences": [f"The bridge of {town} is 300 metres long.", "It was closed in 1960."],
        "asked": [
            {
                "question": f"how long is the bridge of {town}",
                "given": [1],
                "words": "300 metres",
                "answer": f"The bridge of {town} is 300 metres long.",
            },
            {
                "question": "what of the bridge?",
                "given": [1, 2],
                "answer": f"The bridge of {town} is 300 metres long. It was closed in 1960.",
            },
        ],
    }
    for town in TOWNS
]


def numbers(text: str) -> set[str]:
    return set(re.findall(r"\d(?:[\d.,]*\d)?", text))


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    file = tmp_path / "documents.jsonl.gz"
    file.write_bytes(gzip.compress("\n".join(map(json.dumps, DOCUMENTS)).encode()))
    return file


@pytest.mark.llm  # Its tokenizer is needed.
def test_an_adapter_is_made(
    documents: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(training, "EXAMPLES", documents)
    monkeypatch.setattr(training, "load_model", small_model)
    assert training.main([str(tmp_path / "made"), "--epochs", "1"]) == 0
    assert "n = 4" in capsys.readouterr().out  # Two of nine documents are held out.
    tensors = gguf.GGUFReader(tmp_path / "made" / FILE).tensors
    assert any(np.abs(each.data).max() > 0 for each in tensors if each.name.endswith("lora_b"))


@pytest.mark.parametrize("file", [training.EXAMPLES, written.ASKED])
def test_what_is_answered_stands_in_the_sentences_that_are_given(file: Path) -> None:
    """It learns to invent what one answer invents, and is measured by what they say."""
    for document in read_records(file):
        for asked in document["asked"]:
            given = [document["sentences"][number - 1] for number in asked["given"]]
            assert given
            assert asked["given"] == sorted(set(asked["given"]))
            assert not asked.get("words") or any(asked["words"] in each for each in given)
            there = numbers(" ".join([*given, asked["question"]]))
            assert numbers(asked["answer"]) <= there, asked


def test_nothing_is_learned_of_what_it_is_measured_by() -> None:
    learned, measured = (
        {each["title"] for each in read_records(file)}
        for file in (training.EXAMPLES, written.ASKED)
    )
    assert not learned & measured


@pytest.mark.weights
def test_what_is_written_is_proven_and_what_is_not_is_counted(
    documents: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Inventing(ScriptedLLM):
        """Answers look-ups as they are asked, and invents all else."""

        def stream_chat(self, messages: list[ChatMessage], **given: object) -> object:  # type: ignore[override]
            told = str(messages[-1].content)
            town = told.partition("bridge of ")[2].partition(" ")[0]
            right = f"The bridge of {town} is 300 metres long."
            self.written = right if "Words:" in told else f"{right} It cost 7 crowns."
            return super().stream_chat(messages, **given)

    llm = Inventing(adapters={FILE: "1"}, asked=[])
    monkeypatch.setattr(written, "ASKED", documents)
    before = written.filled

    def filled(*given: object) -> object:
        assistant = before(*given)  # type: ignore[arg-type]
        assistant._writer = Lazy(lambda: Writer(llm, "scripted"))
        return assistant

    monkeypatch.setattr(written, "filled", filled)
    assert written.main([str(tmp_path)]) == 0
    printed = capsys.readouterr().out.splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:3]] for line in printed if "|" in line]
    as_written = [value for name, value in rows if name.startswith("answers that stand")]
    proven = [value for name, value in rows if name.startswith("sentences that were")]
    assert (as_written, proven) == (["1.000", "0.000"], ["1.000", "0.500"])
    asked = len(llm.asked)
    written.main([str(tmp_path)])
    assert len(llm.asked) == asked, "What was written is kept."
