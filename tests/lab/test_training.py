"""Training the reader: the examples, and the command as it is run, on questions made here."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from eval.lab.training.asked import __main__ as typed
from eval.lab.training.examples import (
    Article,
    Example,
    exchanged,
    held_out,
    load_squad,
    make_examples,
)
from eval.lab.training.measure import (
    Scored,
    auc,
    best_threshold,
    refused,
    right_words,
    score,
    threshold,
)
from eval.lab.training.model import take_mean
from index.errors import UserError
from index.weights.download import model_folder
from index.weights.reader import ReaderWeights
from rag.answerability.reader import READER
from rag.config import load_settings
from tests.lab.squad import PEOPLE, trained, write_squad


@pytest.fixture(scope="module")
def squad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_squad(tmp_path_factory.mktemp("squad"))


def made_of(squad: Path) -> list[Example]:
    """Make examples where the first window always wins."""

    def score(_: str, texts: Sequence[str]) -> list[float]:
        return [-float(at) for at in range(len(texts))]

    return list(make_examples(load_squad(squad)[:3], score, random.Random(1)))


def test_examples_hold_their_answers_and_near_misses_hold_none(squad: Path) -> None:
    made = made_of(squad)
    kinds = {each.kind for each in made}
    assert {"answerable", "near-miss", "wrong window", "other paragraph", "exchanged"} <= kinds
    for each in made:
        assert each.answerable == (each.answer is not None)
        if each.answer:
            words = each.text[slice(*each.answer)]
            assert words
            assert words in each.text
        if each.kind == "wrong window":
            assert each.question.split()[-1].strip("?") not in PEOPLE
    assert made == made_of(squad), "the same seed makes the same examples"


def test_an_exchanged_question_differs_in_one_fact() -> None:
    names = ["Esker", "Sund Tunnel"]
    text = "The Alder Bridge was opened in 1931."
    asked = "When in 1931 was the Alder Bridge opened?"
    made = {
        other for seed in range(20) for other in exchanged(asked, text, names, random.Random(seed))
    }
    assert made
    assert asked not in made
    assert all("opened" in each or "closed" in each for each in made)


def test_the_mean_of_two_readers() -> None:
    one, other = torch.nn.Linear(2, 1), torch.nn.Linear(2, 1)
    wanted = (one.weight + other.weight).detach() / 2
    take_mean(one, other)
    assert torch.equal(one.weight, wanted)


def test_what_is_not_squad_is_said_in_one_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("[]", "utf-8")
    with pytest.raises(UserError, match=r"is not in SQuAD's format"):
        load_squad(broken)


def test_figures_of_a_reader() -> None:
    values = {True: (1.0, 2.0, 3.0, 4.0), False: (0.0, 2.5)}
    scored = [Scored(each, kind) for kind, some in values.items() for each in some]
    assert auc(scored) == pytest.approx((4 + 2) / 8)
    assert threshold(scored) == 1.0
    assert refused(scored) == 0.5
    rows = [(3.0, True, 1.0), (2.0, False, 0.0), (1.0, True, 0.8), (0.0, False, 0.0)]
    assert best_threshold(rows) == (3.0, pytest.approx(3 / 4))
    said = ("in May 1931", "1931", "1932", "")
    assert [right_words(each, ["May 1931"]) for each in said] == [True, True, False, False]


@pytest.mark.weights
@pytest.mark.slow
def test_the_command_makes_a_reader_that_has_learned(squad: Path, tmp_path: Path) -> None:
    """Better than chance on a document that it has not seen, in a minute."""
    assert "AUC" in trained("eval.lab.training", tmp_path, "--squad", squad)
    reader = ReaderWeights(tmp_path / "reader")
    assert (tmp_path / "reader" / "model.onnx").stat().st_size <= 35_000_000
    unseen = [each for each in load_squad(squad) if held_out(each.title)]
    assert unseen, "no made article is held out: choose another title"
    asked = [
        Example(question["question"], paragraph.text, not question.get("is_impossible"))
        for each in unseen
        for paragraph in each.paragraphs
        for question in paragraph.questions
    ]
    reads = [reader.read(each.question, [each.text])[0] for each in asked]
    assert auc([Scored(score(r), e.answerable) for e, r in zip(asked, reads, strict=True)]) > 0.7


@pytest.fixture
def asked(squad: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Article]:
    """Questions in a file of their own on two paragraphs, the second of which is held out."""
    articles = {each.title: each for each in load_squad(squad)}
    lines = []
    for number in range(2):
        text = articles["Bridges"].paragraphs[number].text
        sentences = [[text.index("The", 5), len(text)]]
        words = text.index("built by ") + len("built by ")
        questions = [
            {"question": "whos the builder", "words": [words, text.index(".")]},
            {"question": "what did it cost"},
            {"question": "what is there about its visitors", "sentences": sentences},
        ]
        line = {"article": "Bridges", "paragraph": number, "questions": questions}
        lines.append(line | {"apart": True} if number else line)
    file = tmp_path / "asked.jsonl.gz"
    file.write_bytes(gzip.compress("".join(f"{json.dumps(each)}\n" for each in lines).encode()))
    monkeypatch.setattr(typed, "ASKED", file)
    return articles


def test_questions_as_people_type_them_have_windows_that_answer_and_that_do_not(
    asked: dict[str, Article],
) -> None:
    learned, apart = typed.examples(asked)
    own = [each for each in learned if each.question == "whos the builder"]
    assert {each.answerable for each in own} == {True, False}
    for each in own:
        if each.answer:
            assert each.text[slice(*each.answer)] in PEOPLE
        else:
            assert "was built by" not in each.text
    cost = [each for each in learned if each.question == "what did it cost"]
    assert cost
    assert not any(each.answerable for each in cost)
    visitors = [each for each in learned if each.question.endswith("visitors")]
    assert any(each.kind == "several sentences" for each in visitors)
    assert all(each.answerable and each.answer is None for each in visitors)
    assert all("many visitors" in each.text for each in visitors)
    assert {each.text for each in apart}.isdisjoint(each.text for each in own)
    assert any(each.question.startswith("Who built the") for each in learned), "of SQuAD as well"


def test_questions_on_other_articles_are_told(asked: dict[str, Article]) -> None:
    del asked["Bridges"]
    with pytest.raises(UserError, match="not SQuAD's training articles: Bridges, paragraph 0"):
        typed.examples(asked)


def test_the_questions_that_are_shipped_have_their_places() -> None:
    lines = list(map(json.loads, gzip.decompress(typed.ASKED.read_bytes()).decode().splitlines()))
    assert sum(each.get("apart", False) for each in lines) == 120
    questions = [each for line in lines for each in line["questions"]]
    assert (len(lines), len(questions)) == (1_800, 14_860)
    for each in questions:
        assert set(each) - {"question"} in (set(), {"words"}, {"sentences"})
        for start, end in [*each.get("sentences", ()), each.get("words", (0, 1))]:
            assert 0 <= start < end


@pytest.mark.weights
@pytest.mark.slow
def test_the_upper_half_learns_and_the_third_head_says_the_same(
    asked: dict[str, Article], squad: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed.main([str(tmp_path / "made"), "--squad", str(squad)]) == 0
    assert capsys.readouterr().out.count("AUC") == 2
    before = ReaderWeights(model_folder(READER, load_settings().models))
    after = ReaderWeights(tmp_path / "made" / "reader")
    text = "The Alder Bridge was built by Tore Vik. It was opened to the public in 1900."
    for statement in ("Tore Vik built the Alder Bridge.", "It was opened in 1901."):
        was_said, is_said = (each.entails(statement, [text]) for each in (before, after))
        assert [list(each) for each in was_said] == [list(each) for each in is_said]
    question = "whos the builder of the alder bridge"
    [was], [now] = before.read(question, [text]), after.read(question, [text])
    assert was.answers != now.answers
