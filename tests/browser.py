"""The window in a real browser: `footnoted chat` with real weights, and Chromium."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect

from index.library import Library
from tests.commands import started

SUMMIT = "When did Putin and Xi hold their video summit in December 2021?"
OFF_TOPIC = "Who won the football World Cup in 2010?"
HOSTILE_NAME = "<img src=x onerror=window.pwned=1>.txt"
HOSTILE = (
    "The zeppelin Aurora <script>window.pwned=1</script> landed in Oslo.\n\n"
    "Its captain was <img src=x onerror=window.pwned=1> called {{value}} ${value} Lindqvist."
)


LEFT = re.compile(r"AbortError: signal is aborted|Unexpected error Connection errored out")
"""What Gradio's client says of its own event where a page is left or loaded again meanwhile."""

OpenPage = Callable[..., Page]


@contextmanager
def window(library: Library, *arguments: str, first: str = "", **settings: str) -> Iterator[str]:
    """Run `footnoted chat`, after what is to be done first, until the end; gives the address."""
    command = ("chat", "--library", library.place, *arguments)
    process = started(*command, first=first, given=settings, stdout=subprocess.PIPE)
    address = process.stdout.readline().strip()
    try:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=30)
    assert (process.returncode, rest) == (0, "")


@contextmanager
def pages(browser: Browser) -> Iterator[OpenPage]:
    """Open pages, each a visitor of its own; at the end nothing went elsewhere or went wrong."""
    requests: list[str] = []
    wrong: list[str] = []

    def note(request: Request) -> None:
        requests.append(request.url)

    def note_error(message: ConsoleMessage) -> None:
        if message.type == "error" and not LEFT.search(message.text):
            at = message.location
            wrong.append(f"{at['url']}:{at['lineNumber']}:{at['columnNumber']}: {message.text}")

    def open_page(url: str, **options: object) -> Page:
        context = browser.new_context(**options)  # type: ignore[arg-type]
        context.on("request", note)
        context.on("weberror", lambda found: wrong.append(found.error.stack or str(found.error)))
        context.on("console", note_error)
        page = context.new_page()
        return _gone_to(page, url)

    yield open_page
    assert requests
    assert [
        url for url in requests if not re.match(r"(http://127\.0\.0\.1:|data:|blob:|file:)", url)
    ] == []
    assert wrong == [], "\n".join(wrong)
    for context in browser.contexts:
        for page in context.pages:
            assert page.evaluate("window.pwned") is None
        context.close()


def opened(browser: Browser, address: str, first: str = "") -> Page:
    """Open a page as a visitor of its own, after a script that runs in it.

    It may see its server end, which is an error elsewhere.
    """
    page = browser.new_context().new_page()
    page.add_init_script(first)
    return _gone_to(page, address)


def _gone_to(page: Page, address: str) -> Page:
    """Return a page once the window is drawn: the tabs may come after the box for questions."""
    page.goto(address)
    for part in ("#question textarea", "#top [data-panel-button=talk]"):
        expect(page.locator(part)).to_be_visible(timeout=30_000)
    return page


def ask(page: Page, question: str, timeout: float = 60_000) -> Locator:
    """Ask, and return the turn of the conversation once it is answered."""
    page.locator("#question textarea").fill(question)
    page.locator("#question textarea").press("Enter")
    turn = page.locator("#current .turn[data-step=answered]").filter(has_text=question)
    expect(turn).to_be_visible(timeout=timeout)
    expect(page.locator("#send")).to_be_visible()
    return turn


def written_by(page: Page, address: str, key: str = "") -> None:
    """Let a language model at an address write this visitor's answers, by the settings."""
    page.locator("[data-panel-button=settings]").click()
    settings = page.locator("#settings-panel")
    settings.get_by_label("Your own server").check()
    settings.get_by_label("Its address").fill(address)
    settings.get_by_label("The model’s name there").fill("elsewhere")
    settings.get_by_label("Key, if it needs one").fill(key)
    page.locator("#apply").click()
    expect(page.locator("#settings-told")).to_contain_text("from your next question on")
    page.locator("#top [data-panel-button=talk]").click()


def saved(page: Page, button: Locator, folder: Path) -> Path:
    """Press a button that downloads a file, and return where it is then."""
    with page.expect_download() as download:
        button.click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def assert_marked(page: Page, quote: str) -> None:
    """Assert that the source shows this quote: marked, in view, and with the focus."""
    mark = page.locator("#source mark.quote")
    expect(mark).to_have_count(1)
    expect(mark).to_be_visible()
    expect(mark).to_be_in_viewport()
    expect(mark).to_be_focused()
    assert mark.text_content() == quote


def place(link: Locator) -> slice:
    start, end = (link.get_attribute("data-span") or "").split("-")
    return slice(int(start), int(end))


def assert_accessible(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    grave = [each for each in found if each["impact"] in ("serious", "critical")]
    told = [(each["id"], [node["html"] for node in each["nodes"]]) for each in grave]
    assert told == [], told
