"""Fifty visitors at once, and sets that are asked again and again: nothing is mixed up or grows."""

from __future__ import annotations

import json
import os
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from gradio_client import Client

from eval.cases.cases import load_set
from index.library import Library
from index.loading.load import load_bytes
from rag.assistant import Assistant
from rag.config import load_settings
from tests.browser import window
from tests.conftest import OpenLibrary
from tests.faults import Faults
from tests.provider import LAST, piece, whole
from tests.serving import Request, serving
from tests.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.weights]

SETS = sorted((Path(__file__).parents[1] / "eval" / "sets").glob("*.jsonl"))

VISITORS = 50
AT_THE_PAGE = 15
"""How many of them send what the page sends; the others are programs."""

THINKS = 20.0
"""Seconds that a visitor reads and thinks before the next question, at most."""

NAMES = [
    first + last
    for first in ("Al", "Bre", "Cor", "Dun", "El", "Fal", "Gar", "Hol", "Is", "Kel")
    for last in ("mere", "ness", "wick", "holm", "stad")
]


def steps(number: int) -> int:
    return 101 + 7 * number


@pytest.fixture(scope="module")
def lighthouses(tmp_path_factory: pytest.TempPathFactory, open_library: OpenLibrary) -> Library:
    """A document for each visitor, of which each must hear and no other."""
    library = open_library(tmp_path_factory.mktemp("load") / "library")
    for number, name in enumerate(NAMES):
        text = (
            f"The lighthouse of {name} has {steps(number)} steps. It was built of granite by a "
            f"mason from the village, and its lamp is seen from far away.\n"
        )
        library.add(load_bytes(text.encode(), f"{name}.txt"))
    return library


@contextmanager
def slow_model(seconds: float) -> Iterator[str]:
    """A model server that writes what the quote says, after a while."""

    def reply(request: Request) -> None:
        asked = request.json()
        said = asked["messages"][-1]["content"]
        time.sleep(seconds)
        found = re.search(r"lighthouse of \w+ has \d+ steps", said)
        words = f"The {found[0]}." if found else "NONE"
        if asked.get("stream"):
            request.answer(200, piece(words) + LAST, "text/event-stream")
        else:
            request.answer(200, whole(words), "application/json")

    with serving(reply) as address:
        yield f"{address}/v1"


def used(pids: list[int]) -> Counter[str]:
    """Return the megabytes, threads and open files of some processes together."""
    sums: Counter[str] = Counter()
    for pid in pids:
        status = Path(f"/proc/{pid}/status").read_text()
        sums["megabytes"] += int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) // 1024
        sums["threads"] += int(re.findall(r"Threads:\s+(\d+)", status)[0])
        sums["files"] += len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return sums


