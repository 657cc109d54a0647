"""The other end of `child.py`: a process that answers requests until its pipe is closed."""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
import threading
import time
import traceback
from multiprocessing.connection import Connection

from index.errors import UserError
from index.processes.child import OUT_OF_MEMORY


def main(module: str, there: str, back: str, memory: str) -> None:
    """Answer requests with a module's `answer`, within a memory limit."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent process.
    heard = Connection(int(there), writable=False)
    said = Connection(int(back), readable=False)
    if int(memory):
        resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=_end_when_alone, args=(os.getppid(),), daemon=True).start()
    answer = importlib.import_module(module).answer
    said.send_bytes(b"ready")
    holds, data = "", b""
    while True:
        try:
            request, seconds, name = json.loads(heard.recv_bytes())
            if not name or name != holds:
                holds, data = name, b""  # Free the old data before the new arrives.
                data = heard.recv_bytes()
        except EOFError:
            return  # The parent is gone.
        _limit_time(seconds)
        made = b""
        try:
            result, made = answer(request, data)
            text = json.dumps({"answer": result})
        except UserError as error:
            text = json.dumps({"error": type(error).__name__, "text": str(error)})
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001  sent to the parent and raised there
            text = json.dumps({"error": "", "text": traceback.format_exc()})
        del request
        if not holds:
            data = b""
        said.send_bytes(text.encode())
        said.send_bytes(made)
        said.send_bytes(b"grown" if _has_grown(int(memory), len(data)) else b"")


def _has_grown(memory: int, held: int) -> bool:
    """Whether this process uses more than a quarter of its memory limit, not counting the data."""
    if not memory:
        return False
    try:
        import psutil  # Imported late, so that this process starts in milliseconds.

        return bool(psutil.Process().memory_info().rss - held > memory / 4)
    except Exception:  # noqa: BLE001  the answer is sent; a process that cannot tell is replaced
        return True


def _end_when_alone(parent: int) -> None:
    """End this process, whatever it is doing, once its parent is gone."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


def _limit_time(seconds: float | None) -> None:
    """Limit the CPU time, in case a loop in C code keeps `_end_when_alone` from running."""
    if seconds is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = int(used.ru_utime + used.ru_stime + 2 * seconds) + 2
        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, most))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except MemoryError:
        os._exit(OUT_OF_MEMORY)  # After this error, the process's state cannot be trusted.
