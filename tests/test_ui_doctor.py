"""`footnoted doctor`: things are broken on purpose, and each is told with what to do."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from index.weights.catalogue import CATALOGUE
from rag.config import Settings, load_settings
from tests.commands import Done, Footnoted, as_process
from tests.faults import Faults
from tests.serving import Request, serving
from ui.commands import findings as checks
from ui.commands.findings import Found, State

EMBEDDING = "bge-small-en-v1.5-int8"
KEY, PASSWORD = "geheim-0815", "hunter2"


def told(done: Done) -> dict[str, list[tuple[str, str]]]:
    """Return the findings by their checks."""
    said = json.loads(done.stdout)
    assert (said["schema"], said["ok"]) == (1, done.returncode == 0)
    found: dict[str, list[tuple[str, str]]] = {}
    for each in said["findings"]:
        assert len(each["said"].splitlines()) == 1
        found.setdefault(each["check"], []).append((each["state"], each["said"]))
    return found


@contextmanager
def server(status: int, body: bytes = b"") -> Iterator[tuple[str, list[Any]]]:
    """A server on loopback that answers all alike, and the headers that it was shown."""
    shown: list[Any] = []

    def reply(request: Request) -> None:
        shown.append((request.path, request.headers["Authorization"]))
        request.answer(status, body)

    with serving(reply) as address:
        yield f"{address}/v1", shown


def closed_port() -> int:
    """Return a port of this machine at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture
def models(tmp_path: Path, settings: Settings) -> Path:
    """A folder of weights of the test's own, with links to the files there are."""
    for name in (settings.embedding, settings.reranker):
        (tmp_path / "models" / name).mkdir(parents=True)
        for file in CATALOGUE[name].files:
            (tmp_path / "models" / name / file).symlink_to(settings.models / name / file)
    return tmp_path / "models"


def broken(path: Path, data: bytes) -> None:
    """Put a file into the place of a link to one, which stays as it is."""
    path.unlink()
    path.write_bytes(data)


# --- as a program


@pytest.mark.weights
def test_where_all_is_well(own_library: Path) -> None:
    before = {path: path.read_bytes() for path in own_library.rglob("*") if path.suffix == ".db"}
    done = as_process("doctor", "--library", own_library)
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    assert {line.split()[0] for line in lines} <= {"ok", "note"}
    checks = ("python", "packages", "machine", "sqlite", "settings", "weights", "disk", "folders")
    assert {line.split()[1] for line in lines} == {*checks, "library", "port"}
    assert "1 document; `footnoted library check`" in done.stdout
    assert "vectors were searched" in done.stdout
    assert {path: path.read_bytes() for path in before} == before


@pytest.fixture
def quick(footnoted: Footnoted, monkeypatch: pytest.MonkeyPatch) -> Footnoted:
    """Run `footnoted doctor` without the packages that take seconds to import."""
    monkeypatch.setattr(checks, "NATIVE", ())
    return partial(footnoted, "doctor", "--json")


