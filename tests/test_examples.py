"""The examples, run as they stand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from eval.cases.cases import SETS

pytestmark = pytest.mark.weights

EXAMPLES = Path(__file__).parents[1] / "examples"
FEW = 3
"""Cases of the set that the pipeline asks twice: each takes seconds."""
QUESTION = "How wide is the Tsugaru Strait?"


def test_a_pipeline(tmp_path: Path) -> None:
    cases = (SETS / "briefing.jsonl").read_text("utf-8").splitlines(keepends=True)[:FEW]
    few = tmp_path / "few.jsonl"
    few.write_text("".join(cases), "utf-8")
    found = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [str(EXAMPLES / "pipeline.sh"), str(tmp_path), str(few)],
        env={**os.environ, "PATH": found, "FOOTNOTED_LLM": "none"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "The draft was held back: yes" in lines
    at = next(n for n, line in enumerate(lines) if line.startswith("Changed in the library: "))
    assert f"of {FEW} cases compared 0 broke" in lines[-1].replace("Of", "of")
    assert lines[-1].startswith("Passed: ")
    assert at < len(lines) - 1
    assert "Changed in the library" in (tmp_path / "summary.md").read_text("utf-8")
    assert "Changed in the library" in (tmp_path / "junit.xml").read_text("utf-8")


@pytest.mark.browser
@pytest.mark.parametrize("name", ["ask_over_http.py", "openai_client.py"])
def test_a_client(window_address: str, name: str) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), window_address, QUESTION],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "20 kilometers" in done.stdout
    assert "China and Russia in Late 2021: A Briefing" in done.stdout
