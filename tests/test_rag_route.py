"""Which way a message is to be answered: the weights, and what is made of what they tell."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import get_args

import pytest

from eval.training.routing.further import ASKED, beside_the_weights, further_examples
from eval.training.routing.network import EXAMPLES, load_examples
from rag.answering import WAYS
from rag.asking.route import (
    BESIDE,
    DOUBT,
    EVIDENCE,
    KINDS,
    LONGEST,
    NOTHING,
    Kind,
    Route,
    Router,
    route_of,
    told,
)

DRAWN = 400
RECOGNISED = 0.97
FURTHER_RECOGNISED = 0.95
"""Less, since a claim is often a question as well, and what reads it is linear."""

NAMES = ("evidence/fact", "overview/all", "overview/topic", "document/author", "document/date")


@pytest.fixture(scope="module")
def router() -> Router:
    return Router()


# --- the weights


def test_the_weights_are_made_of_the_examples() -> None:
    """Who adds a line makes the weights again: `python -m eval.training router`."""
    assert told()["examples_sha256"] == hashlib.sha256(EXAMPLES.read_bytes()).hexdigest()


def test_what_stands_beside_the_weights_is_of_the_examples() -> None:
    examples = load_examples()
    names = sorted({name for each in examples for name in each.classes})
    further = further_examples()
    more = sorted({name for each in further for name in each.classes})
    assert told()["classes"] == [*names, *more]
    assert beside_the_weights(further, more).items() <= told().items()


def test_further_classes_are_recognised_and_nothing_else_is_taken_for_them(router: Router) -> None:
    drawn = random.Random(27).sample(further_examples(), DRAWN)
    further = {name for each in drawn for name in each.classes} - {ASKED}
    wrong: list[str] = []
    for example in drawn:
        found = router(example.text)
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


def test_each_kind_has_a_way_and_examples() -> None:
    assert set(WAYS) == set(KINDS) == set(get_args(Kind))
    assert {name.partition("/")[0] for name in told()["classes"]} == set(KINDS)
    assert set(told()["request_words"]) == {*KINDS, "footnote"}


def test_the_same_message_is_always_told_the_same(router: Router) -> None:
    messages = ["Summarize the article.", "How wide is the strait?", "shorter please"]
    once = [router(each) for each in messages]
    assert [Router()(each) for each in reversed(messages)] == once[::-1]
    assert [router(each) for each in messages] == once
    assert all(0 < each.probability <= 1 + 1e-6 for each in once)


@pytest.mark.parametrize("message", ["", "?!", "…", "👍", " \n\t", "[]()<>"])
def test_a_message_without_a_letter_or_a_digit_is_nothing(router: Router, message: str) -> None:
    assert router(message) == NOTHING


def test_of_a_long_message_the_beginning_is_read(router: Router) -> None:
    asked = "How wide is the strait that the warships passed? ".ljust(LONGEST)
    assert router(asked + "Summarize the article." * 1000) == router(asked)


# --- what is made of probabilities


def of(*probabilities: float) -> Route:
    return route_of(NAMES, probabilities)


def test_the_likeliest_kind_is_that_of_all_its_matters_together() -> None:
    found = of(0.05, 0.3, 0.3, 0.35, 0.0)
    assert found.kind == "overview"
    assert found.probability == pytest.approx(0.6)


def test_doubt_goes_to_evidence() -> None:
    rest = 1 - DOUBT
    assert of(DOUBT, rest, 0.0, 0.0, 0.0) == Route(EVIDENCE.kind, EVIDENCE.matters, DOUBT)
    assert of(DOUBT - 0.01, rest + 0.01, 0.0, 0.0, 0.0).kind == "overview"


@pytest.mark.parametrize(
    ("probabilities", "matters"),
    [
        ((0.0, 0.0, 0.0, 0.5, 0.5 * BESIDE), ("author",)),
        ((0.0, 0.0, 0.0, 0.6, 0.4), ("author", "date")),
        ((0.0, 0.0, 0.0, 0.4, 0.6), ("date", "author")),
        ((0.0, 0.0, 0.0, 1.0, 0.0), ("author",)),
    ],
)
def test_two_matters_are_asked_for_where_both_are_likely(
    probabilities: Sequence[float], matters: tuple[str, ...]
) -> None:
    found = of(*probabilities)
    assert (found.kind, found.matters) == ("document", matters)
    assert str(found) == f"document/{'+'.join(matters)}"


def test_two_matters_of_one_message(router: Router) -> None:
    found = router("who wrote this and when")
    assert (found.kind, set(found.matters)) == ("document", {"author", "date"})
