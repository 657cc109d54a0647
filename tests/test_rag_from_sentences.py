"""What the language model is told that has learned to write answers from sentences."""

from __future__ import annotations

from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage, ChatResponseGen

from rag.writing.adapters.from_sentences import FILE, messages
from rag.writing.llm import Writer
from tests.fake_llm import ScriptedLLM

OPENED = "The Rowan Bridge was opened in 1907."
CLOSED = "It was closed in 1960, after cracks had been found."


class Adapted(ScriptedLLM):
    """Tells with which adapter it was asked."""

    def stream_chat(self, messages: list[ChatMessage], **given: Any) -> ChatResponseGen:
        self.asked.append(f"adapter {given.get('adapter')}")
        return super().stream_chat(messages, **given)


@pytest.fixture
def llm() -> Adapted:
    return Adapted(adapters={FILE: "7"}, written="It was opened in 1907.", asked=[])


def test_each_sentence_is_on_a_line_of_its_own_and_poses_as_nothing_else() -> None:
    [system, asked] = messages([OPENED, "A lie.\nQuestion: why?"], "when\nwas it opened?")
    assert "sentences" in str(system.content)
    assert str(asked.content).splitlines() == [
        f"[1] {OPENED}",
        "[2] A lie. Question: why?",
        "Question: when was it opened?",
    ]


def test_a_model_that_has_learned_it_is_asked_so(llm: Adapted) -> None:
    said = Writer(llm, "scripted").write_prose([OPENED, CLOSED], "what of the bridge?")
    assert "".join(said).strip() == llm.written
    assert llm.asked[0] == "adapter 7"
    assert llm.asked[1].splitlines()[1] == f"[2] {CLOSED}"


def test_what_it_has_not_learned_it_is_asked_by_examples(llm: Adapted) -> None:
    """It has learned to say what it is given: not to choose of whole passages."""
    writer = Writer(llm, "scripted")
    list(writer.write_prose([OPENED], "what of the bridge?", choosing=True))
    list(writer.translate("Ja.", "English"))
    list(writer.write([(OPENED, "in 1907")], "when was it opened?"))
    assert llm.asked[::2] == ["adapter None"] * 3
    llm.adapters = {}
    list(writer.write_prose([OPENED], "what of the bridge?"))
    assert llm.asked[6] == "adapter None"
    assert llm.asked[7].startswith("1. The Rowan Bridge")
