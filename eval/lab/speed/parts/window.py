"""The window: from the command to a page that can be typed into, and its first question."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING

from eval.cases.cases import SETS, load_set
from eval.lab.measure import Pair
from eval.lab.speed.kept import Kept
from eval.lab.speed.machine import memory, processor_seconds
from eval.lab.speed.options import Options
from eval.lab.speed.processes import FOOTNOTED, PYTHON, serving
from eval.lab.speed.turns import by_turns
from index.errors import UserError
from index.weights.catalogue import CATALOGUE, DEFAULTS
from tests.chromium import CHROMIUM, chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WAIT = 30
"""How many seconds the window has been open when the first question is asked."""

WRITTEN = ("briefing-004", "briefing-007")
"""Cases of the briefing that the language model answers; each is asked first equally often."""

APP = """
import threading
import gradio
import ui.commands.cli
from ui.entry.users import read_users
from ui.window.window import serve
from ui.panels.fetch import fetching
from rag.assistant import Assistant
from rag.config import load_settings
from rag.trace import start
from rag.opening import open_library
with gradio.Blocks(analytics_enabled=False) as blocks:
    {holds}
print(blocks.launch(prevent_thread_lock=True, quiet=True)[1], flush=True)
threading.Event().wait()
"""
"""An app with the same imports as `footnoted chat` has before its window opens."""
EMPTY = APP.format(holds="pass")
BOX = APP.format(holds='gradio.Textbox(elem_id="question")')
"""A page with one text box alone: no page with a question box can be faster."""

QUESTION = "#question textarea"
"""Where a question is typed."""
LAST = "footer"
"""On an empty page there is nothing but Gradio's footer to wait for."""

IDLE = 0.05
"""The share of a core that a window may take when it has nothing to do."""


def window(options: Options, starts: int = 7, loads: int = 15) -> Kept:
    """Start the window and an empty app in turns, and open the pages of both."""
    chat, empty, box = _chat(options), [*PYTHON, "-c", EMPTY], [*PYTHON, "-c", BOX]
    with opened_browser() as browser:
        opened = by_turns(
            lambda _: _started(browser, chat, lambda page: page.locator(QUESTION).fill("a")),
            lambda _: _started(browser, empty, lambda page: page.locator(LAST).wait_for()),
            starts,
        )
        with serving(chat) as (here, pid), serving(empty) as (there, _), serving(box) as (alone, _):
            _wait_until_idle(pid)
            page = by_turns(
                lambda _: _loaded(browser, here, QUESTION),
                lambda _: _loaded(browser, there, LAST),
                loads,
            )
            boxes = [_loaded(browser, alone, QUESTION) for _ in range(loads)]
    told = {"the page of an app with one text box alone, median": median(boxes)}
    return Kept("window", {"window": opened, "page": page}, told)


def first(options: Options, rounds: int = 2) -> Kept:
    """Ask in a window that has been open for half a minute, and then once more."""
    kept, grown = _first(options, "first", WAIT, rounds)
    weights = sum(CATALOGUE[name].size for name in DEFAULTS)
    kept.pairs["memory"] = Pair(tuple(grown), (float(weights),))
    return kept


def at_once(options: Options, rounds: int = 2) -> Kept:
    """Ask as soon as the window can be typed into, and then once more."""
    return _first(options, "at-once", 0, rounds)[0]


def _first(options: Options, part: str, wait: float, rounds: int) -> tuple[Kept, list[float]]:
    """Open a window for each turn, and ask one of two questions first and the other one after it.

    Each is asked on a page of its own, like a new visitor's, so the second is not a follow-up.
    Returns the part, and how much memory each window took at the end.
    """
    chat = _chat(options)
    cases = {case.id: case.question for case in load_set(SETS / "briefing.jsonl").cases}
    questions = [cases[each] for each in WRITTEN]
    took: list[list[tuple[float, float]]] = []
    grown: list[float] = []
    with opened_browser() as browser:
        for turn in range(rounds * 2):
            one, other = questions if turn % 2 == 0 else questions[::-1]
            with serving(chat) as (address, pid):
                took.append([_asked(browser, address, one, wait), _asked(browser, address, other)])
                grown.append(memory(pid))
    firsts, seconds = zip(*took, strict=True)
    told = {
        "questions": questions,
        "seconds until the quotes are there, median": median(found for found, _ in firsts),
        "of the second question": median(found for found, _ in seconds),
    }
    pair = Pair(*(tuple(answered for _, answered in side) for side in (firsts, seconds)))
    return Kept(part, {part: pair}, told), grown


def _asked(browser: Browser, address: str, question: str, wait: float = 0) -> tuple[float, float]:
    """Ask a question on a page that has been open for a while, as a visitor does.

    Returns how many seconds it takes until its quotes are there, and until it is answered.
    """
    with _opened(browser, address) as page:
        box = page.locator(QUESTION)
        box.wait_for()
        time.sleep(wait)
        box.fill(question)
        started = time.perf_counter()
        box.press("Enter")
        seconds = []
        for steps in (("found", "draft", "answered"), ("answered",)):
            shown = ", ".join(f"#current .turn[data-step={step}]" for step in steps)
            turn = page.locator(shown).filter(has_text=question)
            turn.wait_for(timeout=240_000)
            seconds.append(time.perf_counter() - started)
    return seconds[0], seconds[1]


def _chat(options: Options) -> list[str]:
    return [*FOOTNOTED, "chat", "--library", str(options.briefing())]


@contextmanager
def opened_browser() -> Iterator[Browser]:
    """Run a headless browser; raises UserError without one, or without Playwright."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise UserError("Playwright opens the pages. Run `make install`.") from error
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM)


@contextmanager
def _opened(browser: Browser, address: str) -> Iterator[Page]:
    """Open a page as a new visitor."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(address, wait_until="commit")
        yield page


def _started(browser: Browser, command: Sequence[str], used: Callable[[Page], None]) -> float:
    """Return how many seconds a command takes until its page can be used."""
    started = time.perf_counter()
    with serving(command) as (address, _):
        with _opened(browser, address) as page:
            used(page)
        return time.perf_counter() - started


def _loaded(browser: Browser, address: str, last: str) -> float:
    """Return how many seconds a page takes until its last part is there."""
    with _opened(browser, address) as page:
        page.locator(last).wait_for()
        return float(page.evaluate("performance.now()")) / 1000


def _wait_until_idle(pid: int) -> None:
    """Wait until a window has loaded what it loads in the background."""
    until = time.monotonic() + 120
    took = 2.0
    while time.monotonic() < until and took >= 2 * IDLE:
        before = processor_seconds(pid)
        time.sleep(2)
        took = processor_seconds(pid) - before
