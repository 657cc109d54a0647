"""The results of a part of the benchmark, and the file that keeps them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter

from eval.lab.measure import Pair
from eval.lab.training.inputs import reading
from index.atomic import write_whole


@dataclass(frozen=True, slots=True)
class Kept:
    """The results of a part: its pairs by name, and further information.

    `told` holds figures and words that are reported besides the rows. `machine` describes what it
    was measured on, `started` says when, and `seconds` how long the part took.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    part: str
    pairs: dict[str, Pair]
    told: dict[str, Any] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=dict)
    started: str = ""
    seconds: float = 0.0


def file_of(folder: Path, part: str) -> Path:
    """Return the file that keeps a part."""
    return folder / f"{part}.json"


def write(folder: Path, kept: Kept) -> None:
    """Write a part's file whole, indented for people to read."""
    told = json.dumps(asdict(kept), ensure_ascii=False, indent=1) + "\n"
    write_whole(file_of(folder, kept.part), told.encode())


def read(folder: Path, part: str) -> Kept | None:
    """Read a part's file; None if it does not exist.

    Raises UserError for a file that is something else.
    """
    path = file_of(folder, part)
    if not path.exists():
        return None
    with reading(path, "is no part of this benchmark; delete it to measure it again"):
        return TypeAdapter(Kept).validate_json(path.read_bytes())
