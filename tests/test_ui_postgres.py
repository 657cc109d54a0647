"""Commands and windows over a library in PostgreSQL, and its password, which nobody is shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from gradio_client import Client

from index.documents import Document
from index.storage.database import Database, database
from tests.browser import SUMMIT, window
from tests.commands import PROGRAM, ROOT, Done, Footnoted
from tests.conftest import BRIEFING, OpenLibrary
from tests.faults import Faults
from tests.postgres import PASSWORD, Server
from tests.test_secrets import files_in, found_in
from ui.commands import findings as checks

pytestmark = pytest.mark.weights


@pytest.fixture
def by_network(postgres: Server) -> Database:
    """A place of a test's own that is reached with a password."""
    place = postgres.place()
    return database(f"{postgres.by_network().address}?options=-csearch_path%3D{place.schema}")


def test_a_librarys_life_and_its_password(
    by_network: Database,
    tmp_path: Path,
    footnoted: Footnoted,
    monkeypatch: pytest.MonkeyPatch,
    faults: Faults,
) -> None:
    monkeypatch.setenv("FOOTNOTED_LIBRARY", by_network.address)
    monkeypatch.setenv("FOOTNOTED_LOG", str(tmp_path / "log"))
    monkeypatch.setenv("FOOTNOTED_LOG_TEXT", "true")
    monkeypatch.setattr(checks, "NATIVE", ("numpy",))  # The others take seconds.
    said: dict[str, Done] = {}

    def run(*arguments: object, code: int = 0) -> Done:
        done = footnoted("--verbose", *arguments)
        said[" ".join(map(str, arguments))] = done
        assert done.returncode == code, done.stderr
        return done

    assert "There is no library at" in run("list", code=2).stderr
    run("add", BRIEFING)
    assert "is in the library already" in run("add", BRIEFING).stderr
    [listed] = json.loads(run("list", "--json").stdout)["documents"]
    answer = json.loads(run("ask", SUMMIT, "--no-llm", "--json").stdout)
    assert answer["citations"]
    assert "As they should be: 1 document," in run("library", "check", "--quick").stderr
    doctor = run("doctor", "--json")
    findings = {each["said"] for each in json.loads(doctor.stdout)["findings"]}
    assert any(f"{by_network} answers: PostgreSQL" in each for each in findings)
    assert any(f"{by_network}: 1 document" in each for each in findings)
    assert "pg_dump" in run("library", "backup", tmp_path / "kept", code=2).stderr
    assert "New vectors: 1 document." in run("reindex").stderr
    run("remove", listed["id"])
    monkeypatch.setenv("FOOTNOTED_EMBEDDING", "all-minilm-l6-v2")
    mends = f"footnoted reindex --library '{by_network}'"
    assert mends in run("list", code=2).stderr
    monkeypatch.delenv("FOOTNOTED_EMBEDDING")
    monkeypatch.setenv("FOOTNOTED_LIBRARY", by_network.address.replace(PASSWORD, "x" + PASSWORD))
    assert "password authentication failed" in run("list", code=2).stderr
    told = run("doctor", code=2).stdout
    assert "password authentication failed" in told
    monkeypatch.setenv("FOOTNOTED_LIBRARY", by_network.address.replace("@", "/@"))
    assert "cannot be read" in run("list", code=2).stderr
    said["the log"] = Done(0, (tmp_path / "log").read_text(), "")
    files = "".join(map(repr, files_in(by_network.folder.parent)))
    said["this machine's files"] = Done(0, files, "")
    for where, done in said.items():
        with faults.trying("a database's password", where, harm="let in"):
            assert not found_in((done.stdout + done.stderr).encode(), [PASSWORD])


def test_two_windows_answer_the_same_while_a_third_process_adds(
    by_network: Database, open_library: OpenLibrary, briefing: Document, tmp_path: Path
) -> None:
    shared = open_library(by_network)
    shared.add(briefing)
    files = [tmp_path / f"{number}.txt" for number in range(12)]
    for number, path in enumerate(files):
        path.write_text(f"Cabin {number} is painted in shade {number * 7} of green.\n" * 3)
    settings = {"FOOTNOTED_LLM": "none", "PGPASSWORD": PASSWORD}
    questions = (SUMMIT, "How wide is the Tsugaru Strait?", "Who captained the ships?")
    adding = [sys.executable, "-c", PROGRAM, "add", *map(str, files)]
    with window(shared, **settings) as one, window(shared, **settings) as other:
        clients = [Client(address, verbose=False) for address in (one, other)]
        environment = {**os.environ, "FOOTNOTED_LIBRARY": by_network.address}
        rounds = 0
        with subprocess.Popen(
            adding, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL
        ) as third:
            while third.poll() is None:
                for question in questions:
                    asked = [each.submit(question=question, api_name="/ask") for each in clients]
                    first, second = (without_times(each.result(timeout=60)) for each in asked)
                    assert first == second
                    rounds += 1
            assert third.returncode == 0
        assert rounds >= len(questions)
        new = "In which shade of green is cabin 11 painted?"
        for client in clients:
            assert "77" in client.predict(question=new, api_name="/ask")["answer"]
        pages = [
            client.predict(question="nothing", limit=1, api_name="/search") for client in clients
        ]
        assert PASSWORD not in json.dumps([pages, clients[0].config])


def without_times(answer: dict[str, object]) -> dict[str, object]:
    """Return an answer without what differs between two of the same."""
    return {name: answer[name] for name in ("answer", "refused", "sentences", "citations")}
