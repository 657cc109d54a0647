"""Who may enter the window, what a visitor may set, and how soon the window is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from gradio_client import Client
from playwright.sync_api import Browser, Page, expect

from index.library import Library
from tests.browser import SUMMIT, ask, window
from tests.provider import Provider, provider
from ui.window.users import add_user

pytestmark = [pytest.mark.browser, pytest.mark.weights]

KEY = "a-key-of-its-own"


def test_with_a_login_nobody_else_comes_in(
    browser: Browser, window_library: Library, tmp_path: Path
) -> None:
    users = tmp_path / "users"
    add_user(users, "ada", "correct horse")
    with window(window_library, "--auth", str(users), FOOTNOTED_LLM="none") as address:
        page = browser.new_page()
        page.goto(address)
        name, password = page.get_by_label("username"), page.get_by_label("password")
        name.fill("ada")
        password.fill("wrong")
        page.get_by_role("button", name="Login").click()
        expect(page.get_by_text("Incorrect")).to_be_visible()
        expect(page.locator("#question")).to_have_count(0)
        page.reload()  # Gradio's own page sends a second try without its fields.
        name.fill("ada")
        password.fill("correct horse")
        page.get_by_role("button", name="Login").click()
        expect(page.locator("#question textarea")).to_be_visible(timeout=30_000)
        ask(page, SUMMIT)
        page.close()
        with pytest.raises(Exception, match=r"401|auth|Auth|credentials"):
            Client(address, verbose=False).predict(question=SUMMIT, api_name="/ask")
        client = Client(address, auth=("ada", "correct horse"), verbose=False)
        assert client.predict(question=SUMMIT, limit=1, api_name="/search")


@pytest.fixture
def elsewhere() -> Iterator[Provider]:
    with provider(written=["The summit was held on Dec. 15."]) as made:
        yield made


def test_a_visitor_may_set_who_writes_for_the_own_session(page: Page, elsewhere: Provider) -> None:
    page.locator("#settings > button").click()
    settings = page.locator("#settings")
    settings.get_by_label("An address").check()
    page.locator("#apply").click()
    told = page.locator("#settings-told")
    expect(told).to_contain_text("Give an address that starts with")
    settings.get_by_label("OpenAI-compatible address").fill(elsewhere.url)
    settings.get_by_label("The model's name there").fill("elsewhere")
    settings.get_by_label("Key, for this session only").fill(KEY)
    page.locator("#apply").click()
    expect(told).to_contain_text("Set for this session.")
    expect(settings.get_by_label("Key, for this session only")).to_have_value("")
    expect(ask(page, SUMMIT).locator(".answer")).to_contain_text("The summit was held on Dec. 15.")
    assert set(elsewhere.keys) == {f"Bearer {KEY}"}
    assert KEY not in page.content()
    settings.get_by_label("None: words and their quotes").check()
    settings.get_by_label("number input for Sentences of an answer, at most").fill("1")
    page.locator("#apply").click()
    expect(told).to_contain_text("Set for this session.")
    turn = ask(page, f"{SUMMIT} ")
    expect(turn.locator(".sentence")).to_have_count(1)
