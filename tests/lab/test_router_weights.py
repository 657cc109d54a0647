"""The router's shipped weights are those that its examples give."""

from __future__ import annotations

import hashlib
import random

import pytest

from eval.lab.training.routing.further import ASKED, beside_the_weights, further_examples
from eval.lab.training.routing.network import EXAMPLES, load_examples
from rag.asking.route import Router, told

DRAWN = 400
RECOGNISED = 0.97
FURTHER_RECOGNISED = 0.95
"""Less, since a claim is often a question as well, and what reads it is linear."""


@pytest.fixture(scope="module")
def router() -> Router:
    return Router()


def test_the_weights_are_made_of_the_examples() -> None:
    """Who adds a line makes the weights again: `python -m eval.lab.training router`."""
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
