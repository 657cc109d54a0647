"""What Gradio's own routes give away: to nobody, to another user, and of files and addresses."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from gradio_client import Client
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from index.library import Library
from tests.browser import SUMMIT, window
from tests.faults import Faults
from ui.entry import routes
from ui.entry.routes import LONGEST, Routes
from ui.entry.users import add_token, add_user

API = "gradio_api/"


# --- the allow-list by itself


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of uploads with a file in it, and files that are not in it."""
    made = tmp_path / "uploads"
    made.mkdir()
    (made / "own.txt").write_text("own")
    (tmp_path / "secret.txt").write_text("secret")
    (made / "link.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "uploads-beside").mkdir()
    (tmp_path / "uploads-beside" / "secret.txt").write_text("secret")
    return made


@pytest.fixture
def client(folder: Path) -> TestClient:
    async def answer(request: Request) -> PlainTextResponse:
        body = await request.body()
        return PlainTextResponse(f"Gradio was asked with {len(body)} bytes")

    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
    made = Starlette(routes=[Route("/{path:path}", answer, methods=methods)])
    return TestClient(Routes(made, folder))


def test_what_is_needed_is_answered(client: TestClient, folder: Path) -> None:
    for path in ("/", "/config", "/assets/index.js", f"/{API}info", f"/{API}file={folder}/own.txt"):
        assert client.get(path).text == "Gradio was asked with 0 bytes"
    sent = client.post(f"/{API}queue/join", json={"session_hash": "a", "data": ["x" * 1000]})
    assert sent.text == "Gradio was asked with 1032 bytes"
    assert client.post(f"/{API}upload", files={"files": b"x"}).status_code == 200


@pytest.mark.faults
def test_other_files_are_not_there(client: TestClient, folder: Path, faults: Faults) -> None:
    beside = folder.parent
    names = [
        "/etc/passwd",
        f"{folder}/../secret.txt",
        f"{folder}/link.txt",
        f"{folder}-beside/secret.txt",
        f"{folder}/./x/../../secret.txt",
        f"/{beside}/secret.txt",
        f"{beside}/secret.txt",
        "secret.txt",
        "~/.ssh/id_rsa",
        "file:///etc/passwd",
        "http://127.0.0.1:1/",
        "https://example.org/x.txt",
        "//example.org/x",
        f"{beside}/secret.txt\0.txt",
        f"{folder}/" + "../" * 40 + "etc/passwd",
        f"\\\\example.org\\{folder}",
        "x" * 5000,
    ]
    for name in faults.some(names):
        for spelled in (quote(name), quote(name, safe=""), quote(quote(name, safe=""), safe="")):
            with faults.trying("Gradio's routes", f"file={spelled[:80]}", harm="let in"):
                assert client.get(f"/{API}file={spelled}").status_code == 404
        with faults.trying("Gradio's routes", f"an event with the file {name[:80]}", harm="let in"):
            file = {"path": name, "meta": {"_type": "gradio.FileData"}}
            for data in ([[file]], [{"value": {"deep": [file]}}]):
                asked = {"data": data, "session_hash": "a", "fn_index": 0}
                for path in ("queue/join", "component_server", "call/ask"):
                    assert client.post(f"/{API}{path}", json=asked).status_code == 404


@pytest.mark.faults
def test_requests_are_bounded(
    client: TestClient, folder: Path, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    join = f"/{API}queue/join"
    deep = b"[" * 100_000 + b"]" * 100_000
    for fault, body, status in (
        ("too long", b"[" + b"1," * (LONGEST // 2) + b"1]", 413),
        ("too deep", deep, 400),
        ("no JSON", b"\xff{", 400),
        ("a file that is none", b'{"path": "x", "meta": 1}', 400),
    ):
        with faults.trying("Gradio's routes", f"a request that is {fault}", harm="let in"):
            assert client.post(join, content=body).status_code == status
    with faults.trying("Gradio's routes", "a request of no length", harm="let in"):
        assert client.post(join, content=iter([b"{}"])).status_code == 411
    monkeypatch.setattr(routes, "UPLOADS", 3_000)
    with faults.trying("Gradio's routes", "uploads without end", harm="let in"):
        assert client.post(f"/{API}upload", files={"files": b"x" * 5_000}).status_code == 413
        assert client.post(f"/{API}upload", files={"files": b"x" * 1_000}).status_code == 200
        (folder / "before").write_bytes(b"x" * 2_500)
        assert client.post(f"/{API}upload", files={"files": b"x" * 1_000}).status_code == 413
        os.utime(folder / "before", (0, 0))
        assert client.post(f"/{API}upload", files={"files": b"x" * 1_000}).status_code == 200
        assert not (folder / "before").exists(), "what is old has gone"


# --- the running window


@dataclass
class Window:
    """A window with a login, and the token of each user."""

    address: str
    tokens: dict[str, str]
    folder: Path

    def client(self, name: str | None = None) -> httpx.Client:
        headers = {"authorization": f"Bearer {self.tokens[name]}"} if name else {}
        return httpx.Client(base_url=self.address, headers=headers, timeout=60)


@pytest.fixture(scope="module")
def guarded(window_library: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    """Two who read; uploads lie where the test can see them."""
    made = tmp_path_factory.mktemp("guarded")
    users = made / "users"
    for name in ("ada", "bo"):
        add_user(users, name, f"the password of {name}")
    tokens = {name: add_token(users, name) for name in ("ada", "bo")}
    (made / "uploads").mkdir()
    more = {"FOOTNOTED_LLM": "none", "GRADIO_TEMP_DIR": str(made / "uploads")}
    with window(window_library, "--auth", str(users), **more) as address:
        yield Window(address, tokens, made)


@pytest.fixture(scope="module")
def all_routes() -> list[tuple[str, str]]:
    """Each method and path that Gradio's application has a route for, whatever its version."""
    import gradio as gr
    from gradio.routes import App

    def asked(question: str) -> str:
        return question

    with gr.Blocks() as blocks:
        gr.api(asked, api_name="ask")
    app = App.create_app(blocks, mcp_server=True)
    found = set()
    routers = [each.original_router for each in app.routes if hasattr(each, "original_router")]
    for route in [*app.routes, *(route for router in routers for route in router.routes)]:
        path = re.sub(r"\{(\w+)(:path)?\}", "x", getattr(route, "path", ""))
        found |= {(method, path) for method in getattr(route, "methods", None) or {"GET", "POST"}}
    assert len(found) > 60
    return sorted(each for each in found if each[1])  # One is mounted at the root: the MCP server.


SPARED = {"/", "/login", "/logout", "/gradio_api/startup-events"}
"""What is meant for nobody: the login page, and what says only that the program has started."""


@pytest.mark.weights
@pytest.mark.faults
def test_nobody_is_answered(
    guarded: Window, all_routes: list[tuple[str, str]], faults: Faults
) -> None:
    with guarded.client() as nobody:
        for method, path in faults.some([each for each in all_routes if each[1] not in SPARED]):
            with faults.trying("Gradio's routes", f"{method} {path} as nobody", harm="let in"):
                found = nobody.request(method, path, content=b"{}" if method == "POST" else None)
                assert found.status_code in (401, 403)
                assert found.status_code == 401 or "token" not in found.text
        page = nobody.get("/")
        assert (page.status_code, "gradio" in page.text) == (401, False)
        assert nobody.get("/gradio_api/startup-events").text in ("true", "false")


NEEDED = {
    "/", "/config", "/theme.css", "/favicon.ico", "/manifest.json", "/static/x", "/assets/x",
    "/gradio_api/info", "/gradio_api/startup-events", "/gradio_api/queue/data",
    "/gradio_api/upload_progress", "/gradio_api/heartbeat/x", "/gradio_api/call/x/x",
    "/gradio_api/call/v2/x/x", "/gradio_api/queue/join", "/gradio_api/upload",
    "/gradio_api/component_server", "/gradio_api/component_server/", "/gradio_api/cancel",
    "/gradio_api/reset", "/gradio_api/reset/", "/gradio_api/call/x", "/gradio_api/call/x/",
    "/gradio_api/call/v2/x", "/gradio_api/call/v2/x/", "/gradio_api/mcp", "/gradio_api/mcp/",
    "/login",
}  # fmt: skip


@pytest.mark.weights
@pytest.mark.faults
def test_what_is_not_needed_is_not_there(
    guarded: Window, all_routes: list[tuple[str, str]], faults: Faults
) -> None:
    closed = [each for each in all_routes if each[1] not in NEEDED | {"/logout"}]
    with guarded.client("ada") as ada:
        for method, path in faults.some(closed):
            with faults.trying("Gradio's routes", f"{method} {path}", harm="let in"):
                found = ada.request(method, path, content=b"{}" if method == "POST" else None)
                assert found.status_code == 404
                assert method == "HEAD" or found.json() == {"detail": routes.NOTHING}
        opened = [
            "docs", "redoc", "openapi.json", "gradio_api/openapi.json", "monitoring", "svelte/x.js",
            "gradio_api/deep_link?session_hash=x", "gradio_api/token", "gradio_api/dev/reload",
            "gradio_api/proxy=http://127.0.0.1:1/", "gradio_api/proxy=https://x.hf.space/",
            "gradio_api/file=https://example.org/", "gradio_api/file=/etc/passwd",
            "gradio_api/vibe-code",
            "gradio_api/stream/x/x/1/playlist.m3u8", "gradio_api/queue/status", "gradio_api/runs",
            "static/../../../../etc/passwd", "static/..%2f..%2f..%2f..%2f..%2fetc/passwd",
            "assets/%2e%2e/%2e%2e/%2e%2e/routes.py", "assets//etc/passwd", "static/%00",
        ]  # fmt: skip
        for path in faults.some(opened):
            with faults.trying("Gradio's routes", path, harm="let in"):
                found = ada.get(path)
                assert found.status_code in (400, 403, 404, 500)
                assert "root:" not in found.text
                assert "import" not in found.text


@pytest.mark.weights
@pytest.mark.faults
def test_files_of_others_are_out_of_reach(guarded: Window, faults: Faults) -> None:
    with guarded.client("ada") as ada, guarded.client("bo") as bo:
        [path] = ada.post(f"{API}upload", files={"files": ("draft.txt", b"of ada")}).json()
        own = Path(path).parents[1]
        assert own.is_relative_to(guarded.folder)
        assert own.stat().st_mode & 0o077 == 0, "nobody else on the machine reads there"
        users = guarded.folder / "users"
        guesses = [
            str(own), f"{own}/", str(Path(path).parent), f"{own}/../../users", str(users),
            f"{own}/{'0' * 64}/draft.txt", f"{Path(path).parent}/other.txt", f"{own}/deep_links",
        ]  # fmt: skip
        for guess in faults.some(guesses):
            with faults.trying("Gradio's routes", f"the file {guess}", harm="let in"):
                found = bo.get(f"{API}file={quote(guess)}")
                assert found.status_code in (403, 404)
                assert "of ada" not in found.text


@pytest.mark.weights
@pytest.mark.faults
def test_sessions_of_others_are_out_of_reach(guarded: Window, faults: Faults) -> None:
    key = {"Authorization": f"Bearer {guarded.tokens['ada']}"}
    client = Client(guarded.address, headers=key, verbose=False)
    assert client.predict(question=SUMMIT, limit=1, api_name="/search")
    stolen = client.session_hash
    named = {each["api_name"]: each["id"] for each in client.config["dependencies"]}
    event = named["restore"]
    requests = {
        "what happens there": ("GET", f"{API}queue/data?session_hash={stolen}", None),
        "and there, named twice": (
            "GET", f"{API}queue/data?session_hash=mine&session_hash={stolen}", None,
        ),
        "its end": ("GET", f"{API}heartbeat/{stolen}", None),
        "an event of it": ("POST", f"{API}queue/join", {"fn_index": event, "data": []}),
        "an event that is stopped": ("POST", f"{API}cancel", {"fn_index": event, "event_id": "x"}),
        "a program's call": ("POST", f"{API}call/ask", {"data": ["x"]}),
        "a call from its page": (
            "POST", f"{API}component_server", {"data": {}, "component_id": 1, "fn_name": "x"},
        ),
    }  # fmt: skip
    with guarded.client("bo") as bo:
        for fault, (method, path, body) in faults.some(list(requests.items())):
            with faults.trying("Gradio's routes", f"another's session: {fault}", harm="let in"):
                sent = None if body is None else json.dumps(body | {"session_hash": stolen})
                found = bo.request(method, path, content=sent)
                assert found.status_code == 403
                assert found.json() == {"detail": "This session is somebody else's."}
    assert client.predict(question=SUMMIT, limit=1, api_name="/search"), "its owner goes on"
