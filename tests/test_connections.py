"""A whole session connects to nothing but this machine: each try to is recorded.

Python's own sockets are what is recorded; that nothing else needs a network shows
`tests/test_offline.py`, which cuts it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import SUMMIT, ask, pages, window
from tests.conftest import OpenLibrary
from tests.provider import provider

BRIEFING = Path(__file__).parents[1] / "eval" / "sets" / "briefing.md"

RECORD = """
import os, sys
def record(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        told = arguments[1] if event in ("socket.connect", "socket.sendto") else arguments[0]
        host = told[0] if isinstance(told, tuple) else told
        with open(os.environ["CONNECTIONS"], "a") as file:
            file.write(f"{event} {host}\\n")
sys.addaudithook(record)
"""
"""Run by Python at the start of each process, as its `sitecustomize`."""


def is_here(line: str) -> bool:
    host = line.split(" ", 1)[1]
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return host.startswith("/")  # A socket in the file system.


@pytest.mark.browser
@pytest.mark.weights
def test_a_session_connects_to_nothing_else(
    browser: Browser, open_library: OpenLibrary, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(RECORD, "utf-8")
    record = tmp_path / "connections"
    paths = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[1])])
    folder = tmp_path / "library"
    with provider(written=["The summit was held on Dec. 15."]) as elsewhere:
        more = {
            "PYTHONPATH": paths,
            "CONNECTIONS": str(record),
            "FOOTNOTED_LLM": "m",
            "FOOTNOTED_LLM_URL": elsewhere.url,
            "FOOTNOTED_LIBRARY": str(folder),
        }
        for command in (["add", str(BRIEFING)], ["ask", SUMMIT], ["list"]):
            done = subprocess.run(
                [sys.executable, "-c", "from ui.commands.cli import main; main()", *command],
                env=os.environ | more,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
        with window(open_library(folder), **more) as address, pages(browser) as opened:
            ask(opened(address), SUMMIT)
    lines = record.read_text("utf-8").splitlines()
    assert any(line.startswith("socket.connect 127.0.0.1") for line in lines), "it does record"
    assert sorted({line for line in lines if not is_here(line)}) == []


LOOK = """
from pathlib import Path
from index.weights.onnx import OnnxWeights
import index
OnnxWeights(Path(index.__file__).parent / "reader_weights")
"""


@pytest.mark.parametrize("command", [LOOK, "from ui.commands.cli import main; main()"])
def test_no_library_keeps_a_book_of_its_own_on_this_machine(tmp_path: Path, command: str) -> None:
    """What onnxruntime would report, it writes down first: natively, where no socket is seen."""
    home = tmp_path / "home"
    home.mkdir()
    subprocess.run(
        [sys.executable, "-c", command, "doctor"],
        cwd=Path(__file__).parents[1],
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
        capture_output=True,
        check=False,
    )
    assert [path for path in home.rglob("*") if path.is_file()] == []
