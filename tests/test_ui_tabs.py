"""Conversations in several tabs and windows of a real browser: none takes another's place."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from index.library import Library
from tests.browser import OFF_TOPIC, SUMMIT, ask, opened, window
from tests.chromium import CHROMIUM, chromium

pytestmark = [pytest.mark.browser, pytest.mark.weights]

LENGTH = "How long did it last?"
BEFORE = "Which agency was the first to report on Dec. 15?"
AFTER = "What was said in Moscow?"
NAME = "window.test"


def another_tab(page: Page) -> Page:
    """Open the window once more in the same browser."""
    tab = page.context.new_page()
    tab.goto(page.url)
    expect(tab.locator("#question textarea")).to_be_visible(timeout=30_000)
    return tab


def kept(page: Page) -> dict[str, list[str]]:
    """Return what the browser has kept: the questions of each conversation by its id."""
    stored: dict[str, str] = page.evaluate("({...localStorage})")
    name = "footnoted:conversation:"
    conversations: dict[str, Any] = {
        key.removeprefix(name): json.loads(value)["exchanges"]
        for key, value in stored.items()
        if key.startswith(name)
    }
    return {key: [each["question"] for each in found] for key, found in conversations.items()}


def listed(page: Page) -> Locator:
    return page.locator("#conversations .kept")


def open_kept(page: Page, question: str) -> None:
    listed(page).get_by_text(question, exact=True).first.click()


def test_no_tab_window_or_restart_takes_a_conversation(
    browser: Browser, small_library: Library
) -> None:
    """One of the visitors reaches the window by a name, without TLS."""
    by_name = browser.browser_type.launch(
        executable_path=chromium(), args=[*CHROMIUM, f"--host-resolver-rules=MAP {NAME} 127.0.0.1"]
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        given = ("--port", str(free.getsockname()[1]), "--name", NAME)
    with window(small_library, *given, FOOTNOTED_LLM="none") as address:
        one = opened(browser, address)
        ask(one, SUMMIT)
        ask(one, LENGTH)
        two = another_tab(one)
        ask(two, OFF_TOPIC)
        elsewhere = opened(by_name, address.replace("127.0.0.1", NAME))
        without_tls = elsewhere.evaluate("[isSecureContext, typeof crypto.randomUUID]")
        assert without_tls == [False, "undefined"]
        ask(elsewhere, BEFORE)
        for page, questions in (
            (one, [OFF_TOPIC, SUMMIT]),
            (two, [OFF_TOPIC, SUMMIT]),
            (elsewhere, [BEFORE]),
        ):
            expect(listed(page)).to_have_text(questions)
        expect(one.locator("#conversations [aria-current]")).to_have_text(SUMMIT)
    with by_name, window(small_library, *given, FOOTNOTED_LLM="none"):
        one.reload()
        expect(one.locator("#conversation .asked")).to_have_text([SUMMIT, LENGTH])
        ask(one, BEFORE)
        three = another_tab(one)
        ask(three, AFTER)
        # These two pages are still those of the server before, and the new one knows neither.
        ask(two, LENGTH)
        ask(elsewhere, SUMMIT)
        expect(listed(one)).to_have_text([LENGTH, AFTER, SUMMIT, OFF_TOPIC])
        expect(listed(elsewhere)).to_have_text([SUMMIT, BEFORE])
        assert sorted(kept(one).values()) == sorted(
            [[SUMMIT, LENGTH, BEFORE], [OFF_TOPIC], [AFTER], [LENGTH]]
        )
        assert sorted(kept(elsewhere).values()) == sorted([[SUMMIT], [BEFORE]])
        assert not kept(one).keys() & kept(elsewhere).keys()
        one.context.close()


def test_two_tabs_that_go_on_with_one_conversation_keep_both(page: Page) -> None:
    ask(page, SUMMIT)
    expect(listed(page)).to_have_text([SUMMIT])
    tab = another_tab(page)
    open_kept(tab, SUMMIT)
    expect(tab.locator("#conversation .asked")).to_have_text([SUMMIT])
    ask(tab, LENGTH)
    expect(listed(tab)).to_have_text([SUMMIT])
    ask(page, AFTER)
    expect(page.locator("#status")).to_contain_text("both versions are kept")
    expect(listed(page)).to_have_text([SUMMIT, SUMMIT])
    ask(page, OFF_TOPIC)
    ask(tab, BEFORE)
    both = [[SUMMIT, LENGTH, BEFORE], [SUMMIT, AFTER, OFF_TOPIC]]
    written = "asked => Object.values(localStorage).some((each) => each.includes(asked))"
    tab.wait_for_function(written, arg=BEFORE)
    assert sorted(kept(page).values()) == sorted(both)
    page.reload()
    expect(page.locator("#conversation .asked")).to_have_text([SUMMIT, AFTER, OFF_TOPIC])
    tab.reload()
    expect(tab.locator("#conversation .asked")).to_have_text([SUMMIT, LENGTH, BEFORE])


def test_what_another_tab_deletes_stays_deleted(page: Page) -> None:
    ask(page, SUMMIT)
    expect(listed(page)).to_have_text([SUMMIT])
    tab = another_tab(page)
    # What has not changed is not drawn again: a button would go while it is pressed.
    same = tab.evaluate_handle("document.querySelector('#conversations .kept')")
    open_kept(tab, SUMMIT)
    expect(tab.locator("#conversation .asked")).to_have_text([SUMMIT])
    expect(tab.locator("#conversations [aria-current]")).to_have_text(SUMMIT)
    assert same.evaluate("line => line.isConnected")
    listed(tab).hover()
    tab.get_by_role("button", name="Delete").click()
    expect(listed(tab)).to_have_count(0)
    expect(listed(page)).to_have_count(0)
    page.reload()
    expect(page.locator("#conversations .empty")).to_be_visible()
    assert kept(page) == {}
    tab.get_by_role("button", name="Undo").click()
    expect(listed(tab)).to_have_text([SUMMIT])
    expect(listed(page)).to_have_text([SUMMIT])


def test_what_an_older_version_kept_is_opened(page: Page) -> None:
    ask(page, SUMMIT)
    expect(listed(page)).to_have_text([SUMMIT])
    [made_here] = kept(page)
    made_by_the_server = "3eca6cd1c8474b03806e1b16c8bd7b09"
    page.evaluate(
        """([here, before]) => {
          const [from, to] = [here, before].map((id) => `footnoted:conversation:${id}`);
          localStorage[to] = localStorage[from];
          localStorage.removeItem(from);
        }""",
        [made_here, made_by_the_server],
    )
    tab = another_tab(page)
    open_kept(tab, SUMMIT)
    expect(tab.locator("#conversation .asked")).to_have_text([SUMMIT])
    ask(tab, LENGTH)
    tab.locator("#talk-bar").get_by_role("button", name="New").click()
    expect(tab.locator("#talk-title")).to_have_text("New conversation")
    expect(listed(tab)).to_have_text([SUMMIT])
    assert kept(tab) == {made_by_the_server: [SUMMIT, LENGTH]}


def test_a_full_browser_says_so_and_keeps_what_it_has(page: Page) -> None:
    ask(page, SUMMIT)
    expect(listed(page)).to_have_text([SUMMIT])
    page.evaluate(
        """() => {
          for (let room = 1 << 23; room; room >>= 1) {
            try { localStorage["filled " + room] = "a".repeat(room); } catch { /* Less, then. */ }
          }
        }"""
    )
    ask(page, LENGTH)
    expect(page.locator("#status")).to_contain_text("only until this tab is closed")
    page.locator("#talk-bar").get_by_role("button", name="New").click()
    expect(page.locator("#conversation .asked")).to_have_count(0)
    ask(page, OFF_TOPIC)
    expect(page.locator("#status")).to_contain_text("has no more room")
    expect(listed(page)).to_have_text([OFF_TOPIC, SUMMIT])
    assert list(kept(page).values()) == [[SUMMIT]]
    page.reload()  # What the browser had no room for is there as long as its tab is.
    expect(page.locator("#conversation .asked")).to_have_text([OFF_TOPIC])
    open_kept(page, SUMMIT)
    expect(page.locator("#conversation .asked")).to_have_text([SUMMIT, LENGTH])
    page.evaluate(
        """() => Object.keys(localStorage).filter((key) => key.startsWith("filled"))
          .forEach((key) => localStorage.removeItem(key))"""
    )
    ask(page, AFTER)  # With room again, it is kept for good.
    expect(listed(page)).to_have_text([SUMMIT, OFF_TOPIC])
    assert list(kept(page).values()) == [[SUMMIT, LENGTH, AFTER]]
