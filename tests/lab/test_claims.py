"""Statements that the third head learns from, and the command that makes it, on texts made here."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from eval.lab.training.branch import export_branch
from eval.lab.training.claims import BearsOut
from eval.lab.training.examples import _article, load_squad
from eval.lab.training.statements import (
    LABELS,
    WRITTEN,
    Statement,
    load_claims,
    of_denials,
    of_questions,
    of_refuted,
    of_sentences,
    of_written,
    statement,
)
from index.errors import UserError
from index.weights.download import model_folder
from index.weights.reader import ReaderWeights
from rag.answerability.reader import READER
from rag.config import load_settings
from tests.lab.squad import KINDS, PEOPLE, PLACES, trained, write_squad


@pytest.mark.parametrize(
    ("question", "answer", "stated"),
    [
        ("Which fleet won the race?", "Norland's", "Norland's won the race."),
        ("Who built the Alder Bridge?", "Tore Vik", "Tore Vik built the Alder Bridge."),
        ("When was the bridge opened?", "1931", "The bridge was opened in 1931."),
        ("When was it painted green?", "May 4", "It was painted green on May 4."),
        ("Where was Ada Lunt born?", "in Tolm", "Ada Lunt was born in Tolm."),
        ("How many ships sailed to Esker?", "Ten", "Ten sailed to Esker."),
        ("What is Holm called?", "the Fox", None),
        ("What did Holm say?", "nothing", None),
        ("Why was it closed?", "for repairs", None),
    ],
)
def test_what_a_question_and_its_answer_state(
    question: str, answer: str, stated: str | None
) -> None:
    assert statement(question, answer) == stated


@pytest.fixture(scope="module")
def squad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_squad(tmp_path_factory.mktemp("squad"))


def write_lines(path: Path, *records: dict[str, Any]) -> None:
    path.write_bytes(gzip.compress("".join(f"{json.dumps(each)}\n" for each in records).encode()))


@pytest.fixture(scope="module")
def claims(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("claims") / "claims.jsonl.gz"
    rows = []
    for place in PLACES:
        for kind in KINDS:
            builder, other = PEOPLE[len(place) % 7], PEOPLE[(len(place) + 1) % 7]
            text = f"The {place} {kind} was built by {builder} ."
            rows += [
                (f"{builder} built the {place} {kind}.", [text], "supported"),
                (f"{other} built the {place} {kind}.", [text], "refuted"),
                (f"The {place} {kind} was painted by Mia Ruiz.", [], "not enough"),
            ]
    names = ("claim", "evidence", "label")
    records = [dict(zip(names, row, strict=True)) | {"source": "FEVER"} for row in rows]
    write_lines(path, *(each | {"id": str(at)} for at, each in enumerate(records)))
    return path


def test_claims_of_people_keep_their_labels(claims: Path) -> None:
    made = load_claims(claims)
    assert {each.label for each in made} == {"supported", "refuted", "not enough"}
    assert all(not each.text.endswith(" .") for each in made), "blanks of a tokenizer are undone"
    of_one_text = [each for each in made if each.text == made[0].text]
    assert len({each.held_out for each in of_one_text}) == 1, "a text is held out whole"
    assert {each.held_out for each in made} == {True, False}


def test_what_is_no_file_of_claims_is_said_in_one_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gz"
    broken.write_bytes(b"no gzip")
    with pytest.raises(UserError, match="cannot be read as claims"):
        load_claims(broken)


def test_a_statement_of_a_question_is_true_of_its_text_or_not(squad: Path) -> None:
    made = list(of_questions(load_squad(squad), random.Random(1)))
    for each in made:
        said = [person for person in PEOPLE if person in each.statement]
        if said and "built" in each.statement:
            assert (said[0] in each.text) == (each.label == "supported")
    again = list(of_questions(load_squad(squad), random.Random(1)))
    assert made == again, "the same seed makes the same statements"


def test_sentences_are_made_false_one_fact_at_a_time(squad: Path) -> None:
    made = list(of_sentences(load_squad(squad), random.Random(1), share=1.0))
    kinds = {each.kind for each in made}
    assert {"sentence", "number changed", "negation inserted"} <= kinds
    for each in made:
        if each.kind == "sentence":
            assert each.label == "supported"
        if each.kind == "number changed":
            assert each.label == "refuted"
            assert each.statement not in each.text


def test_statements_that_were_written_are_shown_with_their_windows(
    squad: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    articles = load_squad(squad)
    paragraph = articles[0].paragraphs[0]
    window = {"article": articles[0].title, "paragraph": 0, "window": paragraph.windows[-1]}
    said = dict(zip(LABELS, (["It is so."], ["It is not so."], ["It was so in May."]), strict=True))
    line: dict[str, Any] = {**window, **said}
    file = tmp_path / "written.jsonl.gz"
    write_lines(file, line, line | {"article": "Elsewhere"})
    monkeypatch.setattr("eval.lab.training.statements.WRITTEN", file)
    made = list(of_written(articles, random.Random(1)))
    assert [each.label for each in made] == ["supported", "supported", "refuted", "not enough"]
    start, end = paragraph.windows[-1]
    assert all(each.text.endswith(paragraph.text[start:end]) for each in made)
    write_lines(file, line | {"window": [0, 1]})
    with pytest.raises(UserError, match="is not that of SQuAD"):
        list(of_written(articles, random.Random(1)))


def test_the_statements_that_are_shipped_are_whole() -> None:
    lines = gzip.decompress(WRITTEN.read_bytes()).decode().splitlines()
    windows = [json.loads(each) for each in lines]
    assert len(windows) == 2_210
    assert all(each[label] for each in windows for label in LABELS)
    said = [s for each in windows for label in LABELS for s in each[label]]
    assert len(set(said)) > 0.99 * len(said)
    assert all(statement.strip() == statement and len(statement) < 400 for statement in said)


@pytest.mark.weights
def test_a_head_goes_on_from_what_it_was(tmp_path: Path) -> None:
    reader = model_folder(READER, load_settings().models) / "model.onnx"
    head, mean = BearsOut(), BearsOut()
    head.go_on_from(reader)
    mean.take_mean(reader, reader)
    for name, value in head.state_dict().items():
        assert torch.equal(value, mean.state_dict()[name])
    export_branch(head, reader, tmp_path)
    given = ("The mill burned.", ["The mill burned down in 1911."])
    [was] = ReaderWeights(reader.parent).entails(*given)
    [now] = ReaderWeights(tmp_path).entails(*given)
    assert np.allclose(was, now, atol=0.3)  # It was rounded once more.


def test_denials_are_true_and_false() -> None:
    false = Statement("Lise Holm was the mayor of Tolm.", "Ada Lunt was.", "refuted", "FEVER")
    long = Statement(
        "The bridge was red in 1931.", "It was red in 1930.", "refuted", "year changed"
    )
    [made] = of_refuted([false, long], random.Random(1), share=1.0)
    assert made.label == "supported"
    assert made.statement.replace("never", "not") == "Lise Holm was not the mayor of Tolm."
    text = (
        "The mayor of Tolm did not open the bridge. It was opened by the queen of Norland in May."
    )
    bridges = _article({"title": "Bridges", "paragraphs": [{"context": text, "qas": []}]})
    denials = list(of_denials([bridges], random.Random(1), share=1.0))
    true, affirmed = (
        {each.statement for each in denials if each.label == label}
        for label in ("supported", "refuted")
    )
    assert true == {"The mayor of Tolm did not open the bridge."}
    assert affirmed == {"The mayor of Tolm did open the bridge."}


@pytest.mark.weights
@pytest.mark.slow
def test_the_command_makes_a_head_beside_the_others(
    squad: Path, claims: Path, tmp_path: Path
) -> None:
    command = ("eval.lab.training.claims", tmp_path, "--squad", squad, "--claims", claims)
    assert "supported against refuted" in trained(*command)
    made = ReaderWeights(tmp_path / "reader")
    before = ReaderWeights(model_folder(READER, load_settings().models))
    text = "The Alder Bridge is 300 metres long and was built by Tore Vik."
    for asked in ("How long is the Alder Bridge?", "Who built it?"):
        assert made.read(asked, [text]) == before.read(asked, [text]), "to the last bit"
    [right] = made.entails("Tore Vik built the Alder Bridge.", [text])
    [wrong] = made.entails("Oda Brandt built the Alder Bridge.", [text])
    assert right[0] - np.max(right[1:]) > wrong[0] - np.max(wrong[1:])
