"""`pytest SET.jsonl`: cases as tests, each in a process of its own as a user would run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from index.library import Library

pytestmark = pytest.mark.weights

SUMMIT = "When did Putin and Xi hold their video summit in December 2021?"
CASES = [
    {"id": "summit", "question": SUMMIT, "answers": ["Dec. 15"], "tags": ["date"]},
    {
        "id": "wrong",
        "question": SUMMIT,
        "answers": ["Dec. 25"],
        "tags": ["date", "near-miss", "skip", "_x"],
    },
    {"id": "off", "question": "Who won the football World Cup in 2010?", "unanswerable": True},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = [json.dumps(each) for each in CASES]
    (tmp_path / "set.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    (tmp_path / "data.yaml").write_text("a: b\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    return tmp_path


def run_pytest(
    folder: Path, library: Library, *arguments: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", *arguments]
    command += ["--footnoted-library", str(library.folder)]
    return subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"FOOTNOTED_LLM": "none"} | settings,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_cases_are_tests(folder: Path, briefing_library: Library) -> None:
    done = run_pytest(folder, briefing_library, "set.jsonl", "--junitxml=out.xml")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 2 passed" in done.stdout
    for words in (
        f"question: {SUMMIT}",
        "expected: “Dec. 25”",
        "got:      Dec. 15: “",
        "stage:    wrongly_answered",
        "footnote 1: ",
    ):
        assert words in done.stdout
    assert "Traceback" not in done.stdout
    root = ElementTree.parse(folder / "out.xml").getroot()  # noqa: S314  our own
    assert [each.get("name") for each in root.iter("testcase")] == ["summit", "wrong", "off"]
    assert len(list(root.iter("failure"))) == 1
    again = run_pytest(folder, briefing_library, "set.jsonl", "--lf")
    assert "1 failed" in again.stdout
    assert "passed" not in again.stdout


def test_a_turn_of_a_conversation_is_asked_behind_those_before(
    folder: Path, briefing_library: Library
) -> None:
    asked = [
        {"question": "How wide is the Tsugaru Strait?", "answers": ["20 kilometers"]},
        {"question": "shorter please", "answers": ["20 kilometers"], "way": "command"},
    ]
    (folder / "set.jsonl").write_text(json.dumps({"id": "strait", "turns": asked}) + "\n", "utf-8")
    done = run_pytest(folder, briefing_library, "set.jsonl", "-k", "strait/2", "-v")
    assert "1 passed, 1 deselected" in done.stdout, done.stdout


@pytest.mark.slow
def test_cases_are_chosen_and_shared_out(folder: Path, briefing_library: Library) -> None:
    chosen = run_pytest(folder, briefing_library, "set.jsonl", "-m", "date and not near-miss")
    assert "1 passed, 2 deselected" in chosen.stdout, chosen.stdout
    both = run_pytest(folder, briefing_library, "set.jsonl", "-n", "2", "-k", "summit or off")
    assert "2 passed" in both.stdout, both.stdout


@pytest.mark.slow
def test_what_cannot_be_asked_is_an_error(folder: Path, briefing_library: Library) -> None:
    address = {"FOOTNOTED_LLM": "elsewhere", "FOOTNOTED_LLM_URL": "http://127.0.0.1:9/v1"}
    done = run_pytest(folder, briefing_library, "set.jsonl::summit", **address)
    assert "1 error" in done.stdout, done.stdout
    assert "elsewhere does not answer" in done.stdout
    quotes = run_pytest(
        folder, briefing_library, "set.jsonl::summit", "--footnoted-no-llm", **address
    )
    assert "1 passed" in quotes.stdout, quotes.stdout


def test_it_stays_out_of_the_way(folder: Path, briefing_library: Library) -> None:
    (folder / "test_other.py").write_text(
        "import sys\n"
        "def test_it(): assert not {'pydantic', 'eval.cases.cases'} & sys.modules.keys()\n"
    )
    (folder / "eval").mkdir()  # a package of their own, of the same name
    (folder / "eval" / "__init__.py").write_text("")
    done = run_pytest(folder, briefing_library)
    assert "1 passed" in done.stdout, done.stdout
    (folder / "eval" / "__init__.py").unlink()
    (folder / "eval").rmdir()
    wrong = run_pytest(folder, briefing_library, "data.yaml")
    assert "a set is a list of cases" in wrong.stdout
