"""Where the program begins: from its first moment on a signal ends it, within two seconds.

Python tells its main thread of a signal between two steps of its own. What is loaded or reckoned in
another language is no such step, and an exception may be raised where Python ignores it. So a
thread waits beside the main one, and ends the program where that one has not.
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
"""The exit code of a program that was told to end, as shells have it for Ctrl-C."""

GRACE = 1.5
"""Seconds in which the main thread may end by itself, and say what it has done."""

CLEANING = 0.3
"""Seconds for what goes with the program, such as temporary folders, where it did not."""


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
    """Let Ctrl-C and a service manager's wish (SIGTERM) end this program."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    for end in ENDS:
        signal.signal(end, _interrupt)
    threading.Thread(target=_end, args=(read,), daemon=True).start()


def is_interrupted() -> bool:
    """Return whether a signal has told the program to end.

    What fails after it fails because of it: a library in another language, interrupted as it is
    imported, raises an error of its own in the place of the KeyboardInterrupt.
    """
    return _interrupted


def ends_with(code: int) -> None:
    """Say with which code the program ends once it is told to end; 130, unless it was said."""
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
    # What is kept is written whole or not at all, so that nothing is lost.
    threading.Thread(target=atexit._run_exitfuncs, daemon=True).start()
    time.sleep(CLEANING)
    sys.stderr.write("Stopped.\n" if _code else "")
    os._exit(_code)
