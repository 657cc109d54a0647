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
from typing import NoReturn

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
    except KeyboardInterrupt:
        os._exit(INTERRUPTED)
    run()


def end_at_signals() -> None:
    """Let Ctrl-C and a service manager's wish (SIGTERM) end this program."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    threading.Thread(target=_end, args=(read,), daemon=True).start()


def ends_with(code: int) -> None:
    """Say with which code the program ends once it is told to end; 130, unless it was said."""
    global _code
    _code = code


_code = INTERRUPTED


def _end(pipe: int) -> None:
    while os.read(pipe, 1)[0] not in (signal.SIGINT, signal.SIGTERM):
        continue
    time.sleep(GRACE)
    # What is kept is written whole or not at all, so that nothing is lost.
    threading.Thread(target=atexit._run_exitfuncs, daemon=True).start()
    time.sleep(CLEANING)
    sys.stderr.write("Stopped.\n" if _code else "")
    os._exit(_code)
