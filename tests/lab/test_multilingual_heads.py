"""Heads on the reader of all languages: what they learn from, and that they change no other."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
import torch

from eval.lab.bench.languages.follow_ups import CONVERSATIONS
from eval.lab.training.branch import put_on
from eval.lab.training.examples import Article, Paragraph
from eval.lab.training.follow_ups.__main__ import Edits, train
from eval.lab.training.multilingual import claims, follow_ups
from eval.lab.training.multilingual.__main__ import shipped
from eval.lab.training.multilingual.follow_ups import (
    WRITTEN,
    Message,
    example_of,
    load_messages,
    of_messages,
)
from eval.lab.training.multilingual.model import SHARED, begin
from index.errors import UserError
from index.weights.catalogue import MULTILINGUAL
from index.weights.download import model_folder
from index.weights.multilingual import MultilingualNetwork
from index.weights.reader import ReaderWeights
from rag.asking.rewrite import HOWS, Turn, context_of, places
from rag.config import load_settings

ASKED: tuple[Turn, ...] = (
    ("user", "Wie lang ist die Tolmer Brücke?"),
    ("assistant", "300 Meter."),
)


@pytest.mark.parametrize("file", [WRITTEN, CONVERSATIONS], ids=["learned", "measured"])
def test_what_messages_need_was_said_before(file: Path) -> None:
    messages = load_messages(file)
    assert {each.language for each in messages} == set("ar de es fr hi ja pt ru zh".split())
    for each in messages:
        for own, words in each.means:
            assert own in each.text
            assert any(words in said for _, said in each.history)
    needing = sum(bool(each.means) for each in messages) / len(messages)
    assert 0.4 < needing < 0.7


def test_what_is_measured_is_not_learned_from() -> None:
    """A few messages are so short that both writers had the same: “pourquoi”."""
    measured, learned = (
        {(each.language, each.text) for each in load_messages(file)}
        for file in (CONVERSATIONS, WRITTEN)
    )
    assert len(measured & learned) <= 0.01 * len(measured)
    assert 0.1 < sum(each.held_out for each in load_messages(WRITTEN)) / 1_800 < 0.25


@pytest.mark.parametrize(
    ("text", "means", "done"),
    [
        ("Und wer hat sie gebaut?", [("sie", "die Tolmer Brücke")], {"sie": "replace"}),
        ("Was kostet diese da?", [("diese da", "Brücke")], {"diese": "replace", "da": "drop"}),
        ("Seit wann?", [("", "Brücke")], {"?": "insert"}),
        ("seit wann", [("", "Brücke")], {"": "insert"}),
        ("Wie spät ist es?", [], {}),
        ("Und er?", [("er", "was niemand gesagt hat")], {}),
    ],
)
def test_labels_say_what_is_meant_where(
    text: str, means: list[tuple[str, str]], done: dict[str, str]
) -> None:
    example = example_of(Message("de", ASKED, text, means, held_out=False))
    words = [text[start:end] for start, end in places(text)]
    labels = dict(zip(words, example.labels, strict=True))
    assert {
        word: HOWS[each.how] for word, each in labels.items() if HOWS[each.how] != "keep"
    } == done
    assert example.needs == bool(means)
    if done:
        [place] = [each.place for each in example.labels if each.place]
        assert example.context[slice(*place)] == means[0][1]


def test_figures_count_what_is_told_and_what_is_changed_without_need() -> None:
    needs = Message("de", ASKED, "Seit wann?", [("", "Brücke")], held_out=True)
    stands = Message("de", ASKED, "Wie alt ist Tolm?", [], held_out=True)
    [line] = of_messages([needs, stands], lambda *_: (0.0, []))
    assert line == (
        "de: of 1 that need something 0.00 are told, 0.00 with what is meant first and 0.00 among "
        "three; of 1 others 0.00 are changed"
    )


def test_another_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text('{"turns": [{"user": "Hallo"}]}')
    with pytest.raises(UserError, match=r"other\.jsonl holds no conversations"):
        load_messages(path)


def test_statements_are_in_each_pair_of_languages() -> None:
    learned, apart = (claims.judged([], held=held) for held in (False, True))
    assert (len(learned), len(apart)) == (50, 10)
    assert all("en" not in each for each in learned), "SQuAD's own words are not copied"
    made = list(claims.statements_of(learned[:2], 5, random.Random(1)))
    assert len(made) == 2 * 5 * 5
    assert Counter(each.label for each in made) == {
        "supported": 20,
        "refuted": 20,
        "not enough": 10,
    }
    said, written = made[0].kind.split()
    assert made[0].text.endswith(f"\n{learned[0][written]['text']}")
    assert [made[0].statement, made[0].label] in learned[0][said]["statements"]
    with pytest.raises(UserError, match="is not that of SQuAD's training set"):
        claims.judged([Article("Tolm", [Paragraph("Tolm", "", (), (), ())])], held=True)


@pytest.mark.weights
def test_a_head_is_put_on_and_changes_no_other(tmp_path: Path) -> None:
    published = model_folder(MULTILINGUAL, load_settings().models)
    branch = Edits(SHARED)
    example = example_of(
        Message("de", ASKED, "Wer hat sie gebaut?", [("sie", "die Tolmer Brücke")], held_out=False)
    )
    states = begin(branch, shipped(), [(example.message, example.context)] * 4, tmp_path)
    train(branch, [example] * 4, states, tmp_path, 24.0)
    put_on(branch, shipped(), tmp_path / "reader.onnx")
    before, made = (
        MultilingualNetwork(published, each) for each in (shipped(), tmp_path / "reader.onnx")
    )
    pair = made.encode("Wer hat die Brücke gebaut?", "Vik hat sie gebaut.")
    for name in ("starts", "answers", "ranks"):
        [[one], [other]] = (network.run(pair, name) for network in (before, made))
        assert torch.equal(torch.tensor(one), torch.tensor(other))
    at = places(example.message)
    need, edits = ReaderWeights(made).edits(example.message, at, context_of(ASKED))
    assert need > 0.5
    assert len(edits) == len(at)
    assert all(context_of(ASKED)[start:end] for each in edits for start, end, _ in each.words)


def test_the_command_says_what_it_needs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        claims.main(["folder"])
    assert "--pages" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        follow_ups.main([])
    assert "folder" in capsys.readouterr().err.casefold()
