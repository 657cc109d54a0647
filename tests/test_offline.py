"""With the network cut, everything runs: add, ask with the language model, list."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BRIEFING = Path(__file__).parents[1] / "eval" / "sets" / "briefing.md"

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
