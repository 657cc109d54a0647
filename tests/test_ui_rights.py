"""Windows as they are asked by hand: who may do what, and what Gradio's own routes give away."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError, AuthenticationError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from playwright.sync_api import Browser, Page, expect

from index.documents import Document
from tests.browser import SUMMIT, ask, assert_accessible, window
from tests.conftest import OpenLibrary
from tests.faults import Faults
from tests.visitor import Visitor
from ui.entry import routes
from ui.entry.users import add_token, add_user

pytestmark = [pytest.mark.weights]

API = "gradio_api/"
REFUSED = "may not"


class Served:
    """A window with a login: ada may do all, bo may read, and cy may add alone."""

    def __init__(self, address: str, folder: Path, tokens: dict[str, str]) -> None:
        self.address, self.folder, self.tokens = address, folder, tokens

    def as_user(self, name: str) -> Visitor:
        """Return one who sends what the page sends."""
        return Visitor(self.address, self.tokens[name])

    def client(self, name: str | None = None) -> httpx.Client:
        headers = {"authorization": f"Bearer {self.tokens[name]}"} if name else {}
        return httpx.Client(base_url=self.address, headers=headers, timeout=60)


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory, open_library: OpenLibrary, briefing: Document
) -> Iterator[Served]:
    """Its library, users and uploads lie in a folder that the test sees."""
    folder = tmp_path_factory.mktemp("rights")
    library = open_library(folder / "library")
    library.add(briefing)
    users = folder / "users"
    for name, may in (("ada", "add,remove,fetch"), ("bo", None), ("cy", "add")):
        add_user(users, name, f"the password of {name}", may)
    tokens = {name: add_token(users, name) for name in ("ada", "bo", "cy")}
    (folder / "uploads").mkdir()
    more = {"FOOTNOTED_LLM": "none", "FOOTNOTED_PRIVATE_ADDRESSES": "true"}
    more["GRADIO_TEMP_DIR"] = str(folder / "uploads")
    with window(library, "--auth", str(users), **more) as address:
        yield Served(address, folder, tokens)


def stored(folder: Path) -> dict[str, bytes]:
    """Return what is written in a library beside its database: its cases, runs and log."""
    kept = (path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in kept
        if path.parent.name in ("cases", "runs") or path.name == "log.db"
    }


def comes(visitor: Visitor, words: str, said: str) -> bool:
    """Say whether a page is told something, by what was said or when it looks again."""
    for _ in range(100):
        if words in said:
            return True
        time.sleep(0.2)
        said = visitor.send("look", at="documents")
    return False


@pytest.mark.faults
def test_who_may_read_may_not_write(served: Served, briefing: Document, faults: Faults) -> None:
    bo = served.as_user("bo")
    before = stored(served.folder / "library")

    file = bo.upload("new.txt", b"A bridge was opened in May.")
    bo.send("submit", SUMMIT, at="question")
    bo.send("keep_case", at="talk-bar", about={"turn": 0})
    bo.send("click", "The Tsugaru Strait is 20 kilometers wide.", at="check")
    case = (None, "mine", "Why?", True, "", [], "", False)
    server = (None, "Your own server", f"{served.address}v1", "m", "", 5, 5)
    renamed = {"document": briefing.id, "title": "Mine"}
    accepted = {"set": "briefing", "step": "accept", "ids": ["draft-001"]}
    overruled = {"sentence": 0, "verdict": "contradicted", "note": "no"}
    tried: dict[str, tuple[str, str, tuple[object, ...], object]] = {
        "adding a file": ("upload", "add", ([file],), [file]),
        "adding a page": ("click", "fetch", (f"{served.address}x",), None),
        "adding a page by Enter": ("submit", "address", (f"{served.address}x",), None),
        "removing": ("remove", "documents", (), {"document": briefing.id}),
        "renaming": ("rename", "documents", (), renamed),
        "keeping a case": ("click", "keep-case", case, None),
        "taking the conversation": ("click", "take-talk", ("mine",), None),
        "running a set": ("click", "run", ("briefing",), None),
        "stopping a run": ("click", "stop-run", ("briefing",), None),
        "keeping a baseline": ("click", "keep-baseline", ("briefing",), None),
        "proposing cases": ("click", "propose", ("mine", 4), None),
        "stopping what proposes": ("click", "stop-drafts", (), None),
        "accepting drafts": ("decide", "drafts", (), accepted),
        "overruling a verdict": ("overrule", "check-bar", (), overruled),
        "another address for answers": ("click", "apply", server, None),
    }
    for fault, (event, at, data, about) in tried.items():
        with faults.trying("permissions", fault, harm="let in"):
            said = bo.send(event, *data, at=at, about=about)
            assert f"bo {REFUSED}" in said, said[-500:]
            assert "Traceback" not in said
    with faults.trying("permissions", "all of it", harm="let in"):
        assert stored(served.folder / "library") == before
        listed = bo.http.get("gradio_api/info")
        assert listed.status_code == 200
        assert briefing.id in bo.send("upload", [], at="add")


@pytest.mark.faults
def test_each_right_allows_its_own(served: Served, briefing: Document, faults: Faults) -> None:
    cy, ada = served.as_user("cy"), served.as_user("ada")
    file = cy.upload("new.txt", b"A lighthouse was opened in June.")
    assert comes(cy, "new.txt: added", cy.send("upload", [file], at="add", about=[file]))
    assert "new.txt: added" not in ada.send("look", at="documents"), "that is told to cy alone"
    with faults.trying("permissions", "fetching with the right to add", harm="let in"):
        said = cy.send("click", f"{served.address}x", at="fetch")
        assert f"cy {REFUSED}" in said
    with faults.trying("permissions", "removing with the right to add", harm="let in"):
        assert f"cy {REFUSED}" in cy.send("remove", at="documents", about={"document": briefing.id})
    assert "removed" in ada.send("remove", at="documents", about={"document": briefing.id})
    assert comes(ada, "briefing.md: added", ada.send("undo_remove", at="documents"))
    assert REFUSED not in ada.send("click", f"{served.address}x", at="fetch")


@pytest.mark.faults
def test_files_that_nobody_uploaded_are_not_read(served: Served, faults: Faults) -> None:
    ada = served.as_user("ada")
    for path in (str(served.folder / "users"), f"{served.address}config", "/etc/passwd"):
        for meta in ({"meta": {"_type": "gradio.FileData"}}, {}):
            with faults.trying("Gradio's routes", f"the upload {path} {meta}", harm="let in"):
                asked = {
                    "session_hash": "s",
                    "fn_index": ada.dependency("upload", "add")["id"],
                    "data": [[{"path": path, "orig_name": "x.txt", **meta}], None],
                }
                joined = ada.http.post("gradio_api/queue/join", json=asked)
                if joined.status_code == 200:
                    told = ada.http.get("gradio_api/queue/data", params={"session_hash": "s"}).text
                    assert '"success":false' in told
                    assert "x.txt: added" not in told
                else:
                    assert joined.status_code == 404
    assert "x.txt" not in ada.send("upload", [], at="add")


# --- programs


def by_mcp(address: str, token: str | None = None) -> tuple[set[str], list[dict[str, Any]]]:
    """Return the tools that an MCP client is offered, and what one of them finds."""

    async def use() -> tuple[set[str], list[dict[str, Any]]]:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        async with (
            httpx.AsyncClient(headers=headers, timeout=60) as http,
            streamable_http_client(f"{address}{API}mcp/", http_client=http) as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            tools = {tool.name for tool in (await session.list_tools()).tools}
            said = await session.call_tool("search", {"question": SUMMIT, "limit": 1})
            found = json.loads(said.content[0].text)  # type: ignore[union-attr]
            return tools, found if isinstance(found, list) else [found]

    with ThreadPoolExecutor(1) as pool:  # Playwright's own loop may run in this thread.
        return pool.submit(asyncio.run, use()).result(timeout=120)


def test_an_mcp_client_finds_and_uses_the_tools(
    window_address: str, served: Served, briefing: Document
) -> None:
    for address, token in (
        (window_address, None),
        (served.address, served.tokens["ada"]),
        (served.address, served.tokens["bo"]),
    ):
        tools, [found] = by_mcp(address, token)
        assert tools == {"ask", "check", "search", "open_quote"}
        assert briefing.text[found["start"] : found["end"]] == found["quote"]
    for token in ("x", "0" * 43, served.tokens["ada"][:-1]):
        with pytest.raises(BaseExceptionGroup) as raised:
            by_mcp(served.address, token)
        assert "401" in repr(raised.value.exceptions)


def test_programs_ask_search_and_open_quotes(window_address: str, briefing: Document) -> None:
    client = Client(window_address, verbose=False)
    answer = client.predict(question=SUMMIT, api_name="/ask")
    assert answer["schema"] == 1
    [first, *_] = answer["citations"]
    assert briefing.text[first["start"] : first["end"]] == first["quote"]
    found = client.predict(question=SUMMIT, limit=2, api_name="/search")
    assert [each["rank"] for each in found] == [1, 2]
    opened = client.predict(
        document=briefing.id, start=first["start"], end=first["end"], api_name="/open_quote"
    )
    assert opened["quote"] == first["quote"]
    with pytest.raises(AppError, match="There is no place 5-5"):
        client.predict(document=briefing.id, start=5, end=5, api_name="/open_quote")
    checked = client.predict(
        text="The Tsugaru Strait is 20 kilometers wide. The Tsugaru Strait is 70 kilometers wide.",
        api_name="/check",
    )
    assert [each["verdict"] for each in checked["sentences"]] == ["supported", "contradicted"]
    with pytest.raises(AppError, match="The text is empty"):
        client.predict(text=" ", api_name="/check")
    assert {"/ask", "/check", "/search", "/open_quote"} == set(
        client.view_api(return_format="dict")["named_endpoints"]
    )


# --- Gradio's routes


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


@pytest.mark.faults
def test_nobody_is_answered(
    served: Served, all_routes: list[tuple[str, str]], faults: Faults
) -> None:
    with served.client() as nobody:
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
    "/gradio_api/info", "/gradio_api/app_id", "/gradio_api/startup-events",
    "/gradio_api/queue/data", "/gradio_api/upload_progress", "/gradio_api/heartbeat/x",
    "/gradio_api/call/x/x", "/gradio_api/call/v2/x/x", "/gradio_api/queue/join",
    "/gradio_api/upload",
    "/gradio_api/component_server", "/gradio_api/component_server/", "/gradio_api/cancel",
    "/gradio_api/reset", "/gradio_api/reset/", "/gradio_api/call/x", "/gradio_api/call/x/",
    "/gradio_api/call/v2/x", "/gradio_api/call/v2/x/", "/gradio_api/mcp", "/gradio_api/mcp/",
    "/login",
}  # fmt: skip


@pytest.mark.faults
def test_what_is_not_needed_is_not_there(
    served: Served, all_routes: list[tuple[str, str]], faults: Faults
) -> None:
    closed = [each for each in all_routes if each[1] not in NEEDED | {"/logout"}]
    with served.client("ada") as ada:
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


@pytest.mark.faults
def test_files_of_others_are_out_of_reach(served: Served, faults: Faults) -> None:
    with served.client("ada") as ada, served.client("bo") as bo:
        [path] = ada.post(f"{API}upload", files={"files": ("draft.txt", b"of ada")}).json()
        own = Path(path).parents[1]
        assert own.is_relative_to(served.folder)
        assert own.stat().st_mode & 0o077 == 0, "nobody else on the machine reads there"
        guesses = [
            str(own), f"{own}/", str(Path(path).parent), f"{own}/../../users",
            str(served.folder / "users"),
            f"{own}/{'0' * 64}/draft.txt", f"{Path(path).parent}/other.txt", f"{own}/deep_links",
        ]  # fmt: skip
        for guess in faults.some(guesses):
            with faults.trying("Gradio's routes", f"the file {guess}", harm="let in"):
                found = bo.get(f"{API}file={quote(guess)}")
                assert found.status_code in (403, 404)
                assert "of ada" not in found.text


@pytest.mark.faults
def test_sessions_of_others_are_out_of_reach(served: Served, faults: Faults) -> None:
    key = {"Authorization": f"Bearer {served.tokens['ada']}"}
    client = Client(served.address, headers=key, verbose=False)
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
    with served.client("bo") as bo:
        for fault, (method, path, body) in faults.some(list(requests.items())):
            with faults.trying("Gradio's routes", f"another's session: {fault}", harm="let in"):
                sent = None if body is None else json.dumps(body | {"session_hash": stolen})
                found = bo.request(method, path, content=sent)
                assert found.status_code == 403
                assert found.json() == {"detail": "This session is somebody else's."}
    assert client.predict(question=SUMMIT, limit=1, api_name="/search"), "its owner goes on"


# --- in a browser


@pytest.fixture
def wrong(browser: Browser) -> Iterator[list[str]]:
    """What a page with a login says of errors: nothing but that a password was wrong."""
    found: list[str] = []
    yield found
    assert [each for each in found if "401" not in each] == []


def opened(browser: Browser, wrong: list[str], address: str) -> Page:
    page = browser.new_context().new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.goto(address)
    return page


def log_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


@pytest.mark.browser
def test_with_a_login_nobody_else_comes_in(
    browser: Browser, served: Served, briefing: Document, wrong: list[str]
) -> None:
    address = served.address
    page = opened(browser, wrong, f"{address}?document={briefing.id}")
    log_in(page, "ada", "wrong")
    expect(page.get_by_role("alert")).to_contain_text("Wrong name or password")
    assert_accessible(page)
    log_in(page, "ada", "the password of ada")
    expect(page.locator("#question textarea")).to_be_visible(timeout=30_000)
    expect(page.locator("#source .text")).to_be_visible()
    expect(page.locator("#user")).to_contain_text("ada")
    expect(page.locator("#documents .remove").first).to_be_visible()
    expect(page.locator("#add")).to_be_visible()
    turn = ask(page, SUMMIT)
    expect(turn.locator('[data-act="case"]')).to_be_visible()
    assert_accessible(page)

    reads = opened(browser, wrong, address)
    log_in(reads, "bo", "the password of bo")
    expect(reads.locator("#user")).to_contain_text("bo")
    ask(reads, SUMMIT)
    for hidden in ("#documents .remove", "#add", "#address-row", '[data-act="case"]'):
        expect(reads.locator(hidden).first).to_be_hidden()

    beside = page.context.new_page()
    beside.goto(address)
    beside.get_by_role("button", name="Log out").click()
    expect(beside.get_by_label("Password")).to_be_visible()
    page.locator("#question textarea").fill(SUMMIT)
    page.locator("#question textarea").press("Enter")
    expect(page.get_by_text("Log in first: open the window again").first).to_be_visible()
    ask(reads, f"{SUMMIT} ")  # Others stay.
    with pytest.raises(Exception, match=r"401|auth|Auth|credentials"):
        Client(address, verbose=False).predict(question=SUMMIT, api_name="/ask")
    with pytest.raises(AuthenticationError):
        Client(address, auth=("ada", "wrong"), verbose=False)
    client = Client(address, auth=("ada", "the password of ada"), verbose=False)
    assert client.predict(question=SUMMIT, limit=1, api_name="/search")
    for each in (page, reads):
        each.context.close()
