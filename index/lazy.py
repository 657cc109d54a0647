"""The front of a folder: its names for other programs, imported only when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any


def from_homes(front: str, names: Sequence[str], *homes: str) -> Callable[[str], Any]:
    """Return the `__getattr__` of a front: it finds its names in the modules that are their homes.

    They are tried in this order, so a home that is quick to import comes first. Importing them all
    at once would cost every module of the folder 0.2 seconds.
    """

    def find(name: str) -> Any:
        if name in names:
            for home in map(import_module, homes):
                if hasattr(home, name):
                    return getattr(home, name)
        raise AttributeError(f"module {front!r} has no attribute {name!r}")

    return find
