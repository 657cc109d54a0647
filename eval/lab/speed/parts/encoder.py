"""What adding is held against, in a process of its own: sentence-transformers, and nothing else.

    python -m eval.lab.speed.parts.encoder MODEL TEXTS

Reads how many of the texts of a JSON file are to be embedded, and answers how many seconds it took.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def main(model: str, file: str) -> None:
    """Answer until nobody asks."""
    from sentence_transformers import SentenceTransformer

    answers, sys.stdout = sys.stdout, sys.stderr  # Libraries print what they like.
    texts = json.loads(Path(file).read_text("utf-8"))
    encoder = SentenceTransformer(model, device="cpu")
    for line in sys.stdin:
        started = time.perf_counter()
        encoder.encode(texts[: json.loads(line)], show_progress_bar=False)
        answers.write(json.dumps(time.perf_counter() - started) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
