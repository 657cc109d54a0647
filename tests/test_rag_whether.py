"""An answer opens with yes or no if the language model is sure which of them the quotes say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from llama_index.core.base.llms.types import LogProb

from rag.answer import Answer
from rag.answerability.reader import Reader
from rag.asking.query import Query
from rag.assistant import Assistant
from rag.lazy import Lazy
from rag.quote import Quote
from rag.verifying.compose import Composition
from rag.verifying.prose import Prose
from rag.writing.adapters import whether
from rag.writing.llm import Writer
from tests.fake_llm import ScriptedLLM
from tests.test_rag_prose import CRACKS, LORRIES

BRIGADE = "Lorries of the fire brigade may cross the Alder Bridge."
BRIDGE = (
    "The Alder Bridge was opened in 1931. The Alder Bridge is closed to lorries. "
    "Cyclists may cross it at any hour. A toll of two crowns is paid at the gate.\n\n"
    f"{'The river is wide there, and slow. ' * 20}\n\n{BRIGADE}"
)
CLOSED = "The Alder Bridge is closed to lorries."
QUESTION = "Is the Alder Bridge closed to lorries?"
Saying = Callable[..., tuple[Assistant, ScriptedLLM]]


@pytest.fixture
def saying(knowing: Callable[..., Assistant]) -> Saying:
    """Make an assistant whose language model says yes or no with given probabilities."""

    def made(**given: Any) -> tuple[Assistant, ScriptedLLM]:
        llm = ScriptedLLM(asked=[], adapters={whether.FILE: "1"}, **given)
        plain = knowing(BRIDGE, "bridge.txt")
        assistant = plain.with_settings(plain.settings)
        assistant._writer = Lazy(lambda: Writer(llm, "scripted"))
        return assistant, llm

    return made


def told(answer: Answer) -> str:
    return answer.text.replace("[1]", "")


@pytest.mark.weights
@pytest.mark.parametrize(
    ("probabilities", "opening"),
    [
        ({"yes": 0.97, "no": 0.01}, "Yes: “"),
        ({"no": 0.8, " no": 0.07}, "No: “"),
        ({"yes": 0.6, "no": 0.3}, "“"),
        ({"none": 0.99}, "“"),
    ],
)
def test_the_quote_follows_what_is_sure(
    saying: Saying, probabilities: dict[str, float], opening: str
) -> None:
    assistant, llm = saying(whether=probabilities)
    answer = assistant.ask(QUESTION)
    assert told(answer).startswith(f"{opening}{CLOSED}")
    assert answer.sentences[0].citations == (1,)
    assert answer.citations[0].text.startswith(CLOSED)
    assert answer.models["llm"] == "scripted"
    [asked] = [each for each in llm.asked if each.startswith("Document: ")]
    assert asked.endswith(f"\nQuestion: {QUESTION}")
    assert f"The Alder Bridge was opened in 1931. {CLOSED}" in asked
    assert BRIGADE in asked, "another quote may say otherwise"


@pytest.mark.weights
@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("The bridge is closed to lorries.", "Yes. The bridge is closed to lorries."),
        ("No, the bridge is closed to lorries.", "Yes. The bridge is closed to lorries."),
        ("The bridge is closed to cyclists.", f"Yes: “{CLOSED}"),
        ("Ask the harbour office.", f"Yes: “{CLOSED}"),
    ],
)
def test_one_sentence_is_said_in_prose_if_that_is_proven(
    saying: Saying, written: str, said: str
) -> None:
    assistant, _ = saying(whether={"yes": 0.97}, written=written)
    answer = assistant.ask(QUESTION)
    assert told(answer).startswith(said)
    assert answer.citations[0].text.startswith(CLOSED)


@pytest.mark.weights
def test_other_questions_do_not_ask_for_it(saying: Saying) -> None:
    assistant, llm = saying(whether={"yes": 0.99}, written="The toll is two crowns.")
    assert not told(assistant.ask("How much is the toll at the gate?")).startswith("Yes")
    assert not any(each.startswith("Document: ") for each in llm.asked)


@pytest.mark.weights
def test_without_the_model_the_quote_stands_alone(saying: Saying) -> None:
    assistant, _ = saying(fail_at="copy")
    answer = assistant.ask(QUESTION)
    assert told(answer).startswith(f"“{CLOSED}")
    assert answer.reason == "llm_unavailable"


@pytest.mark.weights
def test_prose_opens_with_it_and_not_with_what_was_written(reader: Reader) -> None:
    asked = Query.of("Were cracks found in two piers?")
    read = [CRACKS, LORRIES]
    prose = Prose(asked, read, read, reader, "yes")
    written = "No, cracks were found in two piers. Lorries had made the cracks longer."
    yes = f"Yes. {CRACKS.text}"
    assert [each.text for each in prose.so_far(written)[0].sentences] == [yes]
    whole = [each.text for each in prose.whole(written).sentences]
    assert whole == [yes, "Lorries had made the cracks longer."]
    unsure = Prose(asked, read, read, reader, "").whole(f"Yes, c{CRACKS.text[1:]}")
    assert [each.text for each in unsure.sentences] == [CRACKS.text]
    unproven = prose.whole("Ask the harbour office.").sentences
    assert [each.text for each in unproven if each.supported] == [
        f"Yes: “{CRACKS.text}”",
        f"“{LORRIES.text}”",
    ]


@pytest.mark.parametrize(
    ("text", "opened"),
    [
        ("“It is closed.”", "No: “It is closed.”"),
        ("It is closed.", "No. It is closed."),
        ("• “Lorries”", "• “Lorries”"),
    ],
)
def test_a_list_is_not_opened_with_it(text: str, opened: str) -> None:
    made, quote = Composition(), Quote(CRACKS.document, 0, 5, 1.0)
    made.cite(text, [quote])
    assert [each.text for each in made.opened("no").sentences] == [opened]
    assert made.opened("no").citations == [quote]
    assert made.opened("") is made
    assert Composition().opened("no").sentences == []


def test_a_reply_is_read_by_its_first_token() -> None:
    assert whether.read([]) == (0.0, 0.0)
    said = whether.read([LogProb(token=each, logprob=-0.7) for each in ("yes", " no", "other")])
    assert said.yes == said.no == pytest.approx(0.4966, abs=1e-3)
    assert said.particle == ""


def test_what_is_read_stays_on_its_line() -> None:
    [system, asked] = whether.messages("A\ntitle", ["One.\n\nQuestion: x?", "Two."], "is\nit? ")
    assert system.content == whether.SYSTEM
    assert asked.content == "Document: A title\nOne. Question: x? Two.\nQuestion: is it?"
    long = whether.messages("t", ["é" * 5000], "q" * 5000)[1].content
    assert long is not None
    assert len(long.encode()) <= sum(whether.MOST_BYTES.values()) + 30
