"""The program's words: whole in every language, and the one that the window's visitor reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import httpx
import pytest
from babel.messages.catalog import Catalog
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po
from playwright.sync_api import Browser, Page, expect

from eval.measuring.stages import STAGES
from index.documents import Document
from index.errors import UserError
from index.library import Library
from rag.answer import Answer, AnswerSentence
from rag.checking.verdict import VERDICTS
from rag.config import load_settings
from rag.quote import Quote
from tests.browser import OFF_TOPIC, SUMMIT, ask, pages, window
from ui.conversations.exchange import Exchange
from ui.drawing import render
from ui.words import elsewhere
from ui.words.languages import ENGLISH, LANGUAGES, negotiated, speaking, spoken
from ui.words.words import _, catalogue, days, for_scripts, listed, ngettext

ROOT = Path(__file__).parents[1]
TRANSLATED = [each for each in LANGUAGES if each != ENGLISH]
GAP = re.compile(r"%\((\w+)\)s")

Id = str | tuple[str, ...]


# --- the catalogues


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The texts that the program has, as `make words` finds them."""
    path = tmp_path_factory.mktemp("words") / "words.pot"
    given = f"pybabel -q extract -F pyproject.toml -k noted -o {path} ui"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        CommandLineInterface().run(given.split())
    with path.open("rb") as file:
        return read_po(file)


def ids(of: Catalog) -> set[Id]:
    return {tuple(each.id) if each.pluralizable else str(each.id) for each in of if each.id}


def test_the_program_is_read_for_its_texts(used: Catalog) -> None:
    """In Python, in templates and in scripts, those within others too."""
    assert {
        "Ask a question",
        "Understood as: %(question)s",
        "The program behind this window does not answer. Is it running?",
        ("%(num)s finding", "%(num)s findings"),
        ("%(name)s: added, %(num)s passage", "%(name)s: added, %(num)s passages"),
    } <= ids(used)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_language_has_all_texts_and_no_others(language: str, used: Catalog) -> None:
    assert ids(catalogue(language)) == ids(used)
    assert [each.id for each in catalogue(language) if each.id and each.fuzzy] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_have_the_gaps_of_their_texts(language: str) -> None:
    for each in catalogue(language):
        if not each.id:
            continue
        texts = each.id if each.pluralizable else (each.id,)
        forms = each.string if each.pluralizable else (each.string,)
        assert len(forms) == (catalogue(language).num_plurals if each.pluralizable else 1)
        gaps = [set(GAP.findall(text)) for text in texts]
        for form in forms:
            assert form, each.id
            assert set(GAP.findall(form)) in gaps, each.id
            # They stand in HTML, and are filled with `%`.
            assert not re.search(r"[<>&\"]", GAP.sub("", form)), each.id
            assert "%" not in GAP.sub("", form), each.id


def test_what_is_said_elsewhere_is_what_is_translated() -> None:
    assert tuple(VERDICTS.values()) == elsewhere.VERDICTS
    assert tuple(STAGES.values()) == elsewhere.STAGES
    library = (ROOT / "index/library.py").read_text("utf-8")
    assert set(elsewhere.STEPS) == set(re.findall(r'report\("(\w+)"', library))


def test_plurals_numbers_days_and_lists_are_those_of_the_language() -> None:
    from datetime import date

    def documents(number: int) -> str:
        return ngettext("%(num)s document", "%(num)s documents", number)

    assert [documents(each) for each in (1, 1234)] == ["1 document", "1,234 documents"]
    first, last = date(2021, 10, 14), date(2021, 11, 2)
    assert (days(first), days(first, last)) == ("Oct. 14, 2021", "Oct. 14 to Nov. 2, 2021")
    assert listed(["a", "b", "c"]) == "a, b and c"
    with speaking("ru"):
        said = [documents(each) for each in (1, 2, 5, 11, 21)]
        assert said == ["1 документ", "2 документа", "5 документов", "11 документов", "21 документ"]
    with speaking("de"):
        assert documents(1234) == "1.234 Dokumente"
        assert "Okt" in days(first, last)
        assert listed(["a", "b", "c"]) == "a, b und c"
        assert _("") == "", "and not what the catalogue says of itself"
    forms = json.loads(for_scripts("ru"))["words"]["%(num)s finding"]
    assert forms == {
        "one": "%(num)s замечание",
        "few": "%(num)s замечания",
        "many": "%(num)s замечаний",
    }
    assert json.loads(for_scripts(ENGLISH))["words"] == {}


# --- which language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("zh-Hans-CN", "zh"),
        ("en;q=0.2, ru", "ru"),
        ("ja, fr;q=0.3", "fr"),
        ("ja", ENGLISH),
        ("fr;q=0, es;q=x, *", ENGLISH),
        ("", ENGLISH),
        (";;,q=,", ENGLISH),
    ],
)
def test_the_browser_says_which_language(header: str, language: str) -> None:
    assert negotiated(header) == language


def test_english_is_spoken_where_nobody_looks() -> None:
    assert spoken() == ENGLISH
    with speaking("fr"):
        assert _("Documents") == "Documents"
        assert _("Source") == "Source"
        assert _("Check") == "Vérifier"
    assert _("Check") == "Check"


