"""A real browser that opens pages, and how long that takes: Chromium, by Playwright."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from index.errors import UserError
from tests.chromium import CHROMIUM, chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

QUESTION = "#question textarea"
"""Where a question is typed."""

ANSWER_SECONDS = 240


@contextmanager
def opened_browser() -> Iterator[Browser]:
    """Run a browser, without a window of its own.

    Raises UserError without Playwright, or without a browser.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise UserError(
            "Playwright is needed to open pages: it comes with `make install`."
        ) from error
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM)


@contextmanager
def opened_page(browser: Browser, address: str) -> Iterator[Page]:
    """Open a page as a visitor of its own."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(address, wait_until="commit")
        yield page


def until_typed(browser: Browser, address: str, box: str) -> None:
    """Open a page, and type into its box as soon as that is possible."""
    with opened_page(browser, address) as page:
        page.locator(box).fill("a")


def until_there(browser: Browser, address: str, part: str) -> None:
    """Open a page, and wait until a part of it is there."""
    with opened_page(browser, address) as page:
        page.locator(part).wait_for()


def times(browser: Browser, address: str, last: str) -> tuple[float, float]:
    """Return the milliseconds until something is painted, and until the last part is there."""
    with opened_page(browser, address) as page:
        page.locator(last).wait_for()
        there = float(page.evaluate("performance.now()"))
        page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
        entry = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        return float(page.evaluate(entry)), there


def asked(page: Page, question: str) -> tuple[float, float]:
    """Ask a question as a visitor does.

    Returns how many seconds it takes until its quotes are there, and until it is answered.
    """
    box = page.locator(QUESTION)
    box.fill(question)
    started = time.perf_counter()
    box.press("Enter")
    seconds = []
    for steps in (("found", "draft", "answered"), ("answered",)):
        shown = ", ".join(f"#current .turn[data-step={step}]" for step in steps)
        turn = page.locator(shown).filter(has_text=question)
        turn.wait_for(timeout=ANSWER_SECONDS * 1000)
        seconds.append(time.perf_counter() - started)
    return seconds[0], seconds[1]
