"""Translations below quotes: over HTTP, as the page asks for them, and in a real browser."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from index.documents import Document
from index.language import in_its_language
from rag.answer import Answer, AnswerSentence
from rag.assistant import Assistant
from rag.lazy import Lazy
from rag.quote import Quote
from rag.writing.llm import Writer
from rag.writing.translating import Translation
from tests.asking import Knowing
from tests.browser import OpenPage, ask, assert_accessible, saved, window, written_by
from tests.fake_llm import ScriptedLLM
from tests.provider import provider
from tests.test_ui_v1 import served
from tests.visitor import Visitor
from ui.api import wire
from ui.conversations.exchange import Exchange
from ui.drawing import render
from ui.entry.users import UsersFile, add_token, add_user
from ui.words.languages import speaking

pytestmark = pytest.mark.weights

SENTENCE = "Die Mühle wurde 1834 von Clara Brandt gebaut."
GERMAN = f"""# Die Mühle am Aarsee

{SENTENCE} Sie steht am nördlichen Ufer des Aarsees.

Das Wasserrad hat einen Durchmesser von sechs Metern und steht im Winter still.
"""
ENGLISH = "The mill was built in 1834 by Clara Brandt."
MILL = in_its_language(Document.of(GERMAN, title="Die Mühle am Aarsee", source="/muehle.md"))
START = GERMAN.index(SENTENCE)
PLACE = {"document": MILL.id, "start": START, "end": START + len(SENTENCE)}
ASKED = PLACE | {"language": "en"}
MARK = "Translated by the language model; not proven."

# --- over HTTP


@pytest.fixture
def mill(knowing: Knowing) -> Assistant:
    """An assistant of a text in German, without a language model."""
    return knowing(MILL)


def test_programs_get_a_translation_beside_the_quote(mill: Assistant) -> None:
    llm = ScriptedLLM(asked=[], written=f"<b>{ENGLISH}</b>")
    mill._writer = Lazy(lambda: Writer(llm, "scripted"))
    client = served(mill)
    answer = client.post("/v1/translate", json=ASKED | {"document": "muehle.md"})
    told = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert wire.Translation.model_validate(told).quote == SENTENCE
    assert told["document"] == {**told["document"], "id": MILL.id, "language": "de"}
    assert (told["translation"], told["language"]) == (f"<b>{ENGLISH}</b>", "en")
    assert (told["llm"], told["proven"]) == ("scripted", False)
    assert llm.asked == [f"Quote: {SENTENCE}\nLanguage: English"]
    figures = client.get("/metrics").text
    assert 'footnoted_translations_total{outcome="translated"}' in figures
    assert 'footnoted_library_changes_total{outcome="translated"}' not in figures


def test_what_cannot_be_translated_is_told_to_programs(mill: Assistant) -> None:
    client = served(mill)
    for changed, status, words in (
        ({}, 400, "There is no language model to translate with"),
        ({"language": "de"}, 400, "There is no language model"),
        ({"language": "Gibberish"}, 400, "There is no language “Gibberish”"),
        ({"end": len(GERMAN) + 1}, 400, "There is no place"),
        ({"end": START}, 400, "There is no place"),
        ({"document": "other.md"}, 404, "There is no document"),
    ):
        answer = client.post("/v1/translate", json=ASKED | changed)
        assert (answer.status_code, words in answer.json()["detail"]) == (status, True), changed
    long = {"content-length": str(10**9), "content-type": "application/json"}
    assert client.post("/v1/translate", content=b"{}", headers=long).status_code == 413
    failing = ScriptedLLM(written=ENGLISH, fail_at="write")
    mill._writer = Lazy(lambda: Writer(failing, "scripted"))
    answer = client.post("/v1/translate", json=ASKED)
    assert (answer.status_code, "does not answer" in answer.json()["detail"]) == (400, True)


def test_nobody_translates_who_may_not_read(mill: Assistant, tmp_path: Path) -> None:
    mill._writer = Lazy(lambda: Writer(ScriptedLLM(written=ENGLISH), "scripted"))
    path = tmp_path / "users"
    add_user(path, "reader", "r" * 8)
    token = add_token(path, "reader")
    client = served(mill, UsersFile(path))
    assert client.post("/v1/translate", json=ASKED).status_code == 401
    own = {"Authorization": f"Bearer {token}"}
    assert client.post("/v1/translate", json=ASKED, headers=own).status_code == 200


# --- as HTML


def answered(language: str) -> str:
    quote = Quote(MILL, START, START + len(SENTENCE), 1.0)
    sentence = AnswerSentence(SENTENCE, (1,), True)
    answer = Answer("?", "?", (sentence,), (quote,), (quote,), None, {}, {}, language=language)
    return render.exchange(Exchange("?", answer), "1")


def test_only_a_quote_in_another_language_than_its_question_can_be_translated() -> None:
    html = answered("en")
    assert html.count('data-translate="en"') == 2, "at the footnote and at the passage"
    assert 'title="Translate into English"' in html
    assert "data-translate" not in answered("de")
    with speaking("fr"):
        assert 'title="Traduire en anglais"' in answered("en")


def test_a_translation_is_drawn_as_text_and_marked() -> None:
    quote = Quote(MILL, START, START + len(SENTENCE), 1.0)
    said = "<script>window.pwned=1</script> The mill <img src=x onerror=window.pwned=1>"
    html = render.translation(Translation(quote, "en", said, "scripted"))
    assert "&lt;script&gt;window.pwned=1&lt;/script&gt; The mill &lt;img" in html
    assert "<script" not in html
    assert "<img" not in html
    assert MARK in html
    with speaking("de"):
        html = render.translation(Translation(quote, "en", said, "scripted"))
        assert "Vom Sprachmodell übersetzt; nicht belegt." in html
        assert '<bdi lang="en">' in html


# --- in the window


@pytest.fixture(scope="module")
def address(multilingual: Knowing) -> Iterator[str]:
    own = {"FOOTNOTED_LLM": "none", "FOOTNOTED_PRIVATE_ADDRESSES": "true"}
    with window(multilingual(MILL).library, **own) as found:
        yield found


def test_whatever_is_sent_is_answered_in_a_sentence(address: str) -> None:
    visitor = Visitor(address, "a-browser-without-a-login")
    for place, words in (
        (ASKED, "A translation needs a language model, and none is set"),
        (ASKED | {"document": "../../etc/passwd"}, "There is no document"),
        (ASKED | {"start": -1}, "There is no place"),
        (ASKED | {"end": "5"}, "There is no place"),
        (None, "There is no document"),
        (["x"], "There is no document"),
    ):
        said = visitor.send("translate", at="translation", about=place)
        assert words in said, place
        assert "Translating" in said
    visitor.http.close()


def button(turn: Locator) -> Locator:
    return turn.locator(".notes [data-translate]").first


@pytest.fixture
def turn(open_page: OpenPage, address: str) -> Locator:
    """A question in English that is answered with a quote in German."""
    return ask(open_page(address), "Who built the mill?")


def spoken(page: Page) -> None:
    """Have what the live region says noted in the page, in `window.spoken`."""
    page.evaluate(
        """() => {
          window.spoken = [];
          const region = document.querySelector("#translation [role=status]");
          const note = () => window.spoken.push(region.textContent);
          new MutationObserver(note).observe(region, { childList: true, subtree: true });
        }"""
    )


@pytest.mark.browser
def test_a_quote_is_translated_below_it_on_demand(turn: Locator, tmp_path: Path) -> None:
    page = turn.page
    said = f"<img src=x onerror=window.pwned=1> {ENGLISH} Ignore the quote."
    with provider(written=[said]) as there:
        written_by(page, there.url)
        spoken(page)
        button(turn).focus()
        page.keyboard.press("Enter")
        translation = turn.locator(".notes .translate").first
        expect(translation.locator(".translated")).to_have_text(said)
        expect(translation.locator(".label")).to_have_text(MARK)
        expect(button(turn)).to_be_focused()
        expect(button(turn)).to_have_text("Hide translation")
        expect(button(turn)).to_have_attribute("aria-expanded", "true")
        [shown] = there.shown
        assert shown.startswith("Quote: Die Mühle wurde 1834 von Clara Brandt gebaut.")
        assert shown.endswith("\nLanguage: English")
        heard = page.evaluate("window.spoken")
        assert heard[0] == "Translating…"
        assert [each for each in heard if ENGLISH in each] == heard[-1:], "it is spoken once"
        assert heard[-1].startswith(MARK)
        # The quote is as it was; the translation is no part of what is kept and taken along.
        expect(turn.locator(".answer")).to_contain_text("1834 von Clara Brandt")
        assert ENGLISH not in (turn.get_attribute("data-exchange") or "")
        page.locator("#talk-bar summary").click()
        file = saved(page, page.get_by_role("button", name="Markdown"), tmp_path)
        assert "Clara Brandt" in file.read_text("utf-8")
        assert ENGLISH not in file.read_text("utf-8")
        assert_accessible(page)
        page.keyboard.press("Escape")
        # It stands there again where the turn is drawn again, without being asked for.
        turn.get_by_role("button", name="Good answer").click()
        expect(turn.locator('[aria-pressed="true"]')).to_be_visible()
        expect(translation.locator(".translated")).to_have_text(said)
        button(turn).click()
        expect(translation.locator(".translated")).to_have_count(0)
        button(turn).click()
        expect(translation.locator(".translated")).to_have_text(said)
        assert len(there.shown) == 1


@pytest.mark.browser
def test_without_a_language_model_or_where_it_fails_there_is_a_sentence(turn: Locator) -> None:
    page = turn.page
    spoken(page)
    button(turn).click()
    told = turn.locator(".notes .translate .notice")
    expect(told).to_have_text(
        "A translation needs a language model, and none is set: choose one in Settings."
    )
    expect(button(turn)).to_have_text("Translate")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # Nothing listens there.
        written_by(page, f"http://127.0.0.1:{nobody.getsockname()[1]}/v1")
        button(turn).click()
        expect(told).to_contain_text("The language model elsewhere does not answer")
    assert [each for each in page.evaluate("window.spoken") if "none is set" in each][1:] == []
    expect(turn.locator(".notes .translated")).to_have_count(0)
    with provider(written=[ENGLISH]) as there:  # It can be tried again.
        written_by(page, there.url)
        button(turn).click()
        expect(turn.locator(".notes .translated")).to_have_text(ENGLISH)
        expect(told).to_have_count(0)
