"""Making the adapter that says yes or no, with a small model of the same form."""

from __future__ import annotations

import json
import random
from pathlib import Path

import gguf
import numpy as np
import pytest

from eval.lab.bench.prose import whether as bench
from eval.lab.training.selection import documents as of_documents
from eval.lab.training.whether import __main__ as training
from index.documents import Document
from rag.writing.adapters.whether import FILE, NONE
from tests.lab.test_standing_alone import small_model

TEXT = (
    "The bridge of Esker was opened in 1931. It is closed to lorries. Cyclists may cross it. "
    f"{'The river is wide there, and slow. ' * 20}\n\n"
    "A ferry crosses the river at Tolm. It does not run in winter."
)


def asked(question: str, answer: str, *sentences: str) -> dict[str, object]:
    places = [(TEXT.index(each), TEXT.index(each) + len(each)) for each in sentences]
    return {"question": question, "answer": answer, "sentences": places}


ASKED = [
    asked("can i drive my truck over it?", "no", "It is closed to lorries."),
    asked("are bikes fine?", "yes", "Cyclists may cross it."),
    asked("is there a toll?", NONE, "Cyclists may cross it."),
    asked("so the boat runs all year?", "no", "It does not run in winter."),
]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("one", "two")
    texts, questions = tmp_path / "documents.jsonl", tmp_path / "questions.jsonl"
    lines = [{"name": name, "text": TEXT, "questions": []} for name in names]
    texts.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    lines = [{"name": name, "asked": ASKED} for name in names]
    questions.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    monkeypatch.setattr(of_documents, "DOCUMENTS", texts)
    monkeypatch.setattr(training, "QUESTIONS", questions)
    monkeypatch.setattr(training, "LEARNED", 1)
    monkeypatch.setattr(training, "load_model", small_model)


def test_each_text_has_the_questions_that_it_decides_and_another() -> None:
    document = Document.of(TEXT, title="Esker", source="/esker.txt")
    texts = list(training._texts(document, training._asked(ASKED), random.Random(1)))
    assert len(texts) == 2
    told = [dict(on_it) for _, on_it in texts]
    bridge = {"can i drive my truck over it?": "no", "are bikes fine?": "yes"}
    ferry = {"so the boat runs all year?": "no"}
    assert told[0] == bridge | {"is there a toll?": NONE, "so the boat runs all year?": NONE}
    assert told[1].items() > ferry.items()
    assert set(told[1].keys() - ferry.keys()) < {each["question"] for each in ASKED}
    assert [said for question, said in texts[1][1] if question not in ferry] == [NONE]
    assert "It is closed to lorries." in texts[0][0]
    assert "It does not run in winter." not in texts[0][0]
    assert "It does not run in winter." in texts[1][0]


@pytest.mark.llm  # Its tokenizer is needed.
@pytest.mark.usefixtures("data")
def test_an_adapter_is_made_and_made_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(tmp_path / "one"), "--epochs", "2"]
    assert training.main(given) == 0
    told = capsys.readouterr().out
    assert [line.partition(":")[0] for line in told.splitlines()] == ["yes", "no", "none"]
    assert told.splitlines()[0].endswith("n = 1")
    adapter, again = tmp_path / "one" / FILE, tmp_path / "one" / "again"
    learned = {each.name: each.data for each in gguf.GGUFReader(adapter).tensors}
    assert max(np.abs(each).max() for name, each in learned.items() if name.endswith("_b")) > 0
    adapter.rename(again)
    training.main(given)  # It goes on from its checkpoint.
    assert adapter.read_bytes() == again.read_bytes()


@pytest.mark.weights
def test_the_bench_counts_what_answers_open_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FOOTNOTED_LLM", "none")
    lines = [
        {"document": "railway", "question": question, "answer": answer}
        for question, answer in [
            ("The Raven Tunnel was opened in 1850, right?", "yes"),
            ("Is Arnica under repair?", "yes"),
            ("Can I pay in bitcoin on the moon?", NONE),
        ]
    ]
    file = tmp_path / "asked.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    monkeypatch.setattr(bench, "ASKED", file)
    assert bench.main([str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    rows = [line.split("|")[1:3] for line in printed.splitlines() if line.startswith("|")]
    told = {name.strip(): value.strip() for name, value in rows}
    assert told["decided: neither"] == "0.500"
    assert told["not decided: refused"] == "1.000"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Yes: “It is.”[1]", "yes"),
        ("No. It is not.[1]", "no"),
        ("Yes, the sources say so: “It is.”[1]", "yes"),
        ("Nobody was hurt.[1]", "neither"),
        ("", "refused"),
    ],
)
def test_what_an_answer_opens_with(text: str, said: str) -> None:
    assert bench._said(text) == said
