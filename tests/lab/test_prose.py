"""Answers in prose measured: what is read of the benchmarks' files, and the figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eval.lab.bench.prose.__main__ import ask_all, evidence, figures, rouge
from eval.lab.bench.prose.data import Data, load_data
from index.errors import UserError

CRACKS = "The Alder Bridge was closed after cracks had been found in two of its piers."
LORRIES = "Far more lorries had driven over the Alder Bridge than its builders had reckoned with."
GREEN = "It was painted green."
ANSWERED = {"title": "Alder Bridge", "text": f"{CRACKS} {LORRIES} {GREEN}"} | {
    "id": "a1",
    "question": "why was the alder bridge closed",
    "sentences": [CRACKS, LORRIES, GREEN],
    "answers": [f"{CRACKS} {LORRIES}"],
    "selected": [[CRACKS, LORRIES]],
    "answerable": True,
}
UNANSWERED = {"title": "Kites", "text": "Kites are flown on the cape each autumn."} | {
    "id": "u1",
    "question": "who invented the kite",
    "sentences": ["Kites are flown on the cape each autumn."],
    "answers": [],
    "selected": [],
    "answerable": False,
}
CONVERSATION = {
    "id": "c-2",
    "answerability": "ANSWERABLE",
    "turns": [
        {"role": "user", "content": "Is there a bridge?"},
        {"role": "assistant", "content": "Yes, the Alder Bridge."},
        {"role": "user", "content": "Why was the Alder Bridge closed?"},
    ],
    "passages": [
        {"id": "doc-20-120", "title": "Bridges", "text": LORRIES},
        {"id": "doc-0-20", "title": "Bridges", "text": CRACKS},
    ],
    "relevant": [1],
    "target": CRACKS,
}


def written(folder: Path, *lines: dict[str, Any]) -> Data:
    path = folder / "lines.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    return load_data(path)


def told(data: Data, *sentences: str, refused: bool = False) -> dict[str, Any]:
    document = data.documents[0]
    cited = [
        [document.id, start, start + len(each)]
        for each in sentences
        for start in [document.text.index(each)]
    ]
    return {"answer": " ".join(f"{each}[1]" for each in sentences), "cited": cited} | {
        "refused": refused
    }


def test_a_file_of_clapnq_is_read_with_the_places_of_its_sentences(tmp_path: Path) -> None:
    data = written(tmp_path, ANSWERED, UNANSWERED)
    asked = data.asked[0]
    text = data.documents[0].text
    assert [text[each.start : each.end] for each in asked.sentences] == [CRACKS, LORRIES, GREEN]
    assert asked.selected == (frozenset(asked.sentences[:2]),)
    assert [each.kind for each in data.asked] == ["ANSWERABLE", "UNANSWERABLE"]


def test_the_passages_of_one_document_are_joined_in_their_order(tmp_path: Path) -> None:
    data = written(tmp_path, CONVERSATION)
    [document], [asked] = data.documents, data.asked
    assert document.text == f"{CRACKS}\n\n{LORRIES}"
    assert [document.text[each.start : each.end] for each in asked.passages] == [CRACKS]
    assert asked.history[-1] == ("assistant", "Yes, the Alder Bridge.")


def test_evidence_and_rouge_go_by_what_people_selected(tmp_path: Path) -> None:
    data = written(tmp_path, ANSWERED)
    [asked] = data.asked
    assert evidence(told(data, CRACKS, LORRIES), asked) == (1.0, 1.0, 1.0)
    assert evidence(told(data, CRACKS, GREEN), asked) == (0.5, 0.5, 0.5)
    assert evidence(told(data, GREEN), asked) == (0.0, 0.0, 0.0)
    assert rouge(told(data, CRACKS, LORRIES), asked) == pytest.approx(1.0)
    assert 0 < rouge(told(data, CRACKS), asked) < 1
    assert rouge(told(data, CRACKS, refused=True), asked) == 0


@pytest.mark.weights
def test_all_is_asked_once_and_told_by_kind(tmp_path: Path) -> None:
    data = written(tmp_path, ANSWERED, UNANSWERED)
    answers = ask_all(data, tmp_path, llm=False)
    first, second = figures(data, answers)
    assert (first["kind"], first["n"], first["refused"]) == ("ANSWERABLE", 1, 0.0)
    assert first["passage cited"] == 1.0
    assert (second["kind"], second["n"], second["refused"]) == ("UNANSWERABLE", 1, 1.0)
    assert second["ROUGE-L"] is None, "nobody wrote an answer"
    assert ask_all(data, tmp_path, llm=False) == answers


def test_another_file_is_said_to_be_none_of_theirs(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no file of CLAP NQ or MTRAG"):
        written(tmp_path, {"name": "x"})
