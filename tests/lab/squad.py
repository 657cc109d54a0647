"""A small file in SQuAD's format, made here, and the training commands run on it."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PLACES = "Alder Rowan Birch Hazel Maple Cedar Aspen Linden Willow Juniper".split()
PEOPLE = ("Tore Vik", "Oda Brandt", "Lise Holm", "Karl Nye", "Ada Lunt", "Eli Fenn", "Mia Ruiz")
KINDS = ("Bridge", "Tower", "Canal", "Museum", "Harbour", "Theatre", "Station", "Library")


def article(kind: str, rng: random.Random) -> dict[str, Any]:
    """Make an article on things of one kind: each has a builder, a year, a length or none."""
    paragraphs = []
    for place in PLACES:
        name, builder, year = f"{place} {kind}", rng.choice(PEOPLE), str(rng.randint(1700, 1990))
        metres = f"{rng.randint(20, 900)} metres"
        text = (
            f"The {name} was built by {builder}. It was opened to the public in {year}. "
            f"The {name} is {metres} long, and many visitors come in spring."
        )
        answered = {
            f"Who built the {name}?": builder,
            f"When was the {name} opened?": year,
            f"How long is the {name}?": metres,
        }
        near = (f"Who painted the {name}?", f"When was the {name} closed?", f"Who owns the {name}?")
        questions: list[dict[str, Any]] = [
            {"question": each, "answers": [{"text": words, "answer_start": text.index(words)}]}
            for each, words in answered.items()
        ]
        questions += [{"question": each, "answers": [], "is_impossible": True} for each in near]
        paragraphs.append(
            {"context": text, "qas": [each | {"id": each["question"]} for each in questions]}
        )
    return {"title": f"{kind}s", "paragraphs": paragraphs}


def write_squad(folder: Path) -> Path:
    """Write nine articles; that on ropeways is held out."""
    rng = random.Random(7)
    path = folder / "made.json"
    path.write_text(json.dumps({"data": [article(kind, rng) for kind in (*KINDS, "Ropeway")]}))
    return path


def trained(command: str, *arguments: object) -> str:
    """Run a training command as a user does, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", command, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
