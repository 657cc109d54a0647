"""A language model's server that misbehaves: the answer is then its quotes, and says why."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from rag.answer import Answer
from rag.assistant import Assistant
from rag.config import Settings
from rag.writing.retry import LONGEST, TRIES, Waiting
from tests.faults import Faults
from tests.misbehaving import (
    BEFORE,
    KEY,
    RIGHT,
    WORDS,
    WRITING,
    Act,
    Where,
    for_ever,
    misbehaving,
    sends,
    status,
)

pytestmark = pytest.mark.weights

KIND = "a model server that misbehaves"
QUESTION = "How wide is the Tsugaru Strait?"
PARTS = "Which strait is wider, Tsugaru or Osumi?"
TIMEOUT = 0.5

FAULTS: list[tuple[str, Where, Act]] = [
    *((name, "copy", act) for name, act in BEFORE.items()),
    *((name, "write", act) for name, act in {**BEFORE, **WRITING}.items()),
]


def asks(
    briefed: Assistant, url: str, where: Where, question: str = QUESTION, **more: Any
) -> tuple[Answer, list[Waiting]]:
    """Ask with the language model at an address, and with waits that take no time."""
    given = {"llm": "elsewhere", "llm_url": url, "llm_timeout": TIMEOUT} | more
    settings = Settings(**briefed.settings.model_dump() | given | {"llm_key": KEY})
    waits: list[Waiting] = []
    with pytest.MonkeyPatch.context() as patch:
        if where == "copy":  # That is asked in doubt alone; it writes where there is none.
            patch.setattr("rag.answering.evidence.DOUBT", (0.0, 1.0))
        answer = briefed.with_settings(settings).ask(question, wait=waits.append)
    return answer, waits


def valid(answer: Answer) -> None:
    """All that it says is proven, and can be printed."""
    told = answer.as_json()
    whole = json.dumps({**told, "message": answer.message}, ensure_ascii=False).encode()
    assert KEY.encode() not in whole
    assert not any(sign in whole.decode() for sign in ("\\u0000", "\\u001b", "\u202e"))
    for citation, quote in zip(told["citations"], answer.citations, strict=True):
        text = quote.document.text
        assert text[citation["start"] : citation["end"]] == citation["quote"]
    for sentence in answer.sentences:
        assert bool(sentence.citations) == sentence.supported
        assert all(1 <= number <= len(answer.citations) for number in sentence.citations)
    if not answer.refused:
        assert any(sentence.supported for sentence in answer.sentences)


@pytest.mark.faults(minutes=3)
def test_whatever_it_does_there_is_an_answer(briefed: Assistant, faults: Faults) -> None:
    for name, where, act in faults.some(FAULTS):
        with faults.trying(KIND, f"{name} ({where})"), misbehaving(act, where) as server:
            answer, waits = asks(briefed, server.url, where)
            assert where in server.asked
            assert server.asked.count(where) == len(waits) + 1 <= TRIES
            assert sum(waiting.seconds for waiting in waits) <= LONGEST
            valid(answer)
            if where == "write":
                assert answer.llm_failed
                assert answer.reason == "llm_unavailable"
                assert "20 k" in answer.text
            if answer.llm_failed:
                assert "language model elsewhere" in (answer.message or "")


@pytest.mark.faults
def test_whatever_it_says_is_verified(briefed: Assistant, faults: Faults) -> None:
    for name, act in faults.some(list(WORDS.items())):
        with faults.trying(KIND, name, "let in"), misbehaving(act) as server:
            answer, _ = asks(briefed, server.url, "write")
            valid(answer)
            texts = [each.text for each in answer.sentences if each.supported]
            assert len(texts) == len(set(texts))
            assert "20 k" in " ".join(texts)
            assert not any(wrong in answer.text for wrong in ("77", "99", "Bering"))


@pytest.mark.parametrize(
    ("act", "times", "seconds"),
    [
        (status("429 Too Many Requests", "Retry-After: 4"), 2, [4.0, 4.0]),
        (status("503 Service Unavailable"), 2, [1.0, 2.0]),
        (status("500 Internal Server Error"), 1, [1.0]),
        (sends(), 1, [1.0]),
    ],
)
def test_what_passes_is_waited_for(
    briefed: Assistant, act: Act, times: int, seconds: list[float]
) -> None:
    with misbehaving(act, times=times) as server:
        answer, waits = asks(briefed, server.url, "write", llm_timeout=60)
    assert [waiting.seconds for waiting in waits] == seconds
    assert (answer.message, answer.llm_failed) == (None, False)
    assert answer.text.startswith(f"{RIGHT}[1]")


def test_a_wait_is_told_in_a_sentence(briefed: Assistant) -> None:
    with misbehaving(status("429 Too Many Requests", "Retry-After: 4")) as server:
        answer, waits = asks(briefed, server.url, "write", llm_timeout=60)
    assert str(waits[0]) == "The language model is busy: trying again in 4 s"
    assert answer.message == (
        "The language model elsewhere does not answer: Error code: 429 - {'error': {'message': "
        "'no'}}. It says to ask again in 4 s."
    )


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (status("401 Unauthorized"), "Check its key"),
        (status("404 Not Found"), "Check its name"),
        (status("400 Bad Request"), "Error code: 400"),
        (status("429 Too Many Requests", "Retry-After: 3600"), "ask again in 3,600 s"),
        (sends(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"), "compressed"),
        (BEFORE["never answers"], "FOOTNOTED_LLM_TIMEOUT gives it more time"),
        (BEFORE["drips its headers"], "took longer than 2.5 seconds. FOOTNOTED_LLM_TIMEOUT"),
        (BEFORE["says 500 with a page"], "HTTP 500 Oops"),
        (WRITING["says one word for ever"], "does not stop writing"),
        (WRITING["is cut off"], "stopped in the middle of an answer"),
        (WRITING["says nothing for ever"], "took longer than 2.5 seconds"),
        (WRITING["is no UTF-8"], "does not answer as an OpenAI-compatible server does"),
        (for_ever(b"", b"x" * 9_000), "Check its address"),
    ],
)
def test_what_is_wrong_is_told_and_what_mends_it(briefed: Assistant, act: Act, words: str) -> None:
    with misbehaving(act) as server:
        answer, _ = asks(briefed, server.url, "write")
    assert words in (answer.message or "")


@pytest.mark.parametrize("code", ["301 Moved Permanently", "307 Temporary Redirect"])
def test_the_key_and_the_quotes_go_nowhere_else(briefed: Assistant, code: str) -> None:
    with misbehaving(sends()) as other:
        moved = status(code, f"Location: {other.url}/chat/completions")
        with misbehaving(moved) as server:
            answer, _ = asks(briefed, server.url, "write")
    assert "give that one (FOOTNOTED_LLM_URL)" in (answer.message or "")
    assert other.asked == []


def test_of_parts_the_second_does_not_wait_again(briefed: Assistant) -> None:
    with misbehaving(BEFORE["says 500"]) as server:
        answer, waits = asks(briefed, server.url, "write", question=PARTS)
    assert answer.llm_failed
    assert len(waits) == TRIES - 1
    assert server.asked == ["write"] * TRIES


FIRST = """
from rag.config import load_settings
from rag.writing.loading import load_writer

load_writer(load_settings(llm="other", llm_url="http://127.0.0.1:9/v1"))

from openai.types.chat import chat_completion, chat_completion_chunk as chunk

for model in (chat_completion.ChatCompletion, chat_completion.Choice, chunk.ChatCompletionChunk,
              chunk.Choice, chunk.ChoiceDelta):
    print(model.__name__, model.__pydantic_complete__)
"""


def test_the_first_answers_may_come_at_once() -> None:
    """What the client reads answers into is built before: two threads would spoil it.

    Another test may have asked before, so this is a process of its own.
    """
    done = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True, check=True)
    assert [line.split()[1] for line in done.stdout.splitlines()] == ["True"] * 5, done.stdout
