"""The language model's server and its failures, without the model."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import httpx
import openai
import pytest

from rag.writing import llm
from rag.writing.llm import LLMUnavailable, Writer
from tests.fake_llm import ScriptedLLM


def test_a_model_is_started_once_however_many_ask_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Path] = []

    def start(path: Path) -> tuple[SimpleNamespace, str, None]:
        started.append(path)
        time.sleep(0.05)
        return SimpleNamespace(listening_address="http://127.0.0.1:1"), "key", None

    monkeypatch.setattr(llm, "_SERVERS", {})
    monkeypatch.setattr(llm, "_start", start)
    with ThreadPoolExecutor() as pool:
        given = set(pool.map(llm._serve, [Path("a.gguf"), Path("b.gguf"), Path("c.gguf")] * 3))
    assert len(given) == 1
    assert sorted(started) == [Path("a.gguf"), Path("b.gguf"), Path("c.gguf")]


@pytest.mark.parametrize(
    ("status", "setting"), [(401, "FOOTNOTED_LLM_KEY"), (404, "name there .FOOTNOTED_LLM.")]
)
def test_what_fails_names_the_setting_that_mends_it(status: int, setting: str) -> None:
    request = httpx.Request("POST", "http://127.0.0.1:1/v1")
    kind = {401: openai.AuthenticationError, 404: openai.NotFoundError}[status]
    error = kind("no", response=httpx.Response(status, request=request), body=None)
    there = Writer(ScriptedLLM(), "there", elsewhere=True)
    with pytest.raises(LLMUnavailable, match=setting), there._answering():
        raise error
    here = Writer(ScriptedLLM(), "here")
    with pytest.raises(LLMUnavailable, match=r"does not answer: no\.$"), here._answering():
        raise error
