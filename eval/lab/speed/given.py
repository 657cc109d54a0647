"""What the benchmark was given: where it keeps things, and what it measures on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from eval.formats.xquad import load_xquad
from index.documents import Document
from index.errors import UserError
from index.library import Library
from index.loading.load import load
from rag.config import Settings, load_settings


@dataclass(frozen=True, slots=True)
class Given:
    """The folder of the bench, the files that are not part of Footnoted, and what is wanted."""

    folder: Path
    xquad: Path | None = None
    squad: Path | None = None
    article: Path | None = None
    peers: bool = False
    database: str | None = None
    chroma: str | None = None

    def needed(self, name: str) -> Path:
        """Return a file.

        Raises UserError where it was not given.
        """
        found: Path | None = getattr(self, name)
        if found is None:
            raise UserError(f"This part measures on a file that --{name} FILE names.")
        return found

    def server(self, name: str) -> str:
        """Return the address of a server.

        Raises UserError where none was given.
        """
        found: str | None = getattr(self, name)
        if found is None:
            raise UserError(f"This part measures with a server that --{name} ADDRESS names.")
        return found

    def settings(self, library: Path | str, **more: str) -> Settings:
        """Return the user's settings, with a library of the bench."""
        return load_settings(library=library, **more)

    def prose(self, *names: str) -> list[Path]:
        """Write the articles of files in SQuAD's format as text files, and return these."""
        folder = self.folder / "texts"
        found = []
        for name in names:
            for number, document in enumerate(load_xquad(self.needed(name)).documents):
                found.append(folder / name / f"{number}.txt")
                if not found[-1].exists():
                    found[-1].parent.mkdir(parents=True, exist_ok=True)
                    found[-1].write_text(document.text, "utf-8")
        return found


def add_files(library: Library, paths: Iterable[Path]) -> tuple[list[Document], int]:
    """Add files as `footnoted add` does; return the documents, and how many passages they have."""
    documents, passages = [], 0
    for path in paths:
        added = library.unchanged(str(path)) or library.add(load(str(path)))
        documents.append(added.document)
        passages += added.passages
    return documents, passages