@pytest.mark.weights
def test_everything_that_is_broken_is_told_at_once(
    own_library: Path, models: Path, tmp_path: Path, quick: Footnoted
) -> None:
    model = models / EMBEDDING / "model.onnx"
    broken(model, model.read_bytes()[:1000])
    (own_library / "library.db").write_bytes(b"garbage " * 1000)
    with ExitStack() as stack:
        with suppress(OSError):  # Somebody else may be there.
            stack.enter_context(socket.create_server(("127.0.0.1", 7860)))
        done = quick(
            *("--library", own_library),
            FOOTNOTED_MODELS=models,
            FOOTNOTED_LOG=tmp_path / "gone.txt" / "log",
            FOOTNOTED_LLM_URL=f"http://ada:{PASSWORD}@127.0.0.1:{closed_port()}/v1",
            FOOTNOTED_LLM_KEY=KEY,
            FOOTNOTED_CHROMA_URL=f"http://127.0.0.1:{closed_port()}",
        )
    found = told(done)
    assert done.returncode == 2
    assert "things are wrong" in done.stderr
    state, said = found["weights"][0]
    assert state == "wrong"
    assert "has 1,000 bytes instead of" in said
    assert f"Run `footnoted models pull {EMBEDDING} --models {models}`." in said
    [(state, said)] = found["library"]
    assert state == "wrong"
    assert f"The library {own_library} is damaged" in said
    for check, setting in (("llm", "LLM_URL"), ("chroma", "CHROMA_URL")):
        [(state, said)] = found[check]
        assert state == "wrong"
        assert "does not answer: Connection refused. Start it, or change " in said
        assert said.endswith(f"FOOTNOTED_{setting}.")
    assert found["port"][0][0] == "note"
    assert "7860 is in use: the window would take 78" in found["port"][0][1]
    assert PASSWORD not in done.stdout + done.stderr
    assert KEY not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [("llm = ", "cannot be read"), ("quotes = 99", "quotes"), ("lmm = 'x'", "no setting lmm")],
)
def test_settings_that_are_broken_are_told_and_the_rest_is_checked(
    text: str, words: str, tmp_path: Path, quick: Footnoted
) -> None:
    file = tmp_path / "broken.toml"
    file.write_text(text)
    found = told(quick("--library", tmp_path / "library", FOOTNOTED_CONFIG=file))
    [(state, said)] = found["settings"]
    assert state == "wrong"
    assert words in said
    assert str(file) in said or "cannot be read" not in said
    assert said.endswith("The rest is checked with the defaults.")
    assert found["library"][0][0] == "ok"
    assert {"python", "packages", "weights", "library", "port"} <= set(found)


# --- check by check


def settings_of(**given: Any) -> Settings:
    return load_settings(**{"llm": "none", **given})


def one(found: Found) -> tuple[State, str]:
    [finding] = found
    return finding


@pytest.mark.weights
@pytest.mark.faults
def test_no_byte_of_the_weights_is_wrong_unseen(models: Path, faults: Faults) -> None:
    files = [
        models / name / file
        for name in (EMBEDDING, "ms-marco-minilm-l-12-v2-int8")
        for file in CATALOGUE[name].files
    ]
    settings = settings_of(models=models)
    for file in faults.some(files):
        link = file.readlink()
        whole = file.read_bytes()
        middle = len(whole) // 2
        flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
        for how, data in (("gone", None), ("cut", whole[:-1]), ("a bit", flipped)):
            with faults.trying("weights", f"{file.name}: {how}", harm="let in"):
                file.unlink()
                if data is not None:
                    file.write_bytes(data)
                found = list(checks._weights(settings, thorough=True))
                [said] = [said for state, said in found if state == "wrong"]
                assert str(file) in said
                assert f"footnoted models pull {file.parent.name}" in said
            file.unlink(missing_ok=True)
            file.symlink_to(link)
    assert {state for state, _ in checks._weights(settings, thorough=True)} == {"ok", "note"}


def test_models_that_are_not_of_the_catalogue(tmp_path: Path) -> None:
    def last(llm: object) -> tuple[State, str]:
        given = settings_of(llm=str(llm), models=tmp_path)
        return list(checks._weights(given, thorough=False))[-1]

    assert last("none")[0] == "note"
    state, said = last(tmp_path / "gone.gguf")
    assert (state, "There is no language model" in said) == ("wrong", True)
    file = tmp_path / "own.gguf"
    file.write_bytes(b"no model")
    assert last(file)[0] == "wrong"
    file.write_bytes(b"GGUF" + bytes(100))
    assert last(file)[0] == "ok"
    assert last(EMBEDDING)[0] == "wrong", "it writes no answers"


