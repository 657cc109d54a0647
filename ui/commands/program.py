"""The program's entry point: from its first moment on, a signal ends it within two seconds.

Python handles a signal in its main thread, between two bytecode instructions. Native code that is
being loaded or run has no such point, and the exception may be raised where Python ignores it. So
a second thread waits for signals, and ends the program if the main thread has not.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from types import FrameType

ENDS = (signal.SIGINT, signal.SIGTERM)

INTERRUPTED = 130
"""The exit code of a program that a signal ended, as shells use it for Ctrl-C."""

GRACE = 1.5
"""Seconds that the main thread has to end by itself, and to say what it has done."""

CLEANING = 0.3
"""Seconds for the exit handlers, which remove temporary folders, if it did not end by itself."""


def main() -> NoReturn:
    """Run the command line."""
    end_at_signals()
    try:
        from ui.commands.cli import main as run
    except BaseException:
        if is_interrupted():
            os._exit(INTERRUPTED)
        raise
    run()


def end_at_signals() -> None:
    """Let Ctrl-C (SIGINT) and service managers (SIGTERM) end this program."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    for end in ENDS:
        signal.signal(end, _interrupt)
    threading.Thread(target=_end, args=(read,), daemon=True).start()


def is_interrupted() -> bool:
    """Return whether a signal has told the program to end.

    Any later failure is its consequence: a native library that is interrupted while it is imported
    raises an error of its own instead of the KeyboardInterrupt.
    """
    return _interrupted


def ends_with(code: int) -> None:
    """Set the exit code for when a signal ends the program; by default it is 130."""
    global _code
    _code = code


_code = INTERRUPTED
_interrupted = False


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    global _interrupted
    _interrupted = True
    raise KeyboardInterrupt


def _end(pipe: int) -> None:
    while os.read(pipe, 1)[0] not in ENDS:
        continue
    time.sleep(GRACE)
    # Files are written whole or not at all, so nothing is lost.
    threading.Thread(target=atexit._run_exitfuncs, daemon=True).start()
    time.sleep(CLEANING)
    sys.stderr.write("Stopped.\n" if _code else "")
    os._exit(_code)
