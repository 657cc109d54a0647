"""A process that is stopped at one of its writes: killed there, or told that the disk is full.

Linux lets one process watch another's system calls (ptrace). A filter in the kernel (seccomp) stops
the watched one at calls that change files alone, so that all else runs at full speed. Counted are
the calls that change something below one folder, in all threads and child processes.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import signal
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

CHANGES = {
    "x86_64": {
        "write": 1, "pwrite64": 18, "writev": 20, "fsync": 74, "fdatasync": 75, "ftruncate": 77,
        "rename": 82, "mkdir": 83, "rmdir": 84, "creat": 85, "link": 86, "unlink": 87,
        "openat": 257, "mkdirat": 258, "unlinkat": 263, "renameat": 264, "fallocate": 285,
        "pwritev": 296, "renameat2": 316, "copy_file_range": 326,
    },
}  # fmt: skip
"""The numbers of the calls that change files. Calls by name are counted where the name is below the
folder, calls by handle where the handle's file is, and openat where it makes a file."""

_BY_HANDLE = {
    *("write", "pwrite64", "writev", "pwritev"),
    *("fsync", "fdatasync", "ftruncate", "fallocate"),
}
_SECOND_IS_NAME = {"openat", "mkdirat", "unlinkat", "renameat", "renameat2"}

_TRACEME, _CONT, _KILL_ON_EXIT = 0, 7, 0x100000
_GETREGS, _SETREGS, _SETOPTIONS, _GETEVENTMSG = 12, 13, 0x4200, 0x4201
_FOLLOW = 0x2 | 0x4 | 0x8 | 0x80 | _KILL_ON_EXIT  # fork, vfork, clone, seccomp
_EVENT_SECCOMP = 7

Fault = Literal["kill", "full", "none"]

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


def is_possible() -> bool:
    """Whether this machine's calls are known here."""
    return platform.system() == "Linux" and platform.machine() in CHANGES


@dataclass(frozen=True)
class Traced:
    """How many changes a process made or tried, and how it ended (as `waitpid` says)."""

    changes: int
    status: int


def traced(
    run: Callable[[], None],
    folder: Path,
    fault: Fault = "none",
    at: int = 0,
    *,
    lasting: bool = False,
) -> Traced:
    """Run something in a forked process, with a fault at the change number `at`, from 1.

    "kill" ends the process and its children with SIGKILL before the change is made; "full" lets the
    change fail with ENOSPC, and with `lasting` all that could need room after it, too.
    """
    child = os.fork()
    if child == 0:
        _watched(run)
    tracer = _Tracer(child, folder, fault, at, lasting)
    return tracer.watch()


def _watched(run: Callable[[], None]) -> None:
    """Be watched, do it, and end without what the forked process had to do at its end."""
    code = 70
    try:
        _libc.ptrace(_TRACEME, 0, None, None)
        os.kill(os.getpid(), signal.SIGSTOP)
        _install_filter()
        run()
        code = 0
    except SystemExit as error:
        code = int(error.code or 0)
    except BaseException:  # noqa: BLE001  told by the exit code, and on stderr
        import traceback

        traceback.print_exc()
    os._exit(code)


def _install_filter() -> None:
    """Stop at calls that change files, for the one who watches; let all others run."""
    numbers = sorted(CHANGES[platform.machine()].values())
    code = [struct.pack("HBBI", 0x20, 0, 0, 0)]  # load the call's number
    for at, number in enumerate(numbers):
        code.append(struct.pack("HBBI", 0x15, len(numbers) - at, 0, number))  # equal: to the trap
    code.append(struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000))  # allow
    code.append(struct.pack("HBBI", 0x06, 0, 0, 0x7FF00000))  # trace
    program = ctypes.create_string_buffer(b"".join(code))
    header = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", len(code), ctypes.addressof(program))
    )
    if _libc.prctl(38, 1, 0, 0, 0) or _libc.prctl(22, 2, header, 0, 0):
        raise OSError(ctypes.get_errno(), "no filter can be installed")


class _Tracer:
    def __init__(self, child: int, folder: Path, fault: Fault, at: int, lasting: bool) -> None:
        self.child, self.fault, self.at, self.lasting = child, fault, at, lasting
        self.folder = str(folder.resolve()) + "/"
        self.names = {number: name for name, number in CHANGES[platform.machine()].items()}
        self.changes = 0
        self.alive = {child}
        self.failing: set[int] = set()

    def watch(self) -> Traced:
        os.waitpid(self.child, 0)
        _libc.ptrace(_SETOPTIONS, self.child, None, _FOLLOW)
        _libc.ptrace(_CONT, self.child, None, None)
        end = 0
        while self.alive:
            try:
                pid, status = os.waitpid(-1, 0x40000000)  # __WALL: threads, too
            except ChildProcessError:
                break
            if os.WIFEXITED(status) or os.WIFSIGNALED(status):
                self.alive.discard(pid)
                if pid == self.child:
                    end = status
                    self._kill_all()  # What it has started ends with it.
                continue
            self.alive.add(pid)
            self._go_on(pid, status)
        return Traced(self.changes, end)

    def _go_on(self, pid: int, status: int) -> None:
        event, sent = status >> 16, os.WSTOPSIG(status)
        deliver = 0
        if event == _EVENT_SECCOMP:
            self._at_call(pid)
        elif event == 0 and sent not in (signal.SIGSTOP, signal.SIGTRAP):
            deliver = sent
        _libc.ptrace(_CONT, pid, None, deliver)

    def _at_call(self, pid: int) -> None:
        registers = _Registers()
        if _libc.ptrace(_GETREGS, pid, None, ctypes.addressof(registers)):
            return  # It has just been killed.
        name = self.names.get(registers.orig_rax, "")
        if not self._is_change(pid, name, registers):
            return
        self.changes += 1
        if self.fault == "kill" and self.changes == self.at:
            self._kill_all()
        elif self.fault == "full" and (
            self.changes == self.at or (self.lasting and self.changes > self.at)
        ):
            if name in ("unlink", "unlinkat", "rmdir"):
                return  # What makes room succeeds.
            registers.orig_rax = ctypes.c_ulong(-1).value  # The call is passed over …
            registers.rax = ctypes.c_ulong(-errno.ENOSPC).value  # … and says this.
            _libc.ptrace(_SETREGS, pid, None, ctypes.addressof(registers))

    def _is_change(self, pid: int, name: str, registers: _Registers) -> bool:
        try:
            return self._changed(pid, name, registers).startswith(self.folder)
        except OSError:
            return False

    def _changed(self, pid: int, name: str, registers: _Registers) -> str:
        """Return the path of what a call changes; nothing of one that only opens a file."""
        if name in _BY_HANDLE or name == "copy_file_range":
            handle = registers.rdi if name in _BY_HANDLE else registers.rdx
            return str(Path(f"/proc/{pid}/fd/{handle & 0xFFFFFFFF}").readlink())
        if name == "openat" and not registers.rdx & os.O_CREAT:
            return ""
        return _string(pid, registers.rsi if name in _SECOND_IS_NAME else registers.rdi)

    def _kill_all(self) -> None:
        for pid in [self.child, *self.alive]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


class _Registers(ctypes.Structure):
    """What `struct user_regs_struct` of Linux on x86-64 holds."""

    _fields_ = [
        (name, ctypes.c_ulong)
        for name in (
            "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp "
            "ss fs_base gs_base ds es fs gs"
        ).split()
    ]


def _string(pid: int, address: int) -> str:
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        memory.seek(address)
        return memory.read(4096).split(b"\0")[0].decode(errors="replace")
