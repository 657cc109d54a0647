"""The language model's server and its failures, without the model."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import httpx
import openai
import pytest

from rag.writing.failures import LLMUnavailable
from rag.writing.llm import Writer
from rag.writing.own import llama_cpp
from tests.fake_llm import ScriptedLLM


def test_a_model_is_started_once_however_many_ask_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Path] = []

    def start(path: Path, **_: object) -> SimpleNamespace:
        started.append(path)
        time.sleep(0.05)
        return SimpleNamespace(listening_address="http://127.0.0.1:1")

    monkeypatch.setattr(llama_cpp, "_SERVERS", {})
    monkeypatch.setattr(llama_cpp, "start_server", start)
    monkeypatch.setattr(llama_cpp, "kept_folder", lambda: tmp_path)
    models = [tmp_path / name for name in ("a.gguf", "b.gguf", "c.gguf")]
    for model in models:
        model.touch()
    with ThreadPoolExecutor() as pool:
        given = list(pool.map(llama_cpp.serve, models * 3))
    assert sorted(started) == models
    assert all(first is later for first, later in zip(given, given[3:], strict=False))


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
