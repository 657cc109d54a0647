"""The default language model itself, in this process and behind an address of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import httpx
import pytest

from index.library import Library
from rag.assistant import Assistant
from rag.config import load_settings
from rag.writing.failures import LLMUnavailable
from rag.writing.llm import Writer
from rag.writing.loading import load_writer
from tests.conftest import BRIEFING

pytestmark = [pytest.mark.llm, pytest.mark.weights]

QUOTE = "The older Rowan Bridge is 300 metres long and was repaired in 1960."


@pytest.fixture(scope="module")
def copying(writer: Writer) -> Writer:
    """The same at its address, as any other model, which has no adapters."""
    llm = writer.llm
    made = load_writer(
        load_settings(llm="qwen", llm_url=llm.api_base, llm_key=llm.api_key)  # type: ignore[attr-defined]
    )
    assert made is not None
    return made


def test_it_finds_that_a_quote_answers(copying: Writer) -> None:
    assert copying.none_probability(QUOTE, "In which year was the Rowan Bridge repaired?") < 0.5


@pytest.mark.parametrize("question", ["Who won the football match?", "Who repaired the bridge?"])
def test_it_finds_that_nothing_answers(copying: Writer, question: str) -> None:
    assert 0.5 < copying.none_probability(QUOTE, question) <= 1


def test_a_name_that_begins_like_none_is_no_none(copying: Writer) -> None:
    quote = "The bridge was opened by Nora Nonberg, the mayor of Tolm."
    assert copying.none_probability(quote, "Who opened the bridge?") < 0.2


def test_the_same_words_every_time(writer: Writer) -> None:
    read = [(QUOTE, "300 metres")]
    one, other = ("".join(writer.write(read, "How long is the Rowan Bridge?")) for _ in "ab")
    assert one == other
    assert "300" in one


def test_a_message_is_made_to_stand_alone(writer: Writer) -> None:
    turns = [
        ("who built the older rowan bridge", "It was built by the engineer Tore Vik."),
        ("how long is it?", "The older Rowan Bridge is 300 metres long."),
    ]
    repaired = [writer.stand_alone("and when was it repaired?", turns) for _ in "ab"]
    assert "rowan bridge" in repaired[0].casefold()
    assert "repaired" in repaired[0]
    assert repaired[0] == repaired[1]
    other = "who is the minister of fishing in Norland"
    assert writer.stand_alone(other, turns).strip("?").casefold() == other.casefold()


def test_another_program_can_be_the_language_model(copying: Writer) -> None:
    """The address of the one that runs here serves as an OpenAI-compatible one elsewhere."""
    said = copying.write([(QUOTE, "300 metres")], "How long is the Rowan Bridge?")
    assert "300" in "".join(said)


def test_the_model_serves_windows_elsewhere_that_bring_its_key() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "rag.writing.serve"],
        cwd=BRIEFING.parents[2],
        env=os.environ | {"FOOTNOTED_LLM_KEY": "a-key-of-its-own"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    address = process.stdout.readline().strip()
    try:
        assert httpx.get(f"{address.removesuffix('/v1')}/health").status_code == 200
        listed = httpx.get(
            f"{address}/models", headers={"authorization": "Bearer a-key-of-its-own"}
        )
        assert [each["id"] for each in listed.json()["data"]] == [load_settings().llm]
        made = {
            key: load_writer(load_settings(llm_url=address, llm_key=key))
            for key in ("a-key-of-its-own", "another-key")
        }
        assert all(made.values())
        read = [(QUOTE, "300 metres")]
        question = "How long is the Rowan Bridge?"
        assert "300" in "".join(made["a-key-of-its-own"].write(read, question))  # type: ignore[union-attr]
        with pytest.raises(LLMUnavailable, match="FOOTNOTED_LLM_KEY"):
            list(made["another-key"].write(read, question))  # type: ignore[union-attr]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 0


def test_the_whole_way_with_real_weights(briefing_library: Library) -> None:
    assistant = Assistant(load_settings(library=briefing_library.folder))
    answer = assistant.ask("Which strait did the warships pass, and how wide is it?")
    assert not answer.refused
    assert "Tsugaru" in answer.text
    assert "20" in answer.text
    assert all(sentence.citations for sentence in answer.sentences if sentence.supported)
    for question in ("How deep is the Tsugaru Strait?", "What is the capital of Peru?"):
        refusal = assistant.ask(question)
        assert refusal.refused, question
        assert len(refusal.quotes) >= 5
