"""Footnoted in Python: what other programs call, with types, in a loop, and let go of."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from index.documents import Document
from index.errors import UserError
from index.library import Library
from index.loading.load import load_bytes
from rag.answer import Answer, Searching
from rag.assistant import Assistant
from rag.config import load_settings
from tests.browser import OFF_TOPIC, SUMMIT

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.weights


@pytest.fixture
def assistant(briefing_library: Library) -> Assistant:
    settings = load_settings(library=briefing_library.folder)
    return Assistant(settings.model_copy(update={"llm": "none"}))


def test_a_text_is_checked_as_it_is(assistant: Assistant) -> None:
    text = "The [Tsugaru Strait](https://a.b) is *20 kilometers* wide."
    [checked] = assistant.check(text)
    assert (checked.verdict, text[checked.start : checked.end]) == ("supported", text)
    assert checked.words == "The Tsugaru Strait is 20 kilometers wide."


def test_nothing_is_no_question(assistant: Assistant) -> None:
    with pytest.raises(UserError, match="The question is empty"):
        assistant.ask(" ")


def test_what_it_returns_is_shown_on_a_line(assistant: Assistant, briefing: Document) -> None:
    answer = assistant.ask(SUMMIT)
    for each in (answer, answer.citations[0], briefing, assistant.ask(OFF_TOPIC)):
        assert len(repr(each)) < 140
        assert "\n" not in repr(each)
    assert repr(answer).endswith("1 footnote>")


def test_it_is_asked_in_a_loop(assistant: Assistant) -> None:
    async def asked() -> tuple[list[Answer], list[object], int]:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0.005)
                ticks += 1

        ticking = asyncio.create_task(tick())
        answers = await asyncio.gather(*(assistant.aask(SUMMIT) for _ in range(3)))
        events = [event async for event in assistant.astream(SUMMIT)]
        ticking.cancel()
        return answers, events, ticks

    answers, events, ticks = asyncio.run(asked())
    assert set(map(str, answers)) == {str(assistant.ask(SUMMIT))}
    assert isinstance(events[0], Searching)
    assert isinstance(events[-1], Answer)
    assert ticks > 3  # The loop went on meanwhile.


def test_who_stops_waiting_stops_it(assistant: Assistant) -> None:
    async def left() -> None:
        async for _ in assistant.astream(SUMMIT):
            break

    asyncio.run(left())
    assert assistant.ask(SUMMIT).citations  # Its turn was given back.


def test_it_can_be_closed(assistant: Assistant) -> None:
    with assistant as opened:
        first = opened.ask(SUMMIT)
    assert assistant.ask(SUMMIT) == first  # It is opened again.


def test_its_types_hold_for_others(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "programs.md").read_text("utf-8").splitlines()
    at = page.index("    from index import load")
    lines = page[at : page.index("", at)]
    code = "\n".join(line.strip() for line in lines)
    (tmp_path / "program.py").write_text(f"{code}\nwrong: int = answer.text\n")
    # What Footnoted itself is built on is as good as untyped to others, and large.
    options = ("--config-file", ROOT / "pyproject.toml", "--cache-dir", ROOT / ".mypy_cache")
    command = [sys.executable, "-m", "mypy", "--strict", *options, "program.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    [told, _] = done.stdout.splitlines()  # Nothing but what is wrong here.
    assert 'Incompatible types in assignment (expression has type "str"' in told


def test_a_refusal_says_that_not_all_was_asked(tmp_path: Path) -> None:
    settings = load_settings(library=tmp_path / "library").model_copy(update={"llm": "none"})
    assistant = Assistant(settings)
    names = ("bread.md", "rolls.md")
    for name in names:
        assistant.library.add(load_bytes(b"The baker of Ulm bakes on Mondays.", name))
        assistant.library.add(load_bytes(f"The {name} is baked in Bonn.".encode(), f"2-{name}"))
    there = assistant.library.entries()
    *_, all_asked = assistant.stream("How tall is the mayor of Rome?")
    *_, some = assistant.stream("How tall is the mayor of Rome?", exclude=[there[0].id])
    assert isinstance(all_asked, Answer)
    assert isinstance(some, Answer)
    assert (all_asked.refused, all_asked.message) == (True, None)
    assert some.message == f"I searched only {len(there) - 1} of the {len(there)} documents."
