"""A wheel, installed into an environment of its own: all that runs comes out of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest

from index.weights.catalogue import CATALOGUE, ENGLISH_READER
from rag.config import load_settings
from tests.test_architecture import project_files

pytestmark = [pytest.mark.slow, pytest.mark.weights]

PROJECT = Path(__file__).parents[1]
LEFT_OUT = ("eval/lab/",)
"""What is of use in the repository alone."""


def run(*command: object, **given: Any) -> str:
    done = subprocess.run(
        [str(each) for each in command], capture_output=True, text=True, check=False, **given
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def pip(*arguments: object, python: object = sys.executable) -> str:
    return run(python, "-m", "pip", *arguments)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-deps", "--wheel-dir", folder, PROJECT)
    [made] = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands are of an environment that holds the wheel, with what it requires."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    pip("install", "--constraint", PROJECT / "constraints.txt", wheel, python=python)
    pip("check", python=python)
    return folder / "bin"


@pytest.fixture
def clean(tmp_path: Path) -> dict[str, str]:
    """The environment variables of a user who has set nothing but where the weights are."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "FOOTNOTED_MODELS": str(load_settings().models.absolute()),
    }


def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_what_is_needed_and_nothing_else(wheel: Path) -> None:
    assert wheel.name.endswith("-py3-none-any.whl")
    names = contents(wheel)
    told = {name for name in names if ".dist-info/" in name}
    files = [path.relative_to(PROJECT).as_posix() for path in project_files()]
    assert names - told == {
        each
        for each in files
        if (each.split("/")[0] in ("rag", "index", "ui", "eval") or each == "footnoted_pytest.py")
        and not each.startswith(LEFT_OUT)
        and not (each.startswith("ui/") and each.endswith(".png"))
    }
    cards = ("index/multilingual_weights", "index/reader_weights", "rag/asking/router")
    licences = ("LICENSE", *(f"{each}/README.md" for each in cards))
    assert {name.split(".dist-info/")[1] for name in told} == {
        *("METADATA", "RECORD", "WHEEL", "entry_points.txt"),
        *(f"licenses/{name}" for name in licences),
    }


def test_a_card_names_the_adapters_that_ship() -> None:
    reader = CATALOGUE[ENGLISH_READER]
    assert reader.home
    card = (reader.home / "README.md").read_text("utf-8")
    adapters = {name: file for name, file in reader.files.items() if name.endswith(".gguf")}
    assert len(adapters) == 5
    for name, file in adapters.items():
        assert f"`{name}` ({file.size:,} bytes, SHA-256 `{file.sha256}`)" in card


def test_a_source_archive_makes_the_same_wheel_and_holds_what_make_needs(
    wheel: Path, tmp_path: Path
) -> None:
    run(sys.executable, "-m", "build", "--sdist", "--outdir", tmp_path, PROJECT)
    [archive] = tmp_path.iterdir()
    with tarfile.open(archive) as opened:
        names = {name.split("/", 1)[1] for name in opened.getnames()}
    assert {"Makefile", "constraints.txt", "Dockerfile", "compose.yaml", ".dockerignore"} <= names
    assert {"tests/test_installed.py", "eval/lab/bench/kept.json", "ui/window.png"} <= names
    files = {path.relative_to(PROJECT).as_posix() for path in project_files()}
    assert names - files == {"PKG-INFO"}
    pip("wheel", "--no-deps", "--wheel-dir", tmp_path, archive)
    [again] = tmp_path.glob("*.whl")
    assert contents(again) == contents(wheel)


def test_the_window_opens_in_an_empty_folder(
    environment: Path, clean: dict[str, str], tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    process = subprocess.Popen(
        [environment / "footnoted", "chat"],
        cwd=empty,
        env=clean,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        address = process.stdout.readline().strip()
        page = httpx.get(address, timeout=60)
        assert page.status_code == 200
        assert '"title":"Footnoted"' in page.text
        assert "mark.quote" in page.text, "its style is there"
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert list(empty.iterdir()) == []


def test_all_commands_find_what_they_need(
    environment: Path, clean: dict[str, str], tmp_path: Path
) -> None:
    def footnoted(*arguments: object) -> str:
        given = {"cwd": tmp_path, "env": clean | {"FOOTNOTED_LLM": "none"}}
        return run(environment / "footnoted", *arguments, **given)

    [sets] = environment.parent.glob("lib/python*/site-packages/eval/sets")
    footnoted("add", sets / "briefing.md")
    assert "Tsugaru" in footnoted("ask", "How wide is the Tsugaru Strait?")
    (tmp_path / "draft.md").write_text("The Tsugaru Strait is 20 kilometers wide.\n", "utf-8")
    assert "Supported" in footnoted("check", "draft.md", "--out", "checked.html")
    footnoted("eval", "run", "briefing", "--limit", "2", "--html", "report.html")
    assert "wrong" not in footnoted("doctor").split()
