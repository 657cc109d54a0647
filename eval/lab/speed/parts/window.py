"""The window: from the command to a page that can be typed into, and its first question."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from eval.cases.cases import SETS, load_set
from eval.lab.speed.given import Given, add_files
from eval.lab.speed.kept import Kept, Pair, median
from eval.lab.speed.machine import memory, processor_seconds
from eval.lab.speed.pages import (
    QUESTION,
    asked,
    opened_browser,
    opened_page,
    times,
    until_there,
    until_typed,
)
from eval.lab.speed.processes import FOOTNOTED, PYTHON, serving
from eval.lab.speed.turns import by_turns
from index.weights.catalogue import CATALOGUE, DEFAULTS
from rag.opening import open_library

if TYPE_CHECKING:
    from playwright.sync_api import Browser

STARTS = 7
LOADS = 15
WAIT = 30
"""Seconds that the window has been open for before the first question."""
ROUNDS = 2

WRITTEN = ("briefing-004", "briefing-007")
"""Cases of the briefing that the language model writes an answer to; each is first as often."""

APP = """
import threading
{imports}
import gradio
with gradio.Blocks(analytics_enabled=False) as blocks:
    {holds}
print(blocks.launch(prevent_thread_lock=True, quiet=True)[1], flush=True)
threading.Event().wait()
"""
SAME_IMPORTS = """
import ui.commands.cli
from ui.entry.users import read_users
from ui.window.window import serve
from ui.panels.fetch import fetching
from rag.assistant import Assistant
from rag.config import load_settings
from rag.trace import start
from rag.opening import open_library
"""
"""What `footnoted chat` imports before its window opens."""

BOX = 'gradio.Textbox(elem_id="question")'
"""Alone on a page it takes what no page with a question box can be without."""

LAST = "footer"
"""On an empty page there is nothing but Gradio's footer to wait for."""

IDLE = 0.05
"""Of a core, what a window may take that has nothing to do."""
IDLE_WAIT = 120


def window(given: Given, starts: int = STARTS, loads: int = LOADS) -> Kept:
    """Start the window and an empty app by turns, and open the pages of both."""
    chat = _chat(_briefing(given))
    empty = [*PYTHON, "-c", APP.format(imports=SAME_IMPORTS, holds="pass")]
    bare = [*PYTHON, "-c", APP.format(imports="", holds="pass")]
    box = [*PYTHON, "-c", APP.format(imports="", holds=BOX)]
    with opened_browser() as browser:

        def ours(_: int) -> float:
            return _started(chat, lambda address: until_typed(browser, address, QUESTION))

        def against(_: int) -> float:
            return _started(empty, lambda address: until_there(browser, address, LAST))

        def alone(_: int) -> float:
            return _started(bare, lambda address: until_there(browser, address, LAST))

        opened = by_turns(ours, against, starts)
        only_gradio = [alone(turn) for turn in range(3)]
        with (
            serving(chat) as (here, pid),
            serving(empty) as (there, _),
            serving(box) as (alone_there, _),
        ):
            _wait_until_idle(pid)
            page = by_turns(
                lambda _: times(browser, here, QUESTION)[1] / 1000,
                lambda _: times(browser, there, LAST)[1] / 1000,
                loads,
            )
            boxes = [times(browser, alone_there, QUESTION)[1] / 1000 for _ in range(loads)]
    told = {
        "an empty app that imports gradio alone": only_gradio,
        "the page of an app with one text box alone, median": median(boxes),
    }
    return Kept("window", {"window": opened, "page": page}, told)


def first(given: Given, rounds: int = ROUNDS) -> Kept:
    """Ask in a window that has been open for half a minute, and then once more."""
    return _first(given, "first", WAIT, rounds)


def at_once(given: Given, rounds: int = ROUNDS) -> Kept:
    """Ask as soon as the window can be typed into, and then once more."""
    return _first(given, "at-once", 0, rounds)


def _first(given: Given, part: str, wait: float, rounds: int) -> Kept:
    """Open windows anew, each time with one of two questions first and the other one after it.

    Each is asked on a page of its own, as a new visitor does: the second is no follow-up.
    """
    chat = _chat(_briefing(given))
    cases = {case.id: case.question for case in load_set(SETS / "briefing.jsonl").cases}
    questions = [cases[each] for each in WRITTEN]
    took: tuple[list[float], list[float]] = ([], [])
    quotes: tuple[list[float], list[float]] = ([], [])
    grown: list[float] = []
    with opened_browser() as browser:
        for turn in range(rounds * 2):
            order = questions if turn % 2 == 0 else questions[::-1]
            with serving(chat) as (address, pid):
                for at, question in enumerate(order):
                    found, answered = _asked(browser, address, question, 0 if at else wait)
                    quotes[at].append(found)
                    took[at].append(answered)
                grown.append(memory(pid))
    pairs = {part: Pair(tuple(took[0]), tuple(took[1]))}
    if part == "first":
        weights = sum(CATALOGUE[name].size for name in DEFAULTS)
        pairs["memory"] = Pair(tuple(grown), (float(weights),))
    told = {
        "questions": questions,
        "seconds until the quotes are there, median": median(quotes[0]),
        "of the second question": median(quotes[1]),
    }
    return Kept(part, pairs, told)


def _asked(browser: Browser, address: str, question: str, wait: float) -> tuple[float, float]:
    with opened_page(browser, address) as page:
        page.locator(QUESTION).wait_for()
        time.sleep(wait)
        return asked(page, question)


def _briefing(given: Given) -> Path:
    folder = given.folder / "briefing"
    add_files(open_library(given.settings(folder)), [SETS / "briefing.md"])
    return folder


def _chat(library: Path) -> list[str]:
    return [*FOOTNOTED, "chat", "--library", str(library)]


def _started(command: list[str], opens: Callable[[str], None]) -> float:
    started = time.perf_counter()
    with serving(command) as (address, _):
        opens(address)
        return time.perf_counter() - started


def _wait_until_idle(pid: int) -> None:
    """Wait until a window has loaded what it loads once it is open."""
    until = time.monotonic() + IDLE_WAIT
    before = processor_seconds(pid)
    while time.monotonic() < until:
        time.sleep(2)
        now = processor_seconds(pid)
        if now - before < 2 * IDLE:
            return
        before = now