def test_the_setting_names_one_of_the_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().language is None
    [named, _none] = get_args(type(load_settings()).model_fields["language"].annotation)
    assert get_args(named) == LANGUAGES
    monkeypatch.setenv("FOOTNOTED_LANGUAGE", "zh")
    assert load_settings().language == "zh"
    monkeypatch.setenv("FOOTNOTED_LANGUAGE", "tlh")
    with pytest.raises(UserError, match="setting language"):
        load_settings()


# --- what documents say has a language and a direction of its own


def test_answers_and_quotes_have_their_direction_and_their_language() -> None:
    arabic = Document.of("وصلت السفينة إلى الميناء.", title="T", source="/a.txt")
    arabic = arabic.renamed(None)
    quote = Quote(arabic, 0, len(arabic.text), 1.0)
    sentence = AnswerSentence(arabic.text, (1,), True)
    answer = Answer("?", "?", (sentence,), (quote,), (quote,), None, {}, {})
    html = render.exchange(Exchange("?", answer), "1")
    assert '<p class="answer" dir="rtl">' in html
    assert "lang=" not in html, "English is what is not known, and the page is in English"
    with speaking("de"):
        assert '<bdi lang="en">' in render.exchange(Exchange("?", answer), "1")
        assert ' dir="auto" lang="en">' in render.source(arabic, None)
    english = AnswerSentence("It arrived.", (1,), True)
    answer = Answer("?", "?", (english,), (quote,), (quote,), None, {}, {})
    assert '<p class="answer">' in render.exchange(Exchange("?", answer), "1")


# --- the window

_TEXTS = """() => {
  const own = ".example, .cards, .notes blockquote, .answer, .asked, .title, .text, code";
  const texts = new Set();
  for (const each of document.querySelectorAll("body *")) {
    if (each.closest(own) || each.closest("script, style") || !each.checkVisibility()) continue;
    const named = ["aria-label", "title", "placeholder"].map((name) => each.getAttribute(name));
    const inner = [...each.childNodes].filter((node) => node.nodeType === 3);
    for (const text of [...named, ...inner.map((node) => node.textContent)]) {
      if (text?.trim()) texts.add(text.trim());
    }
  }
  return [...texts];
}"""


def patterns(language: str) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield the window's English texts that a language has otherwise, and what finds them."""
    for each in catalogue(language):
        # What commands say is on no page, but “library” is the name of a folder.
        if all(path.startswith(("ui/commands", "ui/reports")) for path, _line in each.locations):
            continue
        texts = each.id if each.pluralizable else (each.id,)
        strings = each.string if each.pluralizable else (each.string,)
        for text in texts:
            # “%(answer)s or %(other)s” is in many a sentence that is no text of the window.
            long = 4 if GAP.search(text) else 2
            if text and text not in strings and re.search(rf"\w{{{long}}}", GAP.sub("", text)):
                parts = map(re.escape, GAP.split(text)[::2])
                yield text, re.compile(".+".join(parts), re.DOTALL)


def english_on(page: Page, language: str) -> set[str]:
    """Return the English texts that a page shows, of those that are others in a language."""
    shown = page.evaluate(_TEXTS)
    return {text for text, found in patterns(language) if any(map(found.fullmatch, shown))}


def used_all_over(page: Page) -> Iterator[str]:
    """Go through the window, and yield the name of what it shows at each step."""
    expect(page.locator("#documents .entries")).to_be_visible()
    expect(page.locator(".example").first).to_be_visible()
    expect(page.locator("#conversations .empty")).to_be_visible()
    yield "the window as it opens"
    turn = ask(page, SUMMIT)
    turn.locator("a.footnote").first.click()
    expect(page.locator("#source mark.quote")).to_be_visible()
    expect(page.locator("#conversations .kept").first).to_be_visible()
    yield "an answer and its source"
    ask(page, OFF_TOPIC)
    yield "a refusal"
    for panel in ("check", "regression", "settings"):
        page.locator(f"[data-panel-button={panel}]:visible").first.click()
        expect(page.locator(f"#{panel}-panel h2").first).to_be_visible()
        yield panel


@pytest.mark.browser
@pytest.mark.weights
def test_the_window_speaks_the_language_of_its_browser(
    browser: Browser, window_address: str
) -> None:
    with pages(browser) as open_page:
        page = open_page(window_address, locale="de-DE")
        expect(page.locator("html")).to_have_attribute("lang", "de")
        expect(page.locator("#question textarea")).to_have_attribute(
            "placeholder", "Stellen Sie eine Frage"
        )
        for step in used_all_over(page):
            assert english_on(page, "de") == set(), step
        english = open_page(window_address, locale="ja-JP")
        expect(english.locator("html")).to_have_attribute("lang", ENGLISH)
        for step in used_all_over(english):
            assert len(english_on(english, "de")) > 25, step


@pytest.mark.browser
@pytest.mark.weights
def test_the_setting_overrules_the_browser(browser: Browser, window_library: Library) -> None:
    own = {"FOOTNOTED_LLM": "none", "FOOTNOTED_LANGUAGE": "ru"}
    with window(window_library, **own) as address, pages(browser) as open_page:
        page = open_page(address, locale="de-DE")
        expect(page.locator("html")).to_have_attribute("lang", "ru")
        expect(page.locator("#top")).to_contain_text("Документы")
        for step in used_all_over(page):
            assert english_on(page, "ru") == set(), step
        radio = next(
            each["props"]
            for each in httpx.get(f"{address}config").json()["components"]
            if each["type"] == "radio"
        )
        assert ["Ваш сервер", "Your own server"] in radio["choices"], "what is sent is the same"
