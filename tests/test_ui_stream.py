"""What Gradio's page reads of its events, in a real browser: none is lost on a slow way."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from index.library import Library
from index.loading.load import load_bytes
from tests.browser import OFF_TOPIC, SUMMIT, ask, window
from tests.conftest import OpenLibrary

pytestmark = [pytest.mark.browser, pytest.mark.weights]

SLOWLY = """() => {
  const sent = window.fetch;
  window.late = 0;
  window.fetch = async (...given) => {
    const answer = await sent(...given);
    if (!String(given[0]?.url ?? given[0]).includes("queue/data")) return answer;
    const transform = async (chunk, to) => {
      await new Promise((go) => setTimeout(go, window.late));
      to.enqueue(chunk);
    };
    return new Response(answer.body.pipeThrough(new TransformStream({ transform })), answer);
  };
}"""
"""What comes in the stream, as late as a test says, in milliseconds."""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, open_library: OpenLibrary) -> Library:
    """A library that is asked in a moment: what it answers is no matter here."""
    made = open_library(tmp_path_factory.mktemp("stream") / "library")
    made.add(load_bytes(b"Putin and Xi held their video summit on Dec. 15, 2021.", "summit.txt"))
    return made


def test_what_is_asked_while_the_stream_ends_is_answered(
    browser: Browser, library: Library
) -> None:
    """The page has yet to read the end of what it asked before: it takes the stream for open."""
    with window(library, FOOTNOTED_LLM="none") as address:
        page = browser.new_context().new_page()
        page.add_init_script(f"({SLOWLY})()")
        page.goto(address)
        expect(page.locator("#question textarea")).to_be_visible(timeout=30_000)
        ask(page, SUMMIT)
        page.evaluate("late = 200")
        with page.expect_response("**/queue/join*"):
            page.locator("#talk-bar").get_by_role("button", name="New").click()
        page.wait_for_timeout(150)  # Less than what is left of the stream needs.
        ask(page, OFF_TOPIC, timeout=20_000)
        page.context.close()
