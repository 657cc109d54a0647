"""A process that works for another: what it says, and how it fails."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index.errors import DocumentError
from index.processes.child import Child


def answer(request: dict[str, Any], data: bytes) -> tuple[Any, bytes]:
    """What the child does here; this module is its other end's."""
    match request["do"]:
        case "echo":
            return request["said"], data
        case "pid":
            return os.getpid(), b""
        case "raise":
            raise DocumentError("{name} is odd.")
        case "bug":
            return {}["nothing"], b""
        case "sleep":
            time.sleep(60)
        case "write":
            Path(request["path"]).write_bytes(b"x")
        case "environment":
            return dict(os.environ), b""
    return None, b""


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    made = Child(__name__, memory=1_000_000_000)
    yield made
    made.stop()


def test_it_says_what_it_was_told(child: Child) -> None:
    assert child.call({"do": "echo", "said": ["é", 1.5]}, b"\0\xff" * 10**6) == (
        ["é", 1.5],
        b"\0\xff" * 10**6,
    )


def test_it_is_one_process_for_many_calls_and_errors(child: Child) -> None:
    pid = child.call({"do": "pid"})
    assert child.call({"do": "pid"}) == pid != (os.getpid(), b"")
    with pytest.raises(DocumentError, match="odd"):
        child.call({"do": "raise"})
    with pytest.raises(RuntimeError, match="KeyError: 'nothing'"):
        child.call({"do": "bug"})
    assert child.call({"do": "pid"}) == pid


def test_data_with_a_name_is_sent_once(child: Child) -> None:
    def echo(data: bytes, name: str) -> bytes:
        return child.call({"do": "echo", "said": 0}, data, name=name)[1]

    assert echo(b"scan", "a") == b"scan"
    assert echo(b"not sent", "a") == b"scan"
    with pytest.raises(RuntimeError):
        child.call({"do": "bug"}, name="a")
    assert echo(b"not sent", "a") == b"scan"
    assert echo(b"other", "b") == b"other"
    assert echo(b"scan", "a") == b"scan"
    assert echo(b"without a name", "") == b"without a name"
    assert echo(b"scan", "a") == b"scan"
    child.stop()  # It holds nothing when it starts again.
    assert echo(b"again", "a") == b"again"


def test_one_with_limits_writes_no_files(child: Child, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="File too large"):
        child.call({"do": "write", "path": str(tmp_path / "x")})


def test_it_does_not_get_the_settings(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    child.stop()  # What starts anew is given what there is now.
    monkeypatch.setenv("FOOTNOTED_LLM_KEY", "secret")
    given, _ = child.call({"do": "environment"})
    assert "secret" not in given.values()


@pytest.mark.parametrize("busy", [False, True])
def test_it_ends_with_the_one_that_it_works_for(busy: bool) -> None:
    code = f"""
import sys, threading, time
from index.processes.child import Child
child = Child({__name__!r})
print(child.call({{"do": "pid"}})[0], flush=True)
if {busy}:
    child.call({{"do": "sleep"}}, seconds=1000)
time.sleep(1000)
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    pid = int(parent.stdout.readline())
    if busy:
        time.sleep(0.5)
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 10
    while (alive := Path(f"/proc/{pid}").exists()) and time.monotonic() < deadline:
        time.sleep(0.05)
    if alive:
        os.kill(pid, signal.SIGKILL)
    assert not alive
