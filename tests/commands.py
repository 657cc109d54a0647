"""`footnoted`, in this process, where the libraries are imported already, or as one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rag.config import Settings
from rag.trace import start
from ui.commands.cli import main
from ui.commands.terminal import messages

ROOT = Path(__file__).parents[1]
PROGRAM = "from ui.commands.cli import main; main()"

HEED = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
"""Heeds Ctrl-C also where it is ignored, as it is in what a script runs in the background."""

_GIVEN = {"FOOTNOTED_LLM": "none", "COLUMNS": "200"}


@dataclass(frozen=True)
class Done:
    """What a command has printed, and its exit code."""

    returncode: object
    stdout: str
    stderr: str


Footnoted = Callable[..., Done]


def as_process(*arguments: object, **environment: object) -> Done:
    """Run `footnoted` as a process of its own."""
    given = {**_GIVEN, **environment}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {name: str(value) for name, value in given.items()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="strict",
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def started(
    *arguments: object, first: str = "", given: Mapping[str, str] | None = None, **more: Any
) -> subprocess.Popen[str]:
    """Start `footnoted` as a process that heeds Ctrl-C, after what is to be done first."""
    code = f"{HEED}\n{first}\nfrom ui.commands.program import main; main()"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    about = {"cwd": ROOT, "env": os.environ | (given or {}), "text": True} | more
    return subprocess.Popen(command, **about)


def here(capsys: pytest.CaptureFixture[str], *arguments: object, **environment: object) -> Done:
    """Run `footnoted` in this process."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**_GIVEN, **environment}.items():
            patch.setenv(name, str(value))
        patch.setattr(sys, "argv", ["footnoted", *map(str, arguments)])
        patch.setattr("ui.commands.cli.leave", sys.exit)  # This process goes on.
        messages.cache_clear()  # It keeps the width of its first terminal.
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
    start(Settings.model_construct())  # What the next one does is no line of this one's log.
    done = Done(ended.value.code, *capsys.readouterr())
    assert "Traceback" not in done.stderr, done.stderr
    return done