@pytest.mark.weights
@pytest.mark.usefixtures("no_pauses")
def test_vectors_of_other_settings_and_vectors_that_are_gone_are_noticed(
    own_library: Path,
) -> None:
    def found(**given: Any) -> str:
        try:
            [*_, (state, said)] = checks._library(settings_of(library=own_library, **given))
        except checks.UserError as error:  # Which `findings` tells as well.
            return str(error)
        assert state == "wrong"
        return said

    assert "footnoted reindex" in found(embedding="all-minilm-l6-v2")
    for folder in own_library.glob("vectors-*"):
        shutil.rmtree(folder)
    assert f"`footnoted reindex --library {own_library}`" in found()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
def test_folders_that_may_not_be_written(own_library: Path, models: Path) -> None:
    for folder in (own_library, models):
        folder.chmod(0o500)
    found = list(checks._folders(settings_of(library=own_library, models=models)))
    for folder in (own_library, models):
        folder.chmod(0o700)
    assert [state for state, _ in found] == ["wrong", "note"]


@pytest.mark.parametrize(
    ("status", "body", "state", "words"),
    [
        (200, b'{"data": [{"id": "mine"}]}', "ok", "answers"),
        (200, b'{"data": [{"id": "\\u001b[31mother"}]}', "note", "does not list the model mine"),
        (200, b"<html>", "ok", "answers"),
        (200, b"[1]", "ok", "answers"),
        (401, b"", "wrong", "FOOTNOTED_LLM_KEY"),
        (404, b"", "note", "most addresses end in /v1"),
        (302, b"", "note", "lists no models"),
        (500, b"", "wrong", "(500)"),
    ],
)
def test_what_the_address_of_a_language_model_answers(
    status: int, body: bytes, state: str, words: str
) -> None:
    with server(status, body) as (address, shown):
        given = settings_of(llm_url=address, llm="mine", llm_key=SecretStr(KEY))
        found, said = one(checks._llm(given))
    assert (found, words in said) == (state, True), said
    assert shown == [("/v1/models", f"Bearer {KEY}")]
    assert KEY not in said


def test_what_is_no_chroma_server() -> None:
    with server(404) as (address, shown):
        state, said = one(checks._chroma(settings_of(chroma_url=address)))
    assert (state, "not a current Chroma server" in said) == ("wrong", True)
    assert shown == [("/api/v2/heartbeat", None)]


def test_nobody_is_called_whom_the_settings_do_not_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(httpx, "get", lambda *_, **__: pytest.fail("somebody is called"))
    assert list(checks._llm(settings_of())) == list(checks._chroma(settings_of())) == []


def test_a_package_that_crashes_is_told_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "crashing.py").write_text("import os; os.abort()")
    (tmp_path / "failing.py").write_text("raise ImportError('libfoo.so.1 is missing')")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name, words in (("crashing", "crashing does not run"), ("failing", "libfoo.so.1")):
        monkeypatch.setattr(checks, "NATIVE", ("json", name, "csv"))
        state, said = list(checks._packages())[-1]
        assert (state, words in said) == ("wrong", True), said


def test_a_version_that_does_not_fit_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "NATIVE", ())
    wanted = ["pytest>=9999", "no-such-package-here>=1", "httpx", "pytest>9999; os_name == 'x'"]
    monkeypatch.setattr(checks.metadata, "requires", lambda name: wanted)
    wrong, missing, _ = checks._packages()
    assert (wrong[0], "and >=9999 is needed" in wrong[1]) == ("wrong", True)
    assert (missing[0], "no-such-package-here is missing" in missing[1]) == ("wrong", True)


def test_a_check_that_fails_is_a_line_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Panic(BaseException):
        pass

    def fails(*_: object) -> Found:
        yield "ok", "so far"
        raise Panic("a\nb")

    for name in ("_packages", "_disk", "_library"):
        monkeypatch.setattr(checks, name, fails)
    found = list(checks.findings(tmp_path / "library"))
    assert [each.said for each in found if each.check == "disk"] == [
        "so far",
        "This could not be checked: Panic: a b",
    ]
    assert found[-1].check == "port"
