"""Programs that are started to be measured: commands, and helpers that are asked line by line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from index.errors import UserError

ROOT = Path(__file__).parents[3]

PYTHON = (sys.executable,)
FOOTNOTED = (sys.executable, "-c", "from ui.commands.cli import main; main()")
"""What the script `footnoted` does, of this very program, wherever another one is installed."""

END_SECONDS = 60
"""How long a program may take to end when it is asked to."""


def environment() -> dict[str, str]:
    """Return the environment of a program that is to run this Footnoted.

    It keeps what Python makes of the modules, as an installed Footnoted does.
    """
    given = {name: each for name, each in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    paths = filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))
    return {**given, "PYTHONPATH": os.pathsep.join(paths)}


def run_for(command: Sequence[str]) -> float:
    """Return how many seconds a command takes from its start to its end.

    Raises UserError where it fails.
    """
    started = time.perf_counter()
    done = subprocess.run(
        command, env=environment(), capture_output=True, text=True, errors="replace", check=False
    )
    took = time.perf_counter() - started
    if done.returncode:
        raise _failed(command, done.returncode, done.stderr)
    return took


def run_until(command: Sequence[str], line: re.Pattern[str]) -> float:
    """Return how many seconds a command takes until it prints a line that begins like this.

    Raises UserError where it fails, or never does.
    """
    took = None
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        started = time.perf_counter()
        with subprocess.Popen(
            command, env=environment(), stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process:
            for each in process.stdout or ():
                if took is None and line.match(each):
                    took = time.perf_counter() - started
        code = process.returncode
        errors.seek(0)
        if code or took is None:
            raise _failed(command, code, errors.read() or "it did not print what was waited for")
    return took


@contextmanager
def serving(command: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Run a program that prints its address in its first line; yields that and its number.

    Raises UserError where it prints none.
    """
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors,
        subprocess.Popen(
            command, env=environment(), stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            address = process.stdout.readline().strip() if process.stdout else ""
            if not address.startswith("http"):
                code = process.wait(END_SECONDS)
                errors.seek(0)
                raise _failed(command, code, errors.read())
            yield address, process.pid
        finally:
            process.terminate()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


class Helper:
    """A program that reads a line of JSON and answers with one, until its input ends.

    So one side runs in a process, or an environment, of its own, and the time that the pipe takes
    is not part of what it measures.
    """

    def __init__(self, command: Sequence[str]) -> None:
        """Start it."""
        self._command = command
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            command,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
        )

    def ask(self, request: object) -> Any:
        """Return what it answers.

        Raises UserError when it has ended.
        """
        said, heard = self._process.stdin, self._process.stdout
        if said is None or heard is None:
            raise RuntimeError("the helper was started without pipes")
        try:
            said.write(json.dumps(request) + "\n")
            said.flush()
            line = heard.readline()
        except OSError:  # It has ended.
            line = ""
        if not line:
            code = self._process.wait(END_SECONDS)
            self._errors.seek(0)
            raise _failed(self._command, code, self._errors.read())
        return json.loads(line)

    def __enter__(self) -> Helper:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()
        self._errors.close()


def _failed(command: Sequence[str], code: int, said: str) -> UserError:
    words = " ".join(str(each) for each in command[:6])
    last = "\n".join(said.strip().splitlines()[-3:])
    return UserError(f"`{words}` failed ({code}): {last}")
