"""`/v1/`, OpenAI's form, and what watches the program, over HTTP."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from openai import OpenAI
from starlette.testclient import TestClient

from index.documents import Document
from index.errors import UserError
from rag.assistant import Assistant
from rag.config import load_settings
from rag.trace import LOGGER
from tests.asking import AssistantOf
from tests.browser import OFF_TOPIC, SUMMIT
from tests.conftest import OpenLibrary
from ui.api import wire
from ui.api.beside import Beside
from ui.api.functions import Functions
from ui.api.traces import Spans, start_traces
from ui.api.v1 import api
from ui.api.watch import PrometheusMetrics, Watch
from ui.entry.login import Login, proxy_of, refusal
from ui.entry.users import RightsOf, UsersFile, add_token, add_user
from ui.panels.events import Rights
from ui.panels.regression.runs import Runs

pytestmark = pytest.mark.weights

OTHER = "# Bread\n\nThe baker of Ulm bakes rye bread on Mondays.\n"


def served(assistant: Assistant, users: UsersFile | None = None) -> TestClient:
    """Return a client of the API as the window puts it together, without the window."""
    functions = Functions(assistant, Rights(None if users is None else RightsOf(users)))
    app: Any = FastAPI()

    @app.get("/{path:path}")
    def window(path: str) -> Any:
        return refusal("The window.", 418)

    app = Beside(app, api(functions, Runs(assistant)), PrometheusMetrics(assistant))
    app = Login(app, users) if users is not None else app
    return TestClient(Watch(app, assistant))


@pytest.fixture(scope="module")
def client(briefed: Assistant) -> TestClient:
    return served(briefed)


@pytest.fixture
def empty(assistant_of: AssistantOf, open_library: OpenLibrary, tmp_path: Path) -> Assistant:
    """An assistant of a library that may be changed."""
    return assistant_of(open_library(tmp_path / "library"))


def test_a_question_is_answered_with_its_quotes(client: TestClient, briefing: Document) -> None:
    answer = client.post("/v1/ask", json={"question": SUMMIT}).json()
    assert wire.Answer.model_validate(answer)
    for each in answer["citations"]:
        assert briefing.text[each["start"] : each["end"]] == each["quote"]
    follow_up = {
        "question": "How long did it last?",
        "history": [
            {"role": "user", "content": SUMMIT},
            {"role": "assistant", "content": answer["answer"]},
        ],
    }
    told = client.post("/v1/ask", json=follow_up).json()
    assert "90 minutes" in told["answer"]
    refused = client.post("/v1/ask", json={"question": OFF_TOPIC}).json()
    assert (refused["refused"], refused["reason"]) == (True, "not_in_sources")
    apart = client.post("/v1/ask", json={"question": SUMMIT, "without": [briefing.id]}).json()
    assert apart["reason"] == "no_documents"


def test_steps_come_as_events(client: TestClient) -> None:
    events = streamed(client, {"question": SUMMIT, "stream": True})
    names = [name for name, _ in events]
    assert names[:2] == ["searching", "quotes"]
    assert names[-1] == "answer"
    assert set(names[2:-1]) == {"sentence"}
    answer = events[-1][1]
    said = [told["text"] for name, told in events if name == "sentence"]
    assert said == [each["text"] for each in answer["sentences"] if each["supported"]]
    for name, told in events:
        if name == "sentence":
            assert all(each["quote"] for each in told["citations"])
    [(name, told)] = streamed(client, {"question": SUMMIT, "stream": True, "without": ["none.md"]})
    assert (name, "There is no document" in told["detail"]) == ("error", True)


def streamed(client: TestClient, asked: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    text = client.post("/v1/ask", json=asked).text
    found = re.findall(r"event: (\w+)\ndata: (.*)\n\n", text)
    return [(name, json.loads(data)) for name, data in found]


def test_quotes_are_found_and_texts_checked(client: TestClient, briefing: Document) -> None:
    found = client.post("/v1/search", json={"question": SUMMIT, "limit": 3}).json()
    assert [wire.FoundQuote.model_validate(each).rank for each in found] == [1, 2, 3]
    text = "The Tsugaru Strait is 20 kilometers wide. The Tsugaru Strait is 70 kilometers wide."
    checked = client.post("/v1/check", json={"text": text}).json()
    assert wire.CheckedText.model_validate(checked)
    assert [each["verdict"] for each in checked["sentences"]] == ["supported", "contradicted"]


@pytest.mark.parametrize(
    ("path", "sent", "field"),
    [
        ("ask", {"question": 5}, "question"),
        ("ask", {"question": " "}, "question"),
        ("ask", {"question": "x" * 2001}, "question"),
        ("ask", {}, "question"),
        ("ask", {"question": "Who?", "history": [{"role": "judge", "content": ""}]}, "history"),
        ("ask", {"question": "Who?", "stream": "yes"}, "stream"),
        ("ask", {"question": "Who?", "unknown": 1}, "unknown"),
        ("search", {"question": "Who?", "limit": 51}, "limit"),
        ("search", {"question": "Who?", "limit": 1.5}, "limit"),
        ("check", {"text": ""}, "text"),
        ("check", {"text": "x" * 50_001}, "text"),
        ("translate", {"document": "a.md", "start": 0, "end": 5}, "language"),
        ("translate", {"document": "a.md", "start": -1, "end": 5, "language": "de"}, "start"),
        ("documents", {"name": "a.md", "text": ""}, "text"),
        ("runs", {"set": 5}, "set"),
        ("chat/completions", {"model": "footnoted", "messages": []}, "messages"),
    ],
)
def test_bad_input_is_told_by_its_field(
    client: TestClient, path: str, sent: dict[str, Any], field: str
) -> None:
    answer = client.post(f"/v1/{path}", json=sent)
    assert answer.status_code == 422
    assert field in [part for each in answer.json()["detail"] for part in each["loc"]]


def test_what_is_no_request(client: TestClient) -> None:
    assert client.post("/v1/ask", content=b"{").status_code == 422
    assert client.post("/v1/ask", content=iter([b"{}"])).status_code == 411
    long = {"content-length": str(10**9), "content-type": "application/json"}
    assert client.post("/v1/ask", content=b"{}", headers=long).status_code == 413
    assert client.get("/v1/nothing").status_code == 404
    assert client.get("/v1/ask").status_code == 405
    assert client.get("/elsewhere").status_code == 418


def test_documents_are_listed_read_added_and_removed(empty: Assistant) -> None:
    own = served(empty)
    first = own.post("/v1/documents", json={"text": OTHER, "name": "bread.md"})
    assert (first.status_code, first.json()["outcome"]) == (201, "added")
    again = own.post("/v1/documents", json={"text": OTHER, "name": "bread.md"})
    assert (again.status_code, again.json()["outcome"]) == (200, "unchanged")
    assert wire.Added.model_validate(again.json()).id == first.json()["id"]
    file = {"file": ("rolls.txt", b"The baker of Ulm bakes rolls on Fridays.")}
    assert own.post("/v1/documents/files", files=file).status_code == 201

    listed = own.get("/v1/documents").json()
    assert [each.title for each in wire.Documents.model_validate(listed).documents] == [
        "Bread",
        "rolls",
    ]
    bread = first.json()["id"]
    assert own.get(f"/v1/documents/{bread[:5]}").json()["title"] == "Bread"
    text = own.get("/v1/documents/bread.md/text").text
    assert "rye bread" in text
    at = text.index("rye bread")
    place = own.get(f"/v1/documents/{bread}/place?start={at}&end={at + 9}").json()
    assert wire.Place.model_validate(place).quote == "rye bread"
    assert own.get(f"/v1/documents/{bread}/place?start=9&end=9").status_code == 400
    assert own.get("/v1/documents/none.md").status_code == 404
    [library] = own.get("/v1/libraries").json()
    assert (library["documents"], library["models"]["llm"]) == (2, None)

    assert own.delete(f"/v1/documents/{bread}").json()["outcome"] == "removed"
    assert own.delete(f"/v1/documents/{bread}").status_code == 404
    for wrong in ({}, {"text": "a", "url": "http://a"}, {"url": "file:///etc/passwd"}):
        assert own.post("/v1/documents", json=wrong).status_code in (400, 422)
    unread = own.post("/v1/documents", json={"text": "a b", "name": "a.exe"})
    assert (unread.status_code, "cannot be read" in unread.json()["detail"]) == (400, True)


def test_a_set_is_run(client: TestClient) -> None:
    assert "briefing-talks" in client.get("/v1/sets").json()["sets"]
    assert client.get("/v1/runs/none").status_code == 404
    assert client.post("/v1/runs", json={"set": "../briefing"}).status_code == 404
    begun = client.post("/v1/runs", json={"set": "briefing", "llm": False})
    assert begun.status_code == 202
    client.delete("/v1/runs/briefing")
    deadline = time.monotonic() + 60
    while (told := client.get("/v1/runs/briefing").json())["state"] == "running":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert wire.RunState.model_validate(told).state in ("stopped", "done")


def test_users_may_do_what_their_rights_say(empty: Assistant, tmp_path: Path) -> None:
    path = tmp_path / "users"
    add_user(path, "reader", "r" * 8)
    add_user(path, "writer", "w" * 8, "add,remove")
    tokens = {name: add_token(path, name) for name in ("reader", "writer")}
    client = served(empty, UsersFile(path))

    def add(name: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {tokens[name]}"}
        return client.post("/v1/documents", json={"text": OTHER, "name": "b.md"}, headers=headers)

    assert client.get("/v1/documents").status_code == 401
    assert client.get("/metrics").status_code == 401
    assert client.get("/health").json() == {"status": "alive"}
    assert add("reader").status_code == 403
    assert add("writer").status_code == 201
    # A token that is replaced, and a user who is taken out, end at once.
    replaced = tokens["writer"]
    tokens["writer"] = add_token(path, "writer")
    assert add("writer").status_code == 200
    tokens["writer"] = replaced
    assert add("writer").status_code == 401
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith("reader:")))
    assert add("reader").status_code == 401


def test_a_proxy_says_who_somebody_is(empty: Assistant, tmp_path: Path) -> None:
    path = tmp_path / "users"
    add_user(path, "ada@a.org", "a" * 8, "add")
    functions = Functions(empty, Rights(RightsOf(users := UsersFile(path))))
    app = Beside(FastAPI(), api(functions, Runs(empty)), PrometheusMetrics(empty))
    made = Login(app, users, proxy=proxy_of("X-Forwarded-User", ["10.0.0.0/24", "::1"]))

    def status(host: str, headers: dict[str, str], method: str = "GET") -> int:
        client = TestClient(made, client=(host, 5))
        sent = {"json": {"text": OTHER}} if method == "POST" else {}
        return client.request(method, "/v1/documents", headers=headers, **sent).status_code

    ada, eve = {"X-Forwarded-User": "ada@a.org"}, {"X-Forwarded-User": "eve"}
    assert status("10.0.0.7", ada) == 200
    assert status("10.0.0.7", ada, "POST") == 201
    assert status("10.0.0.7", eve) == 200  # Who is not in the file reads.
    assert status("10.0.0.7", eve, "POST") == 403
    assert status("10.0.0.7", {}) == 401
    assert status("10.0.1.7", ada) == 401  # Anybody can send the header.
    assert status("10.0.1.7", ada | {"X-Forwarded-For": "10.0.0.7"}) == 401
    for header, address in (("X Y", "::1"), ("X", "proxy")):
        with pytest.raises(UserError):
            proxy_of(header, [address])


def test_what_is_asked_is_traced(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    before = len(logging.getLogger(LOGGER).handlers)
    start_traces()  # Nobody collects them.
    assert len(logging.getLogger(LOGGER).handlers) == before
    collected = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(collected))
    spans = Spans(provider)
    client.post("/v1/ask", json={"question": SUMMIT})
    logging.getLogger(LOGGER).removeHandler(spans)
    [span] = collected.get_finished_spans()
    assert span.name == "ask"
    assert span.attributes["footnoted.outcome"] == "answered"
    assert "retrieve" in [each.name for each in span.events]
    assert SUMMIT not in span.to_json()


def test_many_at_once_get_what_one_gets(client: TestClient) -> None:
    def asked(_: int) -> str:
        return str(client.post("/v1/ask", json={"question": SUMMIT}).json()["answer"])

    alone = asked(0)
    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(asked, range(20))) == {alone}


def test_openapi_says_all_of_it(client: TestClient) -> None:
    told = client.get("/v1/openapi.json").json()
    assert {path for path in told["paths"] if "{" not in path} == {
        *("/v1/ask", "/v1/search", "/v1/check", "/v1/translate", "/v1/libraries", "/v1/documents"),
        *("/v1/documents/files", "/v1/sets", "/v1/runs", "/v1/models", "/v1/chat/completions"),
    }
    page = client.get("/v1/docs").text
    assert "/v1/ask" in page
    assert "up to 2,000 characters" in page
    assert not re.search(r"<script|(src|href)=[\"']?https?:", page)


def test_what_watches_it(client: TestClient) -> None:
    assert client.get("/ready").json() == {"status": "ready", "wrong": []}
    before = client.get("/metrics").text
    client.post("/v1/ask", json={"question": OFF_TOPIC})
    client.post("/v1/documents", json={"text": "a", "name": "a.exe"})
    after = client.get("/metrics").text

    def value(text: str, name: str) -> float:
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    for name in (
        'footnoted_questions_total{outcome="refused"}',
        'footnoted_refusals_total{reason="not_in_sources"}',
        'footnoted_step_seconds_count{step="total"}',
        'footnoted_errors_total{error="DocumentError",event="add"}',
    ):
        assert value(after, name) == value(before, name) + 1, name
    assert value(after, "footnoted_documents") == 1
    assert value(after, "footnoted_waiting") == 0
    assert OFF_TOPIC not in after


def test_what_is_not_ready_says_why(tmp_path: Path) -> None:
    settings = load_settings(library=tmp_path / "library", models=tmp_path)
    answer = served(Assistant(settings)).get("/ready")
    assert answer.status_code == 503
    assert "footnoted models pull" in answer.json()["wrong"][0]


# --- OpenAI's form


@pytest.fixture(scope="module")
def openai(client: TestClient) -> OpenAI:
    return OpenAI(base_url="http://testserver/v1", api_key="none", http_client=client)


def test_a_library_is_a_model(openai: OpenAI, briefing: Document) -> None:
    assert [each.id for each in openai.models.list()] == ["footnoted", "footnoted-quotes"]
    asked: Any = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": SUMMIT}]
    made = openai.chat.completions.create(model="footnoted-quotes", messages=asked)
    message = made.choices[0].message
    assert message.annotations
    for each in message.annotations:
        cited = each.url_citation
        link = message.content[cited.start_index : cited.end_index]
        assert link == f"[[{link[2 : link.index(']')]}]]({cited.url})"
        found = re.search(r"\?document=(\w+)&span=(\d+)-(\d+)$", cited.url)
        assert found[1] == briefing.id
        assert briefing.text[int(found[2]) : int(found[3])] == cited.quote  # type: ignore[attr-defined]

    more = [*asked, {"role": "assistant", "content": message.content}]
    more.append({"role": "user", "content": [{"type": "text", "text": "How long did it last?"}]})
    follow_up = openai.chat.completions.create(model="footnoted-quotes", messages=more)
    assert "90 minutes" in (follow_up.choices[0].message.content or "")


def test_its_answers_stream(openai: OpenAI) -> None:
    asked: Any = [{"role": "user", "content": SUMMIT}]
    whole = openai.chat.completions.create(model="footnoted-quotes", messages=asked)
    chunks = list(
        openai.chat.completions.create(model="footnoted-quotes", messages=asked, stream=True)
    )
    said = "".join(each.choices[0].delta.content or "" for each in chunks)
    assert said == whole.choices[0].message.content
    assert len([each for each in chunks if each.choices[0].delta.content]) >= 1
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_what_it_cannot_answer_is_an_error(client: TestClient) -> None:
    for asked, status in (
        ({"model": "gpt", "messages": [{"role": "user", "content": "Who?"}]}, 404),
        ({"model": "footnoted", "messages": [{"role": "system", "content": "Who?"}]}, 400),
        ({"model": "footnoted-quotes", "messages": [{"role": "user", "content": ""}]}, 400),
    ):
        answer = client.post("/v1/chat/completions", json=asked)
        assert (answer.status_code, "detail" in answer.json()) == (status, True)


def test_the_answer_stops_when_its_client_leaves(client: TestClient) -> None:
    threads = threading.active_count()
    with client.stream("POST", "/v1/ask", json={"question": SUMMIT, "stream": True}) as answer:
        next(answer.iter_lines())
    deadline = time.monotonic() + 30
    while threading.active_count() > threads + 5:
        assert time.monotonic() < deadline
        time.sleep(0.1)
