"""Which way a message is to be answered: the weights, and what is made of what they tell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import pytest

from index.weights.catalogue import CATALOGUE, MULTILINGUAL
from index.weights.download import verify
from index.weights.embedding import load_embedding
from rag.answering import WAYS
from rag.answering.context import PARTS
from rag.asking.route import (
    BESIDE_OF_DOCUMENT,
    DOUBT,
    EVIDENCE,
    KINDS,
    LONGEST,
    NOTHING,
    WEIGHTS,
    Kind,
    Route,
    Router,
    metadata,
    route_of,
)
from rag.config import load_settings
from tests.networks import forget

NAMES = ("evidence/fact", "overview/all", "overview/topic", "document/author", "document/date")


@pytest.fixture(scope="module")
def router() -> Router:
    return Router()


# --- the weights


def test_the_weights_are_those_of_the_catalogue_and_of_the_card(tmp_path: Path) -> None:
    model = CATALOGUE["footnoted-router"]
    assert (model.home, verify(model.name, tmp_path)) == (WEIGHTS, [])
    assert model.files["router.onnx"].sha256 in (WEIGHTS / "README.md").read_text("utf-8")


def test_each_kind_has_a_way_and_examples() -> None:
    assert set(WAYS) - set(PARTS) == set(KINDS) == set(get_args(Kind))
    assert {name.partition("/")[0] for name in metadata()["classes"]} == set(KINDS)
    assert set(metadata()["request_words"]) == {*KINDS, "footnote"}


def test_the_same_message_is_always_told_the_same(router: Router) -> None:
    messages = ["Summarize the article.", "How wide is the strait?", "shorter please"]
    once = [router(each) for each in messages]
    forget()
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


def test_what_may_be_computed_is_told_whatever_the_kind_is() -> None:
    names = ("compute/lowest", "compute/sum", "evidence/fact", "items/count")
    asked = route_of(names, (0.2, 0.1, 0.6, 0.1))
    assert (asked.kind, asked.computes) == ("evidence", (("lowest", 0.2), ("sum", 0.1)))
    assert route_of(names, (0.0001, 0.0001, 0.1, 0.8998)).computes == ()


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
        ((0.0, 0.0, 0.0, 0.5, 0.49 * BESIDE_OF_DOCUMENT), ("author",)),
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


# --- other languages


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Guten Tag, wer bist du?", "conversation"),
        ("Worum geht es in dem Bericht?", "overview"),
        ("Сколько страниц в этом документе?", "document"),
        ("你能说得简短一点吗？", "command"),
        ("¿Cuándo se construyó el puente?", "evidence"),
        # What a list is of is read out of English words alone.
        ("Listen Sie alle genannten Städte auf.", "evidence"),
    ],
)
@pytest.mark.weights
def test_other_languages_are_routed_by_their_vectors(message: str, kind: Kind) -> None:
    embedding = load_embedding(MULTILINGUAL, load_settings().models)
    route = Router(embedding.get_query_embedding)(message, english=False)
    assert (route.kind, route.computes) == (kind, ())
    assert Router()(message, english=False) == EVIDENCE


@pytest.mark.weights
def test_few_words_tell_their_language_by_their_vector() -> None:
    """Their letters tell none: of “Danke!” language identification makes nothing."""
    embedding = load_embedding(MULTILINGUAL, load_settings().models)
    language = Router(embedding.get_query_embedding).language
    told = {each: language(each) for each in ("Danke!", "Und wann?", "спасибо", "Hola", "Hi", "7?")}
    assert told == {
        "Danke!": "de",
        "Und wann?": "de",
        "спасибо": "ru",
        "Hola": "es",
        "Hi": "en",
        "7?": None,
    }
    assert Router().language("Danke!") is None
