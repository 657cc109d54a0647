"""A whole session connects to nothing but this machine: each try to is recorded.

Python's own sockets are what is recorded. With the network cut, nothing else needs it either.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import SUMMIT, ask, pages, window
from tests.commands import PROGRAM, ROOT, as_process
from tests.conftest import BRIEFING, OpenLibrary
from tests.provider import provider

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
    text = tmp_path / "summit.txt"
    text.write_text("Putin and Xi held their video summit of December 2021 on Dec. 15.\n")
    record = tmp_path / "connections"
    folder = tmp_path / "library"
    with provider(written=["The summit was held on Dec. 15."]) as elsewhere:
        more = {
            "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)]),
            "CONNECTIONS": str(record),
            "FOOTNOTED_LLM": "m",
            "FOOTNOTED_LLM_URL": elsewhere.url,
            "FOOTNOTED_LIBRARY": str(folder),
        }
        for command in (["add", text], ["ask", SUMMIT], ["list"]):
            done = as_process(*command, **more)
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


@pytest.mark.parametrize("command", [LOOK, PROGRAM])
def test_no_library_keeps_a_book_of_its_own_on_this_machine(tmp_path: Path, command: str) -> None:
    """What onnxruntime would report, it writes down first: natively, where no socket is seen."""
    home = tmp_path / "home"
    home.mkdir()
    subprocess.run(
        [sys.executable, "-c", command, "doctor"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
        capture_output=True,
        check=False,
    )
    assert [path for path in home.rglob("*") if path.is_file()] == []


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


# --- the network cut

# A network namespace of its own has no interface but a loopback that is down. The language model
# listens on loopback, so that is switched on (ioctl SIOCSIFFLAGS with IFF_UP | IFF_RUNNING).
CUT_OFF = """
import fcntl, socket, struct, sys
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x40))
try:
    socket.create_connection(("192.0.2.1", 80), timeout=3)
except OSError:
    pass
else:
    sys.exit("the network is not cut")
from ui.commands.cli import main
main()
"""


def cut_off(*arguments: str) -> subprocess.CompletedProcess[str]:
    unshare = shutil.which("unshare")
    assert unshare, "this test needs util-linux's unshare to cut the network"
    return subprocess.run(
        [unshare, "--map-root-user", "--net", sys.executable, "-c", CUT_OFF, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.weights
@pytest.mark.llm
def test_everything_runs_without_a_network(tmp_path: Path) -> None:
    library = ["--library", str(tmp_path / "library")]
    added = cut_off("add", str(BRIEFING), *library)
    assert added.returncode == 0, added.stderr
    question = "How wide is the Tsugaru Strait?"
    asked = cut_off("ask", question, "--json", *library)
    assert asked.returncode == 0, asked.stderr
    answer = json.loads(asked.stdout)
    assert answer["reason"] is None, asked.stderr
    assert answer["models"]["llm"]
    assert "Tsugaru" in answer["answer"]
    address = cut_off("add", "http://192.0.2.1/article.html", *library)
    assert address.returncode == 2
    assert "Traceback" not in address.stderr
    assert "192.0.2.1" in address.stderr
