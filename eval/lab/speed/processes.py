"""Programs that are started to be measured: commands, and helpers that are asked line by line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from index.errors import UserError

PYTHON = (sys.executable,)
FOOTNOTED = (sys.executable, "-c", "from ui.commands.cli import main; main()")
"""What the script `footnoted` does, but with this program's code, whichever one is installed."""
ALTERNATIVE = (sys.executable, "-m", "eval.lab.speed.parts.alternatives")
"""What a part is compared with, in a process of its own; the name of the side follows."""

END_SECONDS = 60
"""How long a program may take to end when it is asked to."""


def run_for(command: Sequence[str], line: re.Pattern[str] | None = None) -> float:
    """Return how many seconds a command takes to its end, or to a line that begins like this.

    Raises UserError if it fails, or never prints such a line.
    """
    took = None
    started = time.perf_counter()
    with _running(command) as (process, failed):
        for each in process.stdout or ():
            if line and took is None and line.match(each):
                took = time.perf_counter() - started
        code = process.wait()
        if line is None:
            took = time.perf_counter() - started
        if code or took is None:
            raise failed()
    return took


@contextmanager
def serving(command: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Run a program that prints its address in its first line; yield that and its process id.

    Raises UserError if it prints none.
    """
    with _running(command) as (process, failed):
        address = process.stdout.readline().strip() if process.stdout else ""
        if not address.startswith("http"):
            raise failed()
        yield address, process.pid


@contextmanager
def helper(command: Sequence[str]) -> Iterator[Callable[[object], Any]]:
    """Run a program that answers each line of JSON with one; yield a function that asks it.

    In this way a side runs in a process, or an environment, of its own, and the time of the pipe is
    not part of what it measures. Asking raises UserError if the program has ended.
    """
    with _running(command, stdin=subprocess.PIPE) as (process, failed):

        def ask(request: object) -> Any:
            line = ""
            with suppress(OSError):  # It has ended.
                if process.stdin and process.stdout:
                    process.stdin.write(json.dumps(request) + "\n")
                    process.stdin.flush()
                    line = process.stdout.readline()
            if not line:
                raise failed()
            return json.loads(line)

        yield ask


@contextmanager
def _running(
    command: Sequence[str], stdin: int | None = None
) -> Iterator[tuple[subprocess.Popen[str], Callable[[], UserError]]]:
    """Run a program; yield it, and a function that makes the error if it failed."""
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors,
        subprocess.Popen(
            command,
            env=_environment(),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):

        def failed() -> UserError:
            code = process.wait(END_SECONDS)
            errors.seek(0)
            said = errors.read().strip() or "it did not print what was waited for"
            last = "\n".join(said.splitlines()[-3:])
            return UserError(f"`{' '.join(command[:6])}` failed ({code}): {last}")

        try:
            yield process, failed
        finally:
            _end(process)


def _environment() -> dict[str, str]:
    """Return the environment of a program that is to run this Footnoted.

    In it Python keeps its bytecode cache, as it does for an installed Footnoted.
    """
    given = {name: each for name, each in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    own = str(Path(__file__).parents[3])
    return {**given, "PYTHONPATH": os.pathsep.join([own, *filter(None, [given.get("PYTHONPATH")])])}


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    with suppress(OSError):  # Some input could not be written any more.
        if process.stdin:
            process.stdin.close()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
