"""A small catalogue of models, their wheels, and an index on loopback that pip takes them from."""

from __future__ import annotations

import hashlib
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from index.weights.catalogue import File, Model
from tests.serving import Request, serving

STEP = 1000
GGUF = bytes(range(256)) * 10  # 2,560 bytes: two whole parts and one of 560
GGUF_NAME = "tiny-q4.gguf"
SMALL = {"model.onnx": b"weights of the one", "1_Pooling/config.json": b"{}"}
OTHER = {"model.onnx": b"weights of the other", "vocab.txt": b"a\nb\n"}


def pinned(files: dict[str, bytes]) -> dict[str, File]:
    return {name: File(hashlib.sha256(data).hexdigest(), len(data)) for name, data in files.items()}


TINY = Model(
    "tiny",
    "answer",
    "A tiny GGUF",
    "MIT",
    {f"tiny-part{n}==1.0": 800 for n in (1, 2, 3)},
    "tiny_part{n}/data/part{n:02}.bin",
    pinned({GGUF_NAME: GGUF}),
    step=STEP,
    hub="someone/tiny-GGUF",
)
CATALOGUE = {"tiny": TINY} | {
    name: Model(name, role, name, "MIT", {"box==2.0": 900}, f"box/{name}/{{file}}", pinned(files))
    for name, role, files in (("small", "embedding", SMALL), ("other", "rerank", OTHER))
}


def write_wheel(folder: Path, name: str, version: str, members: dict[str, bytes]) -> Path:
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    about = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    with zipfile.ZipFile(path, "w") as wheel:
        for member, data in (members | about).items():
            wheel.writestr(member, data)
    return path


def write_part(folder: Path, number: int, data: bytes) -> Path:
    member = f"tiny_part{number}/data/part{number:02}.bin"
    return write_wheel(folder, f"tiny_part{number}", "1.0", {member: data})


def write_wheels(folder: Path) -> Path:
    """Make a folder with all the wheels of the catalogue."""
    folder.mkdir()
    for number in (1, 2, 3):
        write_part(folder, number, GGUF[(number - 1) * STEP : number * STEP])
    boxes = (("small", SMALL), ("other", OTHER))
    members = {f"box/{box}/{name}": data for box, held in boxes for name, data in held.items()}
    write_wheel(folder, "box", "2.0", members)
    return folder


@dataclass
class Index:
    """What was asked of it, and what it waits for before it gives a wheel that is held back."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)


@contextmanager
def wheel_index(folder: Path, held: str = "") -> Iterator[Index]:
    """Give the wheels of a folder to pip, until the end of the block; `held` ones in the end."""
    made = Index()

    def reply(request: Request) -> None:
        made.asked.append(request.path)
        if not request.path.startswith("/simple/"):
            if held and request.path.startswith(f"/{held}"):
                made.go_on.wait(60)
            request.answer(200, (folder / request.path[1:]).read_bytes())
            return
        name = request.path.split("/")[2].replace("-", "_")
        files = [path.name for path in folder.glob(f"{name}-*.whl")]
        page = "".join(f'<a href="/{file}">{file}</a>' for file in files)
        request.answer(200 if files else 404, page.encode(), "text/html")

    with serving(reply) as address:
        made.url = f"{address}/simple"
        try:
            yield made
        finally:
            made.go_on.set()


@dataclass
class Files:
    """A server of whole files: where it is, and which path was asked for from which byte on."""

    url: str
    asked: list[tuple[str, str]]


@contextmanager
def file_server(held: dict[str, bytes], *, resumes: bool = True) -> Iterator[Files]:
    """Serve files by their paths until the end of the block; where `resumes`, from any byte on."""
    asked: list[tuple[str, str]] = []

    def reply(request: Request) -> None:
        wanted = request.headers.get("range", "bytes=0-")
        asked.append((request.path, wanted))
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if resumes else 0
        known = 206 if resumes else 200
        request.answer(known if request.path in held else 404, held.get(request.path, b"")[start:])

    with serving(reply) as address:
        yield Files(address, asked)
