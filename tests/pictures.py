"""Pictures of the window for the README, and how soon it is there.

    python -m tests.pictures

Opens the window on the sample briefing with the default language model, writes `ui/*.png`, and
prints the time to the first paint against that of an empty Gradio page in the same run.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gradio as gr
from playwright.sync_api import Browser, Page, expect, sync_playwright

from eval.cases.cases import SETS, load_set
from eval.running.runner import run
from index.loading.load import load
from rag.assistant import Assistant
from rag.config import load_settings
from tests.browser import ask, window
from tests.chromium import CHROMIUM, chromium

FOLDER = Path(__file__).parents[1] / "ui"
QUESTION = "Which strait did the warships pass, and how wide is it?"
FOLLOW_UP = "And how far did they sail?"
DRAFT = (
    "Putin and Xi spoke by video on Dec. 15. It was their third such conference of the year.\n\n"
    "In October, ten warships passed the Tsugaru Strait, which is 50 kilometers wide. The ships "
    "took on fuel in Vladivostok before they left. Is that so?"
)
LOADS = 15


def main() -> None:
    """Make the pictures and measure."""
    with tempfile.TemporaryDirectory() as folder:
        assistant = Assistant(load_settings(library=Path(folder) / "library"))
        assistant.library.add(load(SETS / "briefing.md"))
        _two_runs(assistant)
        with sync_playwright() as playwright, window(assistant.library) as address:
            browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM)
            _wide(browser, address)
            _narrow(browser, address)
            _regression(browser, address)
            _check(browser, address)
            _measure(browser, address)


def _two_runs(assistant: Assistant) -> None:
    """Run a set twice, with one quote read the second time, so that something broke."""
    runs = assistant.library.folder / "runs"
    runs.mkdir()
    briefing = load_set(SETS / "briefing.jsonl")
    run(briefing, assistant, use_llm=False, out=runs / "briefing.baseline.json")
    fewer = assistant.with_settings(assistant.settings.model_copy(update={"quotes": 1}))
    run(briefing, fewer, use_llm=False, out=runs / "briefing.json")


def _wide(browser: Browser, address: str) -> None:
    for scheme, name in (("light", "window"), ("dark", "window-dark")):
        with _picture(browser, address, name, scheme=scheme) as page:
            ask(page, QUESTION, timeout=120_000)
            turn = ask(page, FOLLOW_UP, timeout=120_000)
            turn.locator("a.footnote").first.click()
            expect(page.locator("mark.quote")).to_be_in_viewport()
            page.mouse.move(720, 500)


def _narrow(browser: Browser, address: str) -> None:
    with _picture(browser, address, "window-narrow", 420, 860) as page:
        ask(page, QUESTION, timeout=120_000)


def _regression(browser: Browser, address: str) -> None:
    with _picture(browser, address, "window-regression") as page:
        page.get_by_role("button", name="Regression").click()
        page.locator("#set input").click()
        page.get_by_role("option", name="briefing", exact=True).click()
        expect(page.locator("#report .verdict")).to_be_visible()
        page.locator("#report details.case").first.locator("summary").click()
        page.locator("#report details.case").first.scroll_into_view_if_needed()


def _check(browser: Browser, address: str) -> None:
    with _picture(browser, address, "window-check") as page:
        page.get_by_role("button", name="Check", exact=True).first.click()
        page.locator("#draft textarea").fill(DRAFT)
        page.locator("#check").click()
        expect(page.locator("#checked-files")).to_be_visible(timeout=120_000)
        page.locator("#checked a.contradicted").first.click()
        expect(page.locator("mark.quote")).to_be_in_viewport()


def _measure(browser: Browser, address: str) -> None:
    with gr.Blocks(analytics_enabled=False) as empty:
        pass
    _, bare, _ = empty.launch(prevent_thread_lock=True, quiet=True)
    measured: dict[str, list[tuple[float, float]]] = {address: [], bare: []}
    for _ in range(LOADS):  # By turns, so that what else goes on falls on both.
        for url, found in measured.items():
            # On an empty page there is nothing but Gradio's footer to wait for.
            found.append(_times(browser, url, "#question" if url == address else "footer"))
    empty.close(verbose=False)
    for at, what in enumerate(("first paint", "all there")):
        ours, theirs = (
            statistics.median(each[at] for each in found) for found in measured.values()
        )
        sys.stdout.write(
            f"{what}, median of {LOADS}: {ours:.0f} ms, an empty Gradio page {theirs:.0f} ms, "
            f"ratio {ours / theirs:.2f}\n"
        )


def _times(browser: Browser, address: str, last: str) -> tuple[float, float]:
    """Return the milliseconds until something is painted, and until the last part is there."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(address, wait_until="commit")
        page.locator(last).wait_for()
        there = float(page.evaluate("performance.now()"))
        page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
        entry = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        return float(page.evaluate(entry)), there


@contextmanager
def _picture(
    browser: Browser,
    address: str,
    name: str,
    width: int = 1440,
    height: int = 900,
    scheme: str = "light",
) -> Iterator[Page]:
    """Open the window, and make a picture of what it shows in the end."""
    with browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
        reduced_motion="reduce",
    ) as context:
        page = context.new_page()
        page.goto(address)
        expect(page.locator("#question textarea")).to_be_visible(timeout=30_000)
        yield page
        page.wait_for_timeout(500)
        page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
