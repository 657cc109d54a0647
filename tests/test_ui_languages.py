"""The languages of documents: shown and corrected on the command line, over HTTP, in the window."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.asking import Knowing
from tests.commands import Footnoted
from tests.test_ui_libraries import BRIDGE, of
from tests.test_ui_v1 import served

pytestmark = pytest.mark.weights

GERMAN = (
    "Der Pachtvertrag gilt z. B. ab dem 3. März 2021 und endet am 5. Mai 2025, ca. vier Jahre "
    "später. Die Pacht beträgt 800 Euro im Monat."
)


@pytest.fixture
def lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, footnoted: Footnoted) -> Path:
    """A file in German in the library that commands open."""
    monkeypatch.setenv("FOOTNOTED_LIBRARY", str(tmp_path / "library"))
    file = tmp_path / "lease.txt"
    file.write_text(GERMAN, "utf-8")
    assert "There are documents in German" in footnoted("add", file).stderr
    return file


def listed(footnoted: Footnoted) -> list[str]:
    documents = json.loads(footnoted("list", "--json").stdout)["documents"]
    return [each["language"] for each in documents]


def test_the_command_line_shows_and_corrects_a_language(lease: Path, footnoted: Footnoted) -> None:
    assert listed(footnoted) == ["de"]
    head, row = footnoted("list", "--format", "tsv").stdout.splitlines()
    assert (head.split("\t")[-1], row.split("\t")[-1]) == ("language", "de")
    assert "\nlanguage      German\n" in footnoted("show", "lease.txt").stdout
    said = footnoted("language", "lease.txt", "Swiss German")
    assert (said.returncode, said.stdout) == (0, "")
    assert said.stderr.startswith("lease.txt: Swiss German (set by hand) (")
    assert "Swiss German (set by hand)\n" in footnoted("show", "lease.txt").stdout
    assert listed(footnoted) == ["gsw"]
    assert footnoted("reindex").returncode == 0
    lease.write_text(f"{GERMAN} Sie wird am Anfang des Monats bezahlt.", "utf-8")
    assert "replaced" in footnoted("add", lease).stderr
    assert listed(footnoted) == ["gsw"]
    assert footnoted("language", "lease.txt", "auto").stderr.startswith("lease.txt: German (")
    assert listed(footnoted) == ["de"]
    assert footnoted("library", "check").returncode == 0


def test_what_is_no_language_and_no_document_is_told(lease: Path, footnoted: Footnoted) -> None:
    for command, word in (
        (("lease.txt", "Gibberish"), "There is no language “Gibberish”. Give its name in English"),
        (("other.txt", "de"), "There is no document “other.txt”"),
    ):
        wrong = footnoted("language", *command)
        assert (wrong.returncode, wrong.stdout) == (2, "")
        assert wrong.stderr.startswith(word)
    assert listed(footnoted) == ["de"]


def test_a_library_from_before_says_what_brings_languages(
    lease: Path, footnoted: Footnoted
) -> None:
    words = "This library was made before Footnoted could detect the languages of documents"
    assert words not in footnoted("list").stderr
    with closing(sqlite3.connect(lease.parent / "library" / "library.db")) as book, book:
        book.execute("DELETE FROM meta WHERE key = 'languages_told'")
        book.execute("UPDATE documents SET properties = '{}'")
    told = footnoted("list")
    assert (told.returncode, listed(footnoted)) == (0, ["en"])
    assert f"{words}: `footnoted reindex` detects them." in " ".join(told.stderr.split())
    assert footnoted("reindex").returncode == 0
    assert words not in footnoted("list").stderr
    assert listed(footnoted) == ["de"]


def test_programs_are_told_the_language(knowing: Knowing) -> None:
    client = served(knowing(of(BRIDGE, "bridge"), of(GERMAN, "lease")))
    found = client.get("/v1/documents").json()["documents"]
    assert [each["language"] for each in found] == ["en", "de"]
    assert client.get("/v1/documents/lease").json()["language"] == "de"
    place = client.get("/v1/documents/lease/place", params={"start": 0, "end": 3}).json()
    assert place["document"]["language"] == "de"
    answer = client.post("/v1/ask", json={"question": "Who opened the bridge at Tolm?"}).json()
    assert [each["document"]["language"] for each in answer["citations"]] == ["en"]
