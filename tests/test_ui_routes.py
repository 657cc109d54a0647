"""Which requests are let through to Gradio (`test_ui_rights.py` asks a window for the others)."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from tests.faults import Faults
from ui.entry import routes
from ui.entry.routes import LONGEST, Routes

API = "gradio_api/"


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
