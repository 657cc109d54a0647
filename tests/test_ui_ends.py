"""However the program ends, it ends: no thread holds it up, and no process of its own stays."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from index.library import Library
from tests.browser import SUMMIT
from tests.commands import HEED, ROOT, started
from tests.provider import provider
from ui.window.window import OPEN_SECONDS

pytestmark = pytest.mark.weights

ENDS = [signal.SIGINT, signal.SIGTERM]
SECONDS = 60
"""To end in, on a machine that has much else to do; a language model is waited for much longer."""


@contextmanager
def footnoted(library: Library, *arguments: str, **settings: str) -> Iterator[subprocess.Popen]:
    """Run `footnoted` as a process; nothing that it started may be there after its end."""
    with started(
        *(*arguments, "--library", library.folder),
        given={"FOOTNOTED_LLM_TIMEOUT": "600"} | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            yield process
            assert process.poll() is not None
            deadline = time.monotonic() + SECONDS
            while left := in_session(process.pid):
                assert time.monotonic() < deadline, left
                time.sleep(0.1)
        finally:
            if process.poll() is None:
                process.kill()


def in_session(number: int) -> list[int]:
    """Return the processes of a session, by what /proc tells of each."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            told = path.read_text().rpartition(")")[2].split()
        except OSError:  # It has ended meanwhile.
            continue
        if int(told[3]) == number and told[0] != "Z":
            found.append(int(path.parent.name))
    return found


@contextmanager
def silent() -> Iterator[tuple[str, socket.socket]]:
    """A language model's address that takes each request and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1", server


def test_a_question_that_is_answered(window_library: Library) -> None:
    with provider("Dec. 15", ["The summit was held", " on Dec. 15."]) as writer:
        writer.go_on.set()
        with footnoted(window_library, "ask", SUMMIT, FOOTNOTED_LLM_URL=writer.url) as process:
            out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, err
    assert "The summit was held on Dec. 15.[1]" in " ".join(out.split())


@pytest.mark.parametrize("end", ENDS)
def test_a_question_that_is_not_answered(window_library: Library, end: signal.Signals) -> None:
    with (
        silent() as (url, server),
        footnoted(window_library, "ask", SUMMIT, FOOTNOTED_LLM_URL=url) as process,
    ):
        connection, _ = server.accept()
        process.send_signal(end)
        _, err = process.communicate(timeout=SECONDS)
        connection.close()
    assert process.returncode == 130
    assert "Traceback" not in err


@pytest.mark.browser
@pytest.mark.parametrize(
    ("end", "busy"),
    [
        (signal.SIGINT, True),
        (signal.SIGTERM, False),
        pytest.param(signal.SIGINT, False, marks=pytest.mark.slow),
        pytest.param(signal.SIGTERM, True, marks=pytest.mark.slow),
    ],
)
def test_the_window(
    browser: Browser, window_library: Library, end: signal.Signals, busy: bool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]  # Of its own: other tests' windows take those from 7860 on.
    command = ("chat", "--port", str(port))
    with (
        silent() as (url, _),
        footnoted(window_library, *command, FOOTNOTED_LLM_URL=url) as process,
    ):
        address = process.stdout.readline().strip()
        page = browser.new_page()
        page.goto(address)
        page.locator("#question textarea").fill(SUMMIT)
        if busy:
            page.locator("#send").click()
            expect(page.locator("#current .turn[data-step=found]")).to_be_visible(timeout=60_000)
        process.send_signal(end)
        out, err = process.communicate(timeout=SECONDS)
        page.close()
        assert (process.returncode, out) == (0, "")
        assert "Traceback" not in err
        socket.create_server(("127.0.0.1", port)).close()


@pytest.mark.llm
@pytest.mark.parametrize("end", ENDS)
def test_the_window_while_the_default_model_writes(
    window_library: Library, end: signal.Signals
) -> None:
    """The weights are being loaded, or read their examples, when it is ended."""
    with footnoted(window_library, "chat") as process:
        assert process.stdout.readline().startswith("http://")
        time.sleep(OPEN_SECONDS + 1)
        process.send_signal(end)
        process.communicate(timeout=SECONDS)
        assert process.returncode == 0


INTERRUPTED_IMPORT = f"""{HEED}
import os, signal, time
from ui.commands import cli, program
program.end_at_signals()
def app():
    try:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)
    except KeyboardInterrupt as interrupt:
        raise ImportError("initialization failed") from interrupt
cli.app = app
cli.main()
"""


def test_an_import_that_a_signal_broke_off_is_no_error_of_the_program() -> None:
    """A library in another language raises its own error where it is interrupted."""
    command = [sys.executable, "-c", INTERRUPTED_IMPORT]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS)
    assert (ended.returncode, ended.stderr.strip()) == (130, "Stopped.")


TENTHS = range(1, 45)
"""Tenths of a second after the start: to the weights, the window, and beyond."""

MOMENTS = [
    pytest.param(tenth, marks=() if tenth % 22 == 4 else pytest.mark.slow) for tenth in TENTHS
]


@pytest.mark.parametrize("command", [("ask", SUMMIT, "--no-llm"), ("chat",)])
@pytest.mark.parametrize("tenth", MOMENTS)
def test_a_signal_at_any_moment_ends_it_soon(
    window_library: Library, tenth: int, command: tuple[str, ...]
) -> None:
    with footnoted(window_library, *command, FOOTNOTED_LLM="none") as process:
        time.sleep(tenth / 10)
        ended = process.poll()
        began = time.monotonic()
        process.send_signal(ENDS[tenth % 2])
        out, err = process.communicate(timeout=SECONDS)
        took = time.monotonic() - began
        if ended is None:
            # Before Python runs any of it, the system itself ends it.
            assert process.returncode in (0, 130, -ENDS[tenth % 2]), err
            assert "Traceback" not in err or process.returncode < 0
        assert took < SECONDS / 2, out  # Two seconds, where nothing else has the cores.
