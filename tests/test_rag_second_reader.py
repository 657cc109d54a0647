"""What reads a quote a second time, by what the language model makes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag.config import load_settings
from rag.writing.llm import Writer, load_writer
from rag.writing.own.own_server import OwnServer
from rag.writing.second_reader import SecondReader, prompt

BRIDGE = "The older Rowan Bridge is 300 metres long and was repaired in 1960."


def test_the_log_odds_are_a_weighted_sum(tmp_path: Path) -> None:
    np.savez(tmp_path / "made.npz", weights=np.array([1.0, -2.0]), intercept=0.5)
    reader = SecondReader(tmp_path / "made.npz")
    assert reader.log_odds([3.0, 1.0]) == 1.5
    assert reader.sha256 != SecondReader().sha256


@pytest.mark.parametrize("sign", ["a", "1", "ü", "美", "😀", "\ud800", "\n"])
def test_a_prompt_has_no_more_tokens_than_are_read_in_seconds(sign: str) -> None:
    long = sign * 5_000
    assert len(prompt(long, long, long).encode()) <= 1_024  # A token is a byte at least.


def test_a_prompt_has_the_quote_whole_under_its_title() -> None:
    said = prompt("Bridges", BRIDGE, " In which year was the Rowan Bridge repaired? ")
    assert said.startswith(f"Bridges: {BRIDGE}\n\nQuestion: in which year was the rowan bridge")
    assert "repaired?\n" in said


@pytest.fixture(scope="module")
def writer() -> Writer:
    made = load_writer(load_settings())
    assert made is not None
    return made


ANSWERED = ("In which year was the Rowan Bridge repaired?", "how long is the older rowan bridge")
NOT_ANSWERED = (
    "Who repaired the Rowan Bridge?",
    "How long is the newer Rowan Bridge?",
    "Who won the football match?",
)


@pytest.mark.llm
@pytest.mark.weights
def test_what_a_quote_answers_is_told_from_near_misses(writer: Writer) -> None:
    assert writer.rereads
    answered, others = (
        [writer.reread(BRIDGE, question, "Bridges of Tolm") for question in questions]
        for questions in (ANSWERED, NOT_ANSWERED)
    )
    assert min(answered) > 1 > max(others)


@pytest.mark.llm
@pytest.mark.weights
def test_its_numbers_are_those_of_the_model_that_it_was_made_with(writer: Writer) -> None:
    """Also of a quote that is as long as may be."""
    assert isinstance(writer.llm, OwnServer)
    for said in (
        prompt("Bridges", BRIDGE, "Who built it?"),
        prompt("1" * 500, "2" * 900, "3" * 900),
    ):
        state = writer.llm.state(said)
        assert len(state) == len(SecondReader().weights)
        assert writer.llm.state(said) == pytest.approx(state, abs=0.05)
