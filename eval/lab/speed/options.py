"""The options of the benchmark: where it keeps results, and what it measures on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.cases.cases import SETS
from eval.formats.xquad import load_xquad
from index.documents import Document
from index.errors import UserError
from index.library import Library
from index.loading.load import load
from rag.config import load_settings
from rag.opening import open_library


@dataclass(frozen=True, slots=True)
class Options:
    """The folder of the bench, the files that are not part of Footnoted, the peers and servers."""

    folder: Path
    xquad: Path | None = None
    squad: Path | None = None
    article: Path | None = None
    peers: bool = False
    database: str | None = None
    chroma: str | None = None

    def given(self, name: str) -> Any:
        """Return a file, or the address of a server. Raises UserError if it was not given."""
        if (found := getattr(self, name)) is None:
            raise UserError(f"This part needs what the option --{name} names.")
        return found

    def briefing(self) -> Path:
        """Return the folder of a library that holds the briefing, and make it if needed."""
        folder = self.folder / "briefing"
        add_files(open_library(load_settings(library=folder)), [SETS / "briefing.md"])
        return folder

    def prose(self, *names: str) -> list[Path]:
        """Write the articles of files in SQuAD's format as text files, and return these."""
        found = []
        for name in names:
            folder = self.folder / "texts" / name
            folder.mkdir(parents=True, exist_ok=True)
            for number, document in enumerate(load_xquad(self.given(name)).documents):
                found.append(folder / f"{number}.txt")
                if not found[-1].exists():
                    found[-1].write_text(document.text, "utf-8")
        return found


def add_files(library: Library, paths: Iterable[Path]) -> tuple[list[Document], int]:
    """Add files as `footnoted add` does; return the documents, and how many passages they have."""
    added = [library.unchanged(str(path)) or library.add(load(str(path))) for path in paths]
    return [each.document for each in added], sum(each.passages for each in added)
