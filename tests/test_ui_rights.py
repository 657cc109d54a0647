"""Who may do what in a window with a login: asked by hand, past all that the page hides."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from index.documents import Document
from tests.browser import SUMMIT, window
from tests.conftest import OpenLibrary
from tests.faults import Faults
from tests.visitor import Visitor
from ui.entry.users import add_token, add_user

pytestmark = [pytest.mark.weights]

REFUSED = "may not"


class Served:
    """A window with one who may all, one who may read, and one who may add alone."""

    def __init__(self, address: str, folder: Path, tokens: dict[str, str]) -> None:
        self.address, self.folder, self.tokens = address, folder, tokens

    def as_user(self, name: str) -> Visitor:
        return Visitor(self.address, self.tokens[name])


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory, open_library: OpenLibrary, briefing: Document
) -> Iterator[Served]:
    library = open_library(tmp_path_factory.mktemp("rights") / "library")
    library.add(briefing)
    users = library.folder.parent / "users"
    for name, may in (("ada", "add,remove,fetch"), ("bo", None), ("cy", "add")):
        add_user(users, name, f"the password of {name}", may)
    tokens = {name: add_token(users, name) for name in ("ada", "bo", "cy")}
    more = {"FOOTNOTED_LLM": "none", "FOOTNOTED_PRIVATE_ADDRESSES": "true"}
    with window(library, "--auth", str(users), **more) as address:
        yield Served(address, library.folder, tokens)


def stored(folder: Path) -> dict[str, bytes]:
    """Return what is written in a library beside its database: its cases, runs and log."""
    kept = (path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in kept
        if path.parent.name in ("cases", "runs") or path.name == "log.db"
    }


@pytest.mark.faults
def test_who_may_read_may_not_write(served: Served, briefing: Document, faults: Faults) -> None:
    bo = served.as_user("bo")
    before = stored(served.folder)

    def added() -> str:
        file = bo.upload("new.txt", b"A bridge was opened in May.")
        return bo.send("upload", [file], at="add", about=[file])

    def kept_case() -> str:
        bo.send("submit", SUMMIT, at="question")
        bo.send("keep_case", at="talk-bar", about={"turn": 0})
        return bo.send("click", None, "mine", "Why?", True, "", [], "", False, at="keep-case")

    def overruled() -> str:
        bo.send("click", "The Tsugaru Strait is 20 kilometers wide.", at="check")
        said = {"sentence": 0, "verdict": "contradicted", "note": "no"}
        return bo.send("overrule", at="check-bar", about=said)

    tried = {
        "adding a file": added,
        "adding a page": lambda: bo.send("click", f"{served.address}x", at="fetch"),
        "adding a page by Enter": lambda: bo.send("submit", f"{served.address}x", at="address"),
        "removing": lambda: bo.send("remove", at="documents", about={"document": briefing.id}),
        "renaming": lambda: bo.send(
            "rename", at="documents", about={"document": briefing.id, "title": "Mine"}
        ),
        "keeping a case": kept_case,
        "taking the conversation": lambda: bo.send("click", "mine", at="take-talk"),
        "running a set": lambda: bo.send("click", "briefing", at="run"),
        "stopping a run": lambda: bo.send("click", "briefing", at="stop-run"),
        "keeping a baseline": lambda: bo.send("click", "briefing", at="keep-baseline"),
        "proposing cases": lambda: bo.send("click", "mine", 4, at="propose"),
        "stopping what proposes": lambda: bo.send("click", at="stop-drafts"),
        "accepting drafts": lambda: bo.send(
            "decide",
            at="drafts",
            about={"set": "briefing", "step": "accept", "ids": ["draft-001"]},
        ),
        "overruling a verdict": overruled,
        "another address for answers": lambda: bo.send(
            "click", None, "A server of yours", f"{served.address}v1", "m", "", 5, 5, at="apply"
        ),
    }
    for fault, send in tried.items():
        with faults.trying("permissions", fault, harm="let in"):
            said = send()
            assert f"bo {REFUSED}" in said, said[-500:]
            assert "Traceback" not in said
    with faults.trying("permissions", "all of it", harm="let in"):
        assert stored(served.folder) == before
        listed = bo.http.get("gradio_api/info")
        assert listed.status_code == 200
        assert briefing.id in bo.send("upload", [], at="add")


@pytest.mark.faults
def test_each_right_allows_its_own(served: Served, briefing: Document, faults: Faults) -> None:
    cy, ada = served.as_user("cy"), served.as_user("ada")
    file = cy.upload("new.txt", b"A lighthouse was opened in June.")
    assert "new.txt: added" in cy.send("upload", [file], at="add", about=[file])
    with faults.trying("permissions", "fetching with the right to add", harm="let in"):
        said = cy.send("click", f"{served.address}x", at="fetch")
        assert f"cy {REFUSED}" in said
    with faults.trying("permissions", "removing with the right to add", harm="let in"):
        assert f"cy {REFUSED}" in cy.send("remove", at="documents", about={"document": briefing.id})
    assert "removed" in ada.send("remove", at="documents", about={"document": briefing.id})
    assert "briefing.md: added" in ada.send("undo_remove", at="outcomes")
    assert REFUSED not in ada.send("click", f"{served.address}x", at="fetch")


@pytest.mark.faults
def test_files_that_nobody_uploaded_are_not_read(served: Served, faults: Faults) -> None:
    ada = served.as_user("ada")
    users = served.folder.parent / "users"
    for path in (str(users), f"{served.address}config", "/etc/passwd"):
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


def test_mcp_clients_bring_a_token(served: Served, briefing: Document) -> None:
    async def use(token: str) -> list[dict[str, Any]]:
        headers = {"authorization": f"Bearer {token}"}
        async with (
            httpx.AsyncClient(headers=headers, timeout=60) as http,
            streamable_http_client(f"{served.address}gradio_api/mcp/", http_client=http) as (
                read,
                write,
                _,
            ),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            assert len((await session.list_tools()).tools) == 4
            told = await session.call_tool("search", {"question": SUMMIT, "limit": 1})
            found = json.loads(told.content[0].text)  # type: ignore[union-attr]
            return found if isinstance(found, list) else [found]

    with ThreadPoolExecutor(1) as pool:  # Playwright's own loop may run in this thread.
        for name in ("ada", "bo"):
            [quote] = pool.submit(asyncio.run, use(served.tokens[name])).result(timeout=120)
            assert briefing.text[quote["start"] : quote["end"]] == quote["quote"]
        for token in ("x", "0" * 43, served.tokens["ada"][:-1]):
            with pytest.raises(BaseExceptionGroup) as raised:
                pool.submit(asyncio.run, use(token)).result(timeout=120)
            assert "401" in repr(raised.value.exceptions)
