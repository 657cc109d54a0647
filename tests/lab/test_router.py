"""What the router learns from, its further classes, and that its weights are of its examples."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from eval.lab.training.routing.further import (
    ASKED,
    beside_the_weights,
    fit,
    follow_ups,
    further_classes,
    further_examples,
    probabilities,
    read,
    telling_words,
    with_further,
    without_further,
)
from eval.lab.training.routing.languages import in_languages, made_of
from eval.lab.training.routing.network import (
    EVIDENCE,
    EXAMPLES,
    MISTAKES,
    Message,
    _mistyped,
    load_examples,
    request_words,
)
from eval.lab.training.standing_alone.__main__ import CONVERSATIONS, told
from index.errors import UserError
from rag.asking.route import FOREIGN_ROWS, KINDS, WEIGHTS, Router, metadata
from rag.languages.phrases import SAYINGS

GOOD = '{"text": "tl;dr", "kind": "overview/all"}'


def written(folder: Path, *lines: str) -> Path:
    path = folder / "examples.jsonl"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_an_example_is_of_a_kind_and_of_each_of_its_matters(tmp_path: Path) -> None:
    both = '{"text": "Who wrote it, and when?", "kind": "document/author+date"}'
    assert load_examples(written(tmp_path, GOOD, both)) == [
        Message("tl;dr", ("overview/all",)),
        Message("Who wrote it, and when?", ("document/author", "document/date")),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("tl;dr", "line 2 is no example"),
        ("", "line 2 is no example"),
        ("[]", "line 2 is no example"),
        ('{"text": "tl;dr"}', "line 2 is no example"),
        ('{"kind": "overview/all"}', "line 2 is no example"),
        ('{"text": "tl;dr", "kind": 3}', "line 2 is no example"),
        ('{"text": "tl;dr", "kind": "overview"}', "line 2 is no example"),
        ('{"text": "tl;dr", "kind": "overview/all/one"}', "line 2 is no example"),
        ('{"text": "tl;dr", "kind": "poem/all"}', "line 2: there is no kind “poem”"),
    ],
)
def test_a_line_that_is_no_example_is_told_with_its_number(
    tmp_path: Path, line: str, said: str
) -> None:
    with pytest.raises(UserError, match=rf"^examples\.jsonl, {said}"):
        load_examples(written(tmp_path, GOOD, line, GOOD))


def test_the_examples_are_of_all_kinds_and_of_the_classes_that_the_weights_have() -> None:
    found = load_examples()
    assert EXAMPLES.name == "router.jsonl"
    classes = {name for each in found for name in each.classes}
    assert {name.partition("/")[0] for name in classes} == set(KINDS) - {"claim", "compute"}
    assert EVIDENCE in classes


def _of(kind: str, texts: Sequence[str]) -> list[Message]:
    return [Message(text, (kind,)) for text in texts]


def test_words_that_requests_have_in_common_are_the_requests_and_not_the_subjects() -> None:
    subjects = [f"harbour{chr(97 + at // 26)}{chr(97 + at % 26)}" for at in range(200)]
    examples = [
        *_of("overview/topic", [f"Give me an overview of the {each}" for each in subjects]),
        *_of("items/list", [f"List every {each}" for each in subjects]),
        *_of("overview/all", ["Summarize everything, please."]),
    ]
    found = request_words(examples)
    assert set(found) == set(KINDS)
    assert all(words == sorted(words) for words in found.values())
    assert {"give", "overview"} <= set(found["overview"])
    assert "list" in found["items"]
    assert "overview" not in found["items"]
    assert not {"of", "the"} & set(found["overview"]), "they stand in every text"
    assert not {word for words in found.values() for word in words} & set(subjects)
    # What asks for all names no subject: its words are requests' own, of whatever kind.
    assert all("summarize" in words for words in found.values())


def test_a_word_that_many_lists_are_asked_of_is_their_subject_still() -> None:
    others = [f"name{at}" for at in range(200)]
    rare = ["islands"] * 3
    lists = _of("items/list", [f"List the {each}" for each in (*others, *rare)])
    topics = _of("overview/topic", [f"Outline the {each}" for each in (*others, *rare)])
    found = request_words([*lists, *topics])
    assert "islands" not in found["items"]
    assert "islands" in found["overview"], "one in a hundred is enough elsewhere"


def test_mistakes_are_those_of_typing_and_as_often_as_is_said() -> None:
    rng = random.Random(7)
    text = "Which islands are named in the report?"
    found = [_mistyped(text, rng) for _ in range(4_000)]
    changed = [each for each in found if each.rstrip("?") != text.rstrip("?")]
    ends = [each for each in found if not each.endswith("?")]
    for some in (changed, ends):
        assert len(some) / len(found) == pytest.approx(MISTAKES, abs=0.02)
    for each in changed:
        assert each[0] == text[0]
        assert abs(len(each.rstrip("?")) - len(text.rstrip("?"))) <= 2
    whole = [each for each in changed if each.endswith("?")]
    assert {len(each) - len(text) for each in whole} == {-2, 0, 1}
    assert any(sorted(each) == sorted(text) for each in whole), "two letters changed places"


def test_a_short_message_keeps_its_letters() -> None:
    rng = random.Random(7)
    assert {_mistyped("tl;dr", rng) for _ in range(500)} == {"tl;dr"}
    assert {_mistyped("Why?", rng) for _ in range(500)} == {"Why?", "Why"}


def test_words_tell_what_is_to_be_computed_where_one_matter_has_them() -> None:
    examples = [
        *_of("compute/lowest", [f"the lowest rent in ward {at}" for at in range(8)]),
        *_of("compute/highest", [f"the highest rent in ward {at}" for at in range(8)]),
        *_of("evidence/asked", [f"the lowest form of wit, number {at}" for at in range(8)]),
    ]
    found = telling_words(examples)
    assert set(found) == {"lowest", "highest"}
    assert found["lowest"]["lowest"] > 0.9 > 0.1 > found["lowest"]["highest"]


# --- further classes: rows over the finished network, which stays as it is

TEXTS = ["tabulate it please", "How wide is the strait?", "shorter", "so it was closed, right?"]


@pytest.fixture
def network() -> onnx.ModelProto:
    return without_further(onnx.load(WEIGHTS / "router.onnx"))


def test_what_the_network_knows_stays_as_it_is(network: onnx.ModelProto, tmp_path: Path) -> None:
    before, known = read(network, TEXTS, tmp_path)
    rows = np.ones((before.shape[1], 2), np.float32)
    made = with_further(network, rows, np.array([0.0, 5.0], np.float32))
    after, told = read(made, TEXTS, tmp_path)
    assert torch.equal(before, after)
    assert torch.equal(known, told[:, :-2])
    sums = before.sum(1)
    torch.testing.assert_close(told[:, -2], sums, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(told[:, -1], sums + 5, atol=1e-3, rtol=1e-3)
    _, again = read(without_further(made), TEXTS, tmp_path)
    assert torch.equal(again, known)


def test_a_class_is_told_from_all_that_is_known() -> None:
    torch.manual_seed(1)
    features = torch.randn(400, 8) * 3 + 2
    logits = torch.randn(400, 5)
    own = (features[:, 2] > 4).float()
    rows, bias = fit(features, logits, torch.stack([own, 1 - own], 1), torch.ones(400))
    known = torch.logsumexp(logits, 1)
    taken = torch.from_numpy(features.numpy() @ rows + bias)[:, 0] > known
    assert (taken.float() == own).float().mean() > 0.9


def test_how_likely_a_class_is_counts_beside_all_that_is_known() -> None:
    features, logits = torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.zeros(2, 3)
    rows = np.array([[2.0], [-2.0]], np.float32), np.zeros(1, np.float32)
    found = probabilities(features, logits, rows)
    assert found.shape == (2, 1)
    raised = np.exp([2.0, -2.0])
    np.testing.assert_allclose(found[:, 0], raised / (raised + 3), rtol=1e-5)


def test_nothing_is_learned_of_conversations_that_are_held_out() -> None:
    asked = [each for each, _ in told(CONVERSATIONS) if each.message != each.alone]
    learned = follow_ups()
    assert len(learned) == sum(not each.held_out for each in asked) > 1000
    apart = {each.message for each in asked if each.held_out}
    assert len(apart - {*learned}) > 0.9 * len(apart), "Few are said in both."


# --- the weights that come with Footnoted

DRAWN = 400
RECOGNISED = 0.97
FURTHER_RECOGNISED = 0.95
"""Less, since a claim is often a question as well, and what reads it is linear."""


@pytest.fixture(scope="module")
def router() -> Router:
    return Router()


def test_the_weights_are_made_of_the_examples() -> None:
    """Who adds a line makes the weights again: `python -m eval.lab.training router`."""
    assert metadata()["examples_sha256"] == hashlib.sha256(EXAMPLES.read_bytes()).hexdigest()


def test_what_stands_beside_the_weights_is_of_the_examples() -> None:
    examples = load_examples()
    names = sorted({name for each in examples for name in each.classes})
    further = further_examples()
    more = further_classes(further)
    assert metadata()["classes"] == [*names, *more]
    assert beside_the_weights(further, more).items() <= metadata().items()


def test_further_classes_are_recognised_and_nothing_else_is_taken_for_them(router: Router) -> None:
    drawn = random.Random(27).sample(further_examples(), DRAWN)
    further = set(further_classes(drawn)) - {ASKED}
    wrong: list[str] = []
    for example in drawn:
        found = router(example.text)
        if example.classes[0].startswith("compute/"):  # It is told beside the kind.
            first = {f"compute/{matter}" for matter, _ in found.computes[:1]}
            if not first & set(example.classes):
                wrong.append(f"{example.text!r} is {'+'.join(example.classes)}, taken for {found}")
            continue
        names = {f"{found.kind}/{found.matters[0]}"} & further
        if names != set(example.classes) & further:
            wrong.append(f"{example.text!r} is {'+'.join(example.classes)}, taken for {found}")
    assert 1 - len(wrong) / DRAWN >= FURTHER_RECOGNISED, "\n".join(wrong)


def test_examples_are_recognised(router: Router) -> None:
    drawn = random.Random(27).sample(load_examples(), DRAWN)
    wrong: list[str] = []
    for example in drawn:
        found = router(example.text)
        if not {f"{found.kind}/{each}" for each in found.matters} & set(example.classes):
            wrong.append(f"{example.text!r} is {'+'.join(example.classes)}, taken for {found}")
    right = 1 - len(wrong) / DRAWN
    print(f"examples recognised: {right:.1%}", *wrong, sep="\n")  # noqa: T201
    assert right >= RECOGNISED, "\n".join(wrong)


def test_the_rows_for_other_languages_are_of_the_examples() -> None:
    rows = np.load(WEIGHTS / FOREIGN_ROWS)
    assert str(rows["made_of"]) == made_of()
    assert rows["weights"].shape == (len(rows["classes"]), 384)
    assert {*rows["classes"].tolist()} == {*metadata()["classes"]}
    assert {*rows["language_classes"].tolist()} == {language for _, language in in_languages()}
    assert {path.stem for path in SAYINGS.glob("*.json")} >= {*rows["language_classes"].tolist()}
