"""What Gradio's page reads of its events, in a real browser: none is lost on a slow way."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser import OFF_TOPIC, SUMMIT, ask, opened

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


def test_what_is_asked_while_the_stream_ends_is_answered(
    browser: Browser, window_address: str
) -> None:
    """The page has yet to read the end of what it asked before: it takes the stream for open."""
    page = opened(browser, window_address, f"({SLOWLY})()")
    ask(page, SUMMIT)
    page.evaluate("late = 200")
    with page.expect_response("**/queue/join*"):
        page.locator("#talk-bar").get_by_role("button", name="New").click()
    page.wait_for_timeout(150)  # Less than what is left of the stream needs.
    ask(page, OFF_TOPIC, timeout=20_000)
    page.context.close()
