"""Keys, passwords and tokens: in nothing that is said, sent, shown or written down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest

from rag.writing.failures import redacted
from tests.browser import SUMMIT, window
from tests.commands import Footnoted, as_process
from tests.conftest import OpenLibrary
from tests.faults import Faults
from tests.serving import Request, serving
from tests.visitor import Visitor
from ui.entry.users import add_token, add_user

KEY = "sk-proj-Zq81xVw0Lk3-environment-9aTf"
OWN_KEY = "sk-own-Hb52nRm7Pd4-of-a-visitor-6uJe"
PASSWORD = "Gx93-password-of-ada-Wc27"
RATING = {"turn": 0, "rating": "up"}


@contextmanager
def tells_the_key(status: int) -> Iterator[tuple[str, list[str]]]:
    """An address for answers that refuses all it is asked, and says again with which key."""
    asked: list[str] = []

    def reply(request: Request) -> None:
        request.json()
        key = request.headers["Authorization"].removeprefix("Bearer ")
        asked.append(key)
        words = f"a bad key: {key}, that is {key[:10]}***{key[-6:]} ({key.encode()!r})"
        body = json.dumps({"error": {"message": words, "code": key}, "detail": key}).encode()
        request.answer(status, body, "application/json", key, **{"WWW-Authenticate": key})

    with serving(reply) as address:
        yield f"{address}/v1", asked


def found_in(said: bytes, secrets: list[str]) -> list[str]:
    """Return the secrets that are said, in whole or by either end."""
    pieces = {each: (each, each[:10], each[-8:]) for each in secrets}
    return [each for each in secrets if any(piece.encode() in said for piece in pieces[each])]


def files_in(folder: Path) -> Iterator[bytes]:
    yield from (path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (f"Incorrect API key provided: {KEY}.", "Incorrect API key provided: …"),
        ("Incorrect: sk-proj-********9aTf. See", "Incorrect: … See"),
        (f"b'{KEY}'", "…"),
        ("Nothing of it.", "Nothing of it."),
    ],
)
def test_a_key_is_taken_out_of_what_a_server_says(said: str, left: str) -> None:
    found = redacted(KEY, said)
    assert not found_in(found.encode(), [KEY])
    assert found.rstrip("'.") == left.rstrip("'.")
    assert redacted("none", f"there is none: {said}") == f"there is none: {said}"


@pytest.mark.weights
@pytest.mark.faults
def test_secrets_stay_where_they_are(
    own_library: Path,
    open_library: OpenLibrary,
    footnoted: Footnoted,
    tmp_path: Path,
    faults: Faults,
) -> None:
    users, heard, uploads = tmp_path / "users", tmp_path / "stderr", tmp_path / "uploads"
    uploads.mkdir()
    add_user(users, "ada", PASSWORD, "add,remove,fetch")
    token = add_token(users, "ada")
    secrets = [KEY, OWN_KEY, PASSWORD, token]
    said: dict[str, bytes] = {}

    def note_headers(response: httpx.Response) -> None:
        said[f"{len(said)} {response.request.url}"] = str(response.headers).encode()

    with tells_the_key(401) as (url, asked), tells_the_key(400) as (other, asked_there):
        listen = f"import os; os.dup2(os.open({str(heard)!r}, os.O_WRONLY | os.O_CREAT), 2)"
        more = {"FOOTNOTED_LLM_URL": url, "FOOTNOTED_LLM": "m", "FOOTNOTED_LLM_KEY": KEY}
        more |= {"GRADIO_TEMP_DIR": str(uploads)}
        library = open_library(own_library)
        with window(library, "--auth", str(users), first=listen, **more) as address:
            ada = Visitor(address, token)
            ada.http.event_hooks["response"].append(note_headers)
            given = (None, "Your own server", other, "m", OWN_KEY, 5, 5)
            for what, event in {
                "the answer": partial(ada.send, "submit", SUMMIT, at="question"),
                "the follow-up": partial(ada.send, "submit", "And how wide is it?", at="question"),
                "the settings": partial(ada.send, "click", *given, at="apply"),
                "with the own key": partial(ada.send, "submit", SUMMIT, at="question"),
                "a rating": partial(ada.send, "rate", at="talk-bar", about=RATING),
            }.items():
                said[what] = event().encode()
            for path in ("", "config", "gradio_api/info", "theme.css", "gradio_api/nothing"):
                said[f"GET {path}"] = ada.http.get(path).content
            called = ada.http.post("gradio_api/call/ask", json={"data": [SUMMIT]}).json()
            said["the API"] = ada.http.get(f"gradio_api/call/ask/{called['event_id']}").content
            for password in (f"{PASSWORD}x", PASSWORD):
                form = {"username": "ada", "password": password}
                said[f"login {len(said)}"] = ada.http.post("login", data=form).content
            assert KEY in asked
            assert OWN_KEY in asked_there
            said["files meanwhile"] = b"".join(files_in(uploads))
        more["FOOTNOTED_LIBRARY"] = str(own_library)
        for run, command in (
            (as_process, ["ask", SUMMIT]),
            (footnoted, ["ask", SUMMIT, "--json", "--explain"]),
            (footnoted, ["list"]),
            (footnoted, ["log"]),
        ):
            done = run(*command, **more)
            said[" ".join(command)] = (done.stdout + done.stderr).encode()
    assert b"m does not answer" in said[f"ask {SUMMIT}"]
    said["the terminal"] = heard.read_bytes()
    said["the library"] = b"".join(files_in(own_library))
    said["the file of users"] = users.read_bytes()
    for where, words in said.items():
        with faults.trying("secrets", where, harm="let in"):
            assert found_in(words, secrets) == []