def with_children(pid: int) -> list[int]:
    found = [pid]
    for each in found:
        for task in Path(f"/proc/{each}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


def chroma() -> list[int]:
    """Return the processes of this one that hold Chroma."""
    return [
        pid
        for pid in with_children(os.getpid())
        if b"index.storage.chroma" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


def server_of(address: str) -> int:
    """Return the process that listens at an address."""
    port = f":{urlsplit(address).port:04X}"
    [inode] = [
        line.split()[9]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[1].endswith(port) and line.split()[3] == "0A"
    ]
    for handles in Path("/proc").glob("[0-9]*/fd"):
        with suppress(OSError):
            if f"socket:[{inode}]" in [str(each.readlink()) for each in handles.iterdir()]:
                return int(handles.parent.name)
    raise AssertionError("nobody listens")


class Heard:
    """What the visitors have heard, and how long the first quotes took, in seconds."""

    def __init__(self) -> None:
        self.answered: Counter[int] = Counter()
        self.first_quotes: list[float] = []
        self.places = 0


def ask_at_the_page(address: str, number: int, until: threading.Event, heard: Heard) -> None:
    visitor = Visitor(address, f"{number:04}visitor")
    dependency = visitor.dependency("submit", "question")
    stream = {"session_hash": visitor.session}
    question = f"How many steps does the lighthouse of {NAMES[number]} have?"
    thinks = random.Random(number)
    while not (until.wait(thinks.uniform(0, THINKS)) and heard.answered[number]):
        began, quoted, text = time.monotonic(), False, ""
        asked = {
            "fn_index": dependency["id"],
            "data": [question, *[None] * (len(dependency["inputs"]) - 1)],
        }
        visitor.http.post("gradio_api/queue/join", json=asked | stream).raise_for_status()
        with visitor.http.stream("GET", "gradio_api/queue/data", params=stream) as events:
            for line in events.iter_lines():
                text += line
                if not quoted and f"{steps(number)} steps" in line:
                    quoted = True
                    heard.first_quotes.append(time.monotonic() - began)
                if "process_completed" in line:
                    assert json.loads(line[5:])["success"], line
        assert quoted, text[-500:]
        assert set(re.findall(r"lighthouse of (\w+) have\?", text)) == {NAMES[number]}
        heard.places += text.count("ahead of this one")
        heard.answered[number] += 1
    visitor.http.close()


def ask_as_a_program(address: str, number: int, until: threading.Event, heard: Heard) -> None:
    # On two cores, fifty that come in one moment wait longer than the client would by itself.
    client = Client(address, verbose=False, httpx_kwargs={"timeout": 120})
    question = f"How many steps does the lighthouse of {NAMES[number]} have?"
    thinks = random.Random(number)
    while not (until.wait(thinks.uniform(0, THINKS)) and heard.answered[number]):
        answer: Any = client.predict(question=question, api_name="/ask")
        assert (
            answer["answer"] == f"The lighthouse of {NAMES[number]} has {steps(number)} steps.[1]"
        )
        assert [each["document"]["title"] for each in answer["citations"]] == [NAMES[number]]
        heard.answered[number] += 1
    client.close()


@pytest.mark.faults(minutes=10)
def test_fifty_visitors_at_once(faults: Faults, lighthouses: Library) -> None:
    seconds = 600.0 if faults.share >= 1 else 20.0
    heard, until = Heard(), threading.Event()
    measured: list[Counter[str]] = []
    with (
        slow_model(2.0) as model,
        window(lighthouses, FOOTNOTED_LLM="slow", FOOTNOTED_LLM_URL=model) as address,
        ThreadPoolExecutor(VISITORS) as pool,
    ):
        pids = with_children(server_of(address))
        visits = [
            pool.submit(
                ask_at_the_page if number < AT_THE_PAGE else ask_as_a_program,
                *(address, number, until, heard),
            )
            for number in range(VISITORS)
        ]
        end = time.monotonic() + seconds
        while time.monotonic() < end and not any(each.done() for each in visits):
            time.sleep(seconds / 30)
            measured.append(used(pids))
        until.set()
        for number, visit in enumerate(visits):
            with faults.trying("50 visitors at once", NAMES[number], harm="let in"):
                visit.result()
                assert heard.answered[number], "there was no answer"
    with faults.trying("50 visitors at once", "places are told"):
        assert heard.places
    with faults.trying("50 visitors at once", "memory, threads and files level off"):
        third = len(measured) // 3
        if seconds > 60:
            for name, room in (("megabytes", 50), ("threads", 20), ("files", 20)):
                middle = max(each[name] for each in measured[third : 2 * third])
                assert max(each[name] for each in measured[2 * third :]) <= middle + room, measured
    soon = sorted(heard.first_quotes)
    half, most, all_ = (soon[int(share * (len(soon) - 1))] for share in (0.5, 0.95, 1))
    faults.tell(
        f"{VISITORS} visitors, {seconds:.0f} s: {heard.answered.total()} answers; first quotes of "
        f"{len(soon)} after {half:.1f} s (median), {most:.1f} s (95%), {all_:.1f} s (the last); "
        f"{dict(measured[0])} at first, {dict(measured[-1])} in the end",
    )


def asked_ten_times(folder: Path, questions: list[str]) -> list[Counter[str]]:
    """Ask questions ten times over; return what this process takes after each time.

    Processes of other tests come and go, and so do threads: this is to be run in one of its own.
    """
    assistant = Assistant(load_settings(library=folder, llm="none"))
    assistant.load()
    assistant.ask("How wide is the strait?", use_llm=False)
    pids = [os.getpid(), *chroma()]
    measured = []
    for _ in range(10):
        for question in questions:
            assistant.ask(question, use_llm=False)
        measured.append(used(pids))
    return measured


@pytest.mark.faults(minutes=6)
@pytest.mark.parametrize("every", [10, pytest.param(1, marks=pytest.mark.slow)])
def test_sets_that_are_asked_again_and_again(
    faults: Faults, briefing_library: Library, every: int
) -> None:
    """Ten times all cases would take an hour by themselves: `make test-all` asks these."""
    cases = [case for path in SETS for case in load_set(path).cases][::every]
    cases = cases if faults.share >= 1 else faults.some(cases)
    questions = [case.question for case in cases]
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        measured = pool.submit(asked_ten_times, briefing_library.folder, questions).result()
    # A pool takes a thread more when it needs one; a leak takes one a round at least, of five.
    for name, room in (("megabytes", 30), ("threads", 4), ("files", 4)):
        with faults.trying("sets asked again and again", name):
            assert max(each[name] for each in measured[5:]) <= measured[4][name] + room
    faults.tell(
        f"{len(cases)} cases asked ten times: {dict(measured[0])} after the first time, "
        f"{dict(measured[-1])} after the last"
    )
