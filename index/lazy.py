"""The front of a folder: its names for other programs, imported only when they are asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any


def from_homes(
    front: str, names: Sequence[str], *homes: str
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the `__getattr__` and the `__dir__` of a front, whose names live in other modules.

    These are tried in this order, so a home that is quick to import comes first. Importing them all
    at once would cost every module of the folder 0.2 seconds.
    """

    def find(name: str) -> Any:
        if name in names:
            for home in map(import_module, homes):
                if hasattr(home, name):
                    return getattr(home, name)
        raise AttributeError(f"module {front!r} has no attribute {name!r}")

    return find, lambda: sorted({*vars(sys.modules[front]), *names})
