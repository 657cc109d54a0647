"""What the router learns from: its examples, the words that requests share, mistakes in typing."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from eval.lab.training.routing.network import (
    EVIDENCE,
    EXAMPLES,
    MISTAKES,
    Message,
    _mistyped,
    load_examples,
    request_words,
)
from index.errors import UserError
from rag.asking.route import KINDS

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
    assert {name.partition("/")[0] for name in classes} == set(KINDS) - {"claim"}
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
