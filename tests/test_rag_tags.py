"""Tags that people give documents: kept by the library, and what a question is asked of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from index.documents import LONGEST_TAG, Document, Properties
from index.errors import UserError
from index.loading.load import cleaned, load_bytes
from index.storage.database import Place
from rag.assistant import Assistant
from tests.asking import Knowing
from tests.commands import Footnoted
from tests.conftest import OpenLibrary
from tests.test_ui_libraries import BRIDGE, OPENED, TUNNEL
from tests.test_ui_v1 import served

pytestmark = pytest.mark.weights


def of(text: str, source: str) -> Document:
    return Document.of(text, title=source, source=source)


def test_tags_are_kept_on_one_line_each_once(place: Place, open_library: OpenLibrary) -> None:
    library = open_library(place)
    document = library.add(of(BRIDGE, "/bridge.txt").tagged(["contracts"])).document
    tagged = library.tag(document.id, [" Old\n contracts ", "CONTRACTS", "1911"], ["old contracts"])
    assert tagged.properties.tags == ("contracts", "1911")
    assert library.document(document.id) == tagged
    assert [each.tags for each in open_library(place).entries()] == [("contracts", "1911")]
    assert library.tag(document.id, remove=["Contracts"]).properties.tags == ("1911",)
    for wrong in ("", " \u202e ", "a" * (LONGEST_TAG + 1), "a, b"):
        with pytest.raises(UserError, match="A tag has"):
            library.tag(document.id, [wrong])
    assert library.store.tags() == {document.id: ("1911",)}


def test_another_text_of_the_same_file_keeps_the_tags(
    place: Place, open_library: OpenLibrary, tmp_path: Path
) -> None:
    library, file = open_library(place), tmp_path / "note.md"
    file.write_text(BRIDGE)
    library.tag(
        library.add(load_bytes(BRIDGE.encode(), "note.md", source=str(file))).document.id, ["works"]
    )
    again = library.add(load_bytes(TUNNEL.encode(), "note.md", source=str(file)))
    assert (again.outcome, again.document.properties.tags) == ("replaced", ("works",))
    library.reindex(lambda *_: None)
    library.rename(again.document.id, "A tunnel")
    assert [each.tags for each in library.entries()] == [("works",)]


def test_a_file_gives_itself_no_tags() -> None:
    assert cleaned(Properties("Ann Lee", tags=("mine",))) == Properties("Ann Lee")


@pytest.fixture
def assistant(knowing: Knowing) -> Assistant:
    """One of two documents, each with a tag."""
    bridge, tunnel = of(BRIDGE, "/bridge.txt"), of(TUNNEL, "/tunnel.txt")
    return knowing(bridge.tagged(["Bridges"]), tunnel.tagged(["tunnels"]))


def test_a_tag_narrows_what_is_asked(assistant: Assistant) -> None:
    answer = assistant.ask(OPENED, tags=["bridges"])
    assert [quote.document.name for quote in answer.citations] == ["bridge.txt"]
    apart = assistant.ask(OPENED, tags=["tunnels"])
    assert apart.refused
    assert {quote.document.name for quote in apart.quotes} == {"tunnel.txt"}
    assert apart.message == "I searched only 1 of the 2 documents."
    assert not assistant.ask(OPENED, tags=["tunnels", "BRIDGES"]).refused
    with pytest.raises(UserError, match="No document has the tag “ships”"):
        assistant.ask(OPENED, tags=["ships", "bridges"])


def test_programs_ask_by_tags(assistant: Assistant) -> None:
    client = served(assistant)
    asked = {"question": OPENED, "tags": ["tunnels"]}
    assert client.post("/v1/ask", json=asked).json()["refused"]
    assert not client.post("/v1/ask", json=asked | {"tags": ["bridges"]}).json()["refused"]
    wrong = client.post("/v1/ask", json=asked | {"tags": ["ships"]})
    assert (wrong.status_code, "“ships”" in wrong.json()["detail"]) == (400, True)
    tags = [each["tags"] for each in client.get("/v1/documents").json()["documents"]]
    assert tags == [["Bridges"], ["tunnels"]]


def test_the_command_line_gives_tags_and_asks_by_them(
    tmp_path: Path, footnoted: Footnoted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTNOTED_LIBRARY", str(tmp_path / "library"))
    bridge, tunnel = tmp_path / "bridge.txt", tmp_path / "tunnel.txt"
    bridge.write_text(BRIDGE)
    tunnel.write_text(TUNNEL)
    assert footnoted("add", bridge, "--tag", "bridges").returncode == 0
    # What is in the library already gets the tag as well.
    added = footnoted("add", bridge, tunnel, "--tag", "works", "--tag", "old works")
    assert "bridge.txt: is in the library already" in added.stderr
    documents = json.loads(footnoted("list", "--json").stdout)["documents"]
    assert [each["tags"] for each in documents] == [
        ["bridges", "works", "old works"],
        ["works", "old works"],
    ]
    assert "bridges, works, old works" in footnoted("list").stdout
    assert "bridges, works, old works" in footnoted("show", "bridge.txt").stdout
    by_tag = footnoted("ask", OPENED, "--no-llm", "--tag", "bridges", "--json")
    assert json.loads(by_tag.stdout)["refused"] is False
    wrong = footnoted("ask", OPENED, "--no-llm", "--tag", "ships")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "No document has the tag “ships”." in wrong.stderr
    wrong = footnoted("add", bridge, "--tag", "a, b")
    assert (wrong.returncode, "no comma" in wrong.stderr) == (2, True)
