"""Child processes: a crash, or using too much memory or time, becomes an error in this process.

    parser = Child("index.loading.parsing", memory=2_000_000_000)
    told, data = parser.call({"kind": "pdf"}, file, seconds=60)

Only JSON and bytes go over the pipe, never pickles: a parser that a malicious document has taken
over can return a wrong answer, but no more. `worker.py` is the other end. multiprocessing and
pebble are not suitable: their processes exchange pickles, and inherit this one's environment with
its keys.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import index.errors
from index.errors import UserError

OUT_OF_MEMORY = 77
"""The exit code of a process that was denied memory."""

START_SECONDS = 60
"""How long a process may take to start, on a busy machine."""


class ChildFailed(Exception):
    """The process died, or was stopped because it took too long; the next call starts another."""


class Child:
    """A process that answers one request at a time with a module's `answer(request, data)`.

    It starts with the first call, and ends when this process does, even if that is killed.
    """

    def __init__(self, module: str, *, memory: int | None = None) -> None:
        """Set the module and its memory limit in bytes; nothing is started yet.

        With a memory limit, the process cannot write files either.
        """
        self._module = module
        self.memory = memory
        self._lock = threading.Lock()
        self._running: _Running | None = None

    def call(
        self,
        request: dict[str, Any],
        data: bytes = b"",
        *,
        seconds: float | None = None,
        name: str = "",
    ) -> tuple[Any, bytes]:
        """Return what `answer` returns for the request: JSON data and bytes.

        Data with a `name` is kept by the process until a call has other data, so that many calls
        about one large file send it only once.

        Raises ChildFailed if the process dies or takes longer than `seconds`, any UserError that
        `answer` raises, and RuntimeError for any other error there.
        """
        with self._lock:
            try:
                answer = self._ask(request, data, seconds, name)
            except BaseException:  # Also Ctrl-C: a late answer would be taken for the next one.
                self._stop()
                raise
        reply = json.loads(answer[0])
        if answer[2]:  # The process has grown, and would not give the memory back.
            self.stop()
        if "error" in reply:
            raise _error(reply["error"], reply["text"])
        return reply["answer"], answer[1]

    def begin(self) -> None:
        """Start the process in the background, if there is none."""
        with self._lock:
            if self._running is None:
                self._running = _start(self._module, self.memory or 0)

    def stop(self) -> None:
        """End the process, if there is one; the next call starts another."""
        with self._lock:
            self._stop()

    def _ask(
        self, request: dict[str, Any], data: bytes, seconds: float | None, name: str
    ) -> tuple[bytes, bytes, bytes]:
        if self._running is None or self._running.process.poll() is not None:
            self._stop()
            self._running = _start(self._module, self.memory or 0)
        running = self._running
        running.wait_until_ready()
        said, heard = running.said, running.heard
        try:
            said.send_bytes(json.dumps([request, seconds, name]).encode())
            if not name or name != running.holds:
                said.send_bytes(data)
            running.holds = name
            if not heard.poll(seconds):
                raise ChildFailed(f"it took longer than {seconds:g} seconds")
            return heard.recv_bytes(), heard.recv_bytes(), heard.recv_bytes()
        except (EOFError, OSError) as error:
            raise ChildFailed(running.cause_of_death()) from error

    def _stop(self) -> None:
        if self._running:
            self._running.stop()
        self._running = None

    def __del__(self) -> None:
        with suppress(Exception):
            self._stop()


@dataclass(slots=True)
class _Running:
    """A process that has been started, with the pipes to it and from it."""

    process: subprocess.Popen[bytes]
    said: Connection
    heard: Connection
    memory: int
    ready: bool = False
    holds: str = ""

    def wait_until_ready(self) -> None:
        if self.ready:
            return
        if not self.heard.poll(START_SECONDS):
            raise ChildFailed(f"it did not start within {START_SECONDS} seconds")
        try:
            self.heard.recv_bytes()
        except (EOFError, OSError) as error:
            raise ChildFailed(self.cause_of_death()) from error
        self.ready = True

    def cause_of_death(self) -> str:
        try:
            code = self.process.wait(5)
        except subprocess.TimeoutExpired:
            return "it does not answer"
        if code == OUT_OF_MEMORY:
            return f"it needs more than {self.memory / 1e9:g} GB of memory"
        return f"it crashed ({signal.Signals(-code).name})" if code < 0 else f"it ended ({code})"

    def stop(self) -> None:
        self.said.close()
        self.heard.close()
        self.process.kill()
        self.process.wait()


def _start(module: str, memory: int) -> _Running:
    there, said = _pipe()
    heard, back = _pipe()
    numbers = (str(there.fileno()), str(back.fileno()), str(memory))
    # Settings, including keys and a database's password (PGPASSWORD), are kept from it.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("FOOTNOTED_", "PG"))}
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "index.processes.worker", module, *numbers],
            pass_fds=(there.fileno(), back.fileno()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**environment, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    finally:
        there.close()
        back.close()
    return _Running(process, said, heard, memory)


def _pipe() -> tuple[Connection, Connection]:
    """Return the reading end and the writing end of a pipe."""
    read, write = os.pipe()
    return Connection(read, writable=False), Connection(write, readable=False)


def _error(name: str, text: str) -> Exception:
    """Rebuild an error from the process: a UserError by its name, else a RuntimeError."""
    kind = getattr(index.errors, name, None)
    if isinstance(kind, type) and issubclass(kind, UserError):
        return kind(text)
    return RuntimeError(text)
