"""What the window's panels share: what an event changes, and what the browser sends with it."""

from __future__ import annotations

from typing import Any

from index.printable import title_line

Updates = dict[Any, Any]
"""What an event changes: components and their new values."""

PRIVATE: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
"""The window's own events: without Gradio's spinners, and not part of what programs may call."""

AT_ONCE = 8
"""Answers made, and texts checked, at the same time; further ones wait for their turn."""

BUG = "Something went wrong inside Footnoted. The terminal it was started from says what."


def field(given: Any, name: str) -> str:
    """Return a field of what the browser sent, as one line; nothing where there is none."""
    return title_line(str(given.get(name) or "")) if isinstance(given, dict) else ""


def number(given: Any, name: str) -> int | None:
    """Return a field that is a whole number, or None."""
    value = given.get(name) if isinstance(given, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def strings(given: Any, name: str) -> list[str]:
    """Return a field that is a list of strings; what else is in it is left out."""
    value = given.get(name) if isinstance(given, dict) else None
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
