"""A run that is killed at any moment goes on, and ends as if it had not been."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from eval.cases.cases import load_set
from eval.running.runner import run
from index.loading.load import load_bytes
from rag.assistant import Assistant
from rag.config import Settings
from tests.commands import started
from tests.conftest import OpenLibrary

pytestmark = pytest.mark.weights

SHIPS = "Aurora Borea Cora Dora Elan Fara Gloria Hera".split()
TEXT = "\n\n".join(
    f"The ship {name} left the port of Tolm in {1900 + n}." for n, name in enumerate(SHIPS)
)


def fill(tmp_path: Path, open_library: OpenLibrary, count: int) -> Path:
    open_library(tmp_path / "library").add(load_bytes(TEXT.encode(), "ships.txt"))
    cases = [
        {
            "id": f"case-{number}",
            "question": f"When did the ship {SHIPS[number % 8]} leave port, for the {number}th?",
            "answers": [str(1900 + number % 8)],
            "evidence": [{"document": "ships.txt", "quote": str(1900 + number % 8)}],
        }
        for number in range(count)
    ]
    lines = "".join(json.dumps(each) + "\n" for each in cases)
    (tmp_path / "set.jsonl").write_text(lines, "utf-8")
    return tmp_path


def start(folder: Path, out: str) -> subprocess.Popen[str]:
    options = ("--no-llm", "--library", folder / "library", "--json", folder / out)
    command = ("eval", "run", folder / "set.jsonl", *options)
    return started(*command, given={"FOOTNOTED_LLM": "none"}, stdout=subprocess.DEVNULL)


def without_times(path: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(path.read_bytes())
    for each in told["results"]:
        each["answer"].pop("timings")
    told["metrics"] = {name: each for name, each in told["metrics"].items() if "_s_p" not in name}
    return told


@pytest.mark.slow
@pytest.mark.parametrize(("count", "moments"), [(40, 1), (200, 5)])
def test_it_ends_the_same(
    tmp_path: Path, open_library: OpenLibrary, settings: Settings, count: int, moments: int
) -> None:
    folder = fill(tmp_path, open_library, count)
    assistant = Assistant(settings.model_copy(update={"library": folder / "library"}))
    run(load_set(folder / "set.jsonl"), assistant, use_llm=False, out=folder / "whole.json")
    partial = folder / "run.json.partial"
    done = 0
    for moment in range(moments):
        with start(folder, "run.json") as process:
            # Some cases further, and then anywhere: between two cases, or within writing one.
            until = done + random.randint(1, count // (moments + 1))
            while not partial.exists() or partial.read_bytes().count(b"\n") <= until:
                assert process.poll() is None, moment
                time.sleep(0.005)
            time.sleep(random.random() * 0.05)
            process.send_signal(signal.SIGKILL)
        assert not (folder / "run.json").exists()
        done = partial.read_bytes().count(b"\n") - 1
    with start(folder, "run.json") as last:
        assert last.wait(timeout=300) == 0
    assert not partial.exists()
    assert without_times(folder / "run.json") == without_times(folder / "whole.json")
    assert len(without_times(folder / "run.json")["results"]) == count
