"""Who may enter the window, what a visitor may set, and how soon the window is there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client
from gradio_client.exceptions import AuthenticationError
from playwright.sync_api import Browser, Page, expect

from index.library import Library
from tests.browser import SUMMIT, ask, assert_accessible, window
from tests.faults import Faults
from tests.provider import Provider, provider
from ui.entry.users import add_user

pytestmark = [pytest.mark.browser, pytest.mark.weights]

KEY = "a-key-of-its-own"


@pytest.fixture
def wrong(browser: Browser) -> Iterator[list[str]]:
    """What a page with a login says of errors: nothing but that a password was wrong."""
    found: list[str] = []
    yield found
    assert [each for each in found if "401" not in each] == []


def opened(browser: Browser, wrong: list[str], address: str, **options: Any) -> Page:
    page = browser.new_context(**options).new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.goto(address)
    return page


def log_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_with_a_login_nobody_else_comes_in(
    browser: Browser, window_library: Library, tmp_path: Path, wrong: list[str]
) -> None:
    users = tmp_path / "users"
    add_user(users, "ada", "correct horse", "add,remove,fetch")
    add_user(users, "bo", "another")
    document = window_library.entries()[0].id
    with window(window_library, "--auth", str(users), FOOTNOTED_LLM="none") as address:
        page = opened(browser, wrong, f"{address}?document={document}")
        log_in(page, "ada", "wrong")
        expect(page.get_by_role("alert")).to_contain_text("do not belong together")
        assert_accessible(page)
        log_in(page, "ada", "correct horse")
        expect(page.locator("#question textarea")).to_be_visible(timeout=30_000)
        expect(page.locator("#source .text")).to_be_visible()
        expect(page.locator("#user")).to_contain_text("ada")
        expect(page.locator("#documents .remove").first).to_be_visible()
        expect(page.locator("#add")).to_be_visible()
        turn = ask(page, SUMMIT)
        expect(turn.locator('[data-act="case"]')).to_be_visible()
        assert_accessible(page)

        reads = opened(browser, wrong, address)
        log_in(reads, "bo", "another")
        expect(reads.locator("#user")).to_contain_text("bo")
        ask(reads, SUMMIT)
        for hidden in ("#documents .remove", "#add", "#address-row", '[data-act="case"]'):
            expect(reads.locator(hidden).first).to_be_hidden()

        beside = page.context.new_page()
        beside.goto(address)
        beside.get_by_role("button", name="Log out").click()
        expect(beside.get_by_label("Password")).to_be_visible()
        page.locator("#question textarea").fill(SUMMIT)
        page.locator("#question textarea").press("Enter")
        expect(page.get_by_text("Log in first: open the window anew").first).to_be_visible()
        ask(reads, f"{SUMMIT} ")  # Others stay.
        with pytest.raises(Exception, match=r"401|auth|Auth|credentials"):
            Client(address, verbose=False).predict(question=SUMMIT, api_name="/ask")
        with pytest.raises(AuthenticationError):
            Client(address, auth=("ada", "wrong"), verbose=False)
        client = Client(address, auth=("ada", "correct horse"), verbose=False)
        assert client.predict(question=SUMMIT, limit=1, api_name="/search")
        for each in (page, reads):
            each.context.close()


@pytest.mark.faults
def test_no_script_runs_that_stands_in_a_page(
    browser: Browser, window_address: str, faults: Faults
) -> None:
    page = browser.new_page()
    page.goto(window_address)
    expect(page.locator("#question textarea")).to_be_visible(timeout=30_000)
    tried = {
        "an image": "<img src=x onerror='window.pwned=1'>",
        "a drawing": "<svg onload='window.pwned=1'></svg>",
        "details": "<details open ontoggle='window.pwned=1'></details>",
        "a style": "<style onload='window.pwned=1'></style>",
        "a frame": "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
        "a frame's address": "<iframe src='javascript:parent.pwned=1'></iframe>",
        "a link": "<a href='javascript:window.pwned=1' data-press>x</a>",
        "a button": "<button onclick='window.pwned=1' data-press>x</button>",
        "a form": "<form action='javascript:window.pwned=1'><button data-press>x</button></form>",
        "data": "<script src='data:text/javascript,window.pwned=1' data-put></script>",
        "a script": "<script data-put>window.pwned=1</script>",
        "a module": "<script type=module data-put>window.pwned=1</script>",
        "a script of elsewhere": "<script src='http://127.0.0.2:1/x.js' data-put></script>",
        "a base": "<base href='http://127.0.0.2:1/'>",
    }
    for fault, html in tried.items():
        with faults.trying("foreign requests", f"{fault} put into the page", harm="let in"):
            ran = page.evaluate(
                """async (html) => {
                  const box = document.createElement('div');
                  box.innerHTML = html;
                  document.body.append(box);
                  for (const dead of box.querySelectorAll('[data-put]')) {
                    const script = document.createElement('script');
                    for (const {name, value} of dead.attributes) script.setAttribute(name, value);
                    script.textContent = dead.textContent;
                    box.append(script);
                  }
                  box.querySelector('[data-press]')?.click();
                  for (let frame = 0; frame < 20; frame++) {
                    await new Promise((done) => requestAnimationFrame(done));
                  }
                  box.remove();
                  return [window.pwned ?? null, new URL(document.baseURI).origin];
                }""",
                html,
            )
            assert ran == [None, window_address.rstrip("/")]
    page.close()


@pytest.fixture
def elsewhere() -> Iterator[Provider]:
    with provider(written=["The summit was held on Dec. 15."]) as made:
        yield made


def test_a_visitor_may_set_who_writes_for_the_own_session(page: Page, elsewhere: Provider) -> None:
    page.get_by_role("button", name="Settings").click()
    settings = page.locator("#settings-panel")
    settings.get_by_label("A server of yours").check()
    page.locator("#apply").click()
    told = page.locator("#settings-told")
    expect(told).to_contain_text("Give an address that starts with")
    settings.get_by_label("Its address").fill(elsewhere.url)
    settings.get_by_label("The model’s name there").fill("elsewhere")
    settings.get_by_label("Key, if it wants one").fill(KEY)
    page.locator("#apply").click()
    expect(told).to_contain_text("From the next question on")
    expect(settings.get_by_label("Key, if it wants one")).to_have_value("")
    page.get_by_role("button", name="Conversation").first.click()
    expect(ask(page, SUMMIT).locator(".answer")).to_contain_text("The summit was held on Dec. 15.")
    assert set(elsewhere.keys) == {f"Bearer {KEY}"}
    assert KEY not in page.content()
    page.get_by_role("button", name="Settings").click()
    settings.get_by_label("Nobody: quotes only").check()
    settings.get_by_label("number input for How many sentences an answer may have").fill("1")
    page.locator("#apply").click()
    expect(told).to_contain_text("From the next question on")
    page.get_by_role("button", name="Conversation").first.click()
    turn = ask(page, f"{SUMMIT} ")
    expect(turn.locator(".sentence")).to_have_count(1)


def test_gradio_reports_nothing_and_writes_no_stub_files() -> None:
    code = """
import inspect, os, sys
opened, known = [], []

def note(what, told):
    if what == "open":
        opened.append(str(told[0]))
    if what == "import" and told[0] == "gradio":
        known.append([os.environ.get("GRADIO_" + e) for e in ("ANALYTICS_ENABLED", "TEMP_DIR")])

sys.addaudithook(note)
before = inspect.getfile
import ui.window.window
assert inspect.getfile is before
[analytics, folder] = known[0]
assert analytics == "False", analytics
assert "footnoted-" in folder and os.path.isdir(folder)
print(folder, [each for each in opened if each.endswith(".pyi")])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    folder, stubs = done.stdout.split(" ", 1)
    assert stubs == "[]\n"
    assert not Path(folder).exists()
