"""With one setting, the vectors are on a Chroma server, by the same code path."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from index.documents import Document
from index.errors import LibraryError
from index.library import Library
from index.weights.embedding import PromptedEmbedding

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Chroma server on a free loopback port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    chroma = shutil.which("chroma", path=str(Path(sys.executable).parent))
    assert chroma, "chromadb brings the command chroma"
    folder = tmp_path_factory.mktemp("server")
    command = [chroma, "run", "--host", "127.0.0.1", "--port", str(port), "--path", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        address = f"http://127.0.0.1:{port}"
        transport = httpx.HTTPTransport(retries=8)  # waits longer after each refused connection
        with httpx.Client(transport=transport) as client:
            client.get(f"{address}/api/v2/heartbeat").raise_for_status()
        yield address
        process.terminate()


def test_vectors_on_a_server(
    server: str, tmp_path: Path, embedding: PromptedEmbedding, briefing: Document
) -> None:
    def opened(address: str) -> Library:
        return Library(
            tmp_path,
            embedding_name="bge-small-en-v1.5-int8",
            embedding=lambda: embedding,
            server=address,
        )

    library = opened(server)
    library.add(briefing)
    assert not list(tmp_path.glob("vectors-*")), "no vectors in the folder"
    hits = opened(server).search("Which strait did the warships pass?", 5)
    assert any("Tsugaru" in hit.text for hit in hits)
    assert any(hit.dense_rank == 1 for hit in hits)
    assert library.reindex(lambda *_: None).documents == 1
    assert opened(server).search("warships", 3)
    library.remove(briefing.id)
    assert opened(server).entries() == []
    library.add(briefing)
    with pytest.raises(LibraryError, match="on the server"):
        opened("http://127.0.0.1:9").search("warships", 3)
