"""The parts of the page that are the same for all visitors with one language, as HTML."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ui.drawing.jinja import draw

PARTS: list[Callable[[], str]] = []
"""Functions that draw what is on a page before any event, in English or another language."""


def _part(macro: str) -> Callable[[], str]:
    PARTS.append(partial(draw, "window.html", macro))
    return PARTS[-1]


header = _part("header")
documents_head = _part("documents_head")
library_bar = _part("library_bar")
settings_button = _part("settings_button")
settings_head = _part("settings_head")
conversations = _part("conversations")
conversation_bar = _part("conversation_bar")
source_bar = _part("source_bar")
no_source = _part("no_source")
check_bar = _part("check_bar")
nothing_checked = _part("nothing_checked")
regression_head = _part("regression_head")
begin_set = _part("begin_set")
begin_set_from_talk = _part("begin_set_from_talk")
case_head = _part("case_head")
