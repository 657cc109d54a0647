"""What the language model's speed is held against: llama.cpp with the same weights, by itself.

    python -m eval.lab.speed.parts.engine MODEL

Reads the messages of a chat, and answers with how many seconds its first and its last words took,
how many tokens it read anew and wrote, and what.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from rag.writing.llm import CONTEXT_TOKENS, WRITE_TOKENS


def main(model: str) -> None:
    """Answer until nobody asks."""
    answers, sys.stdout = sys.stdout, sys.stderr
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = model
    params.n_ctx = CONTEXT_TOKENS
    params.verbosity = -1
    server = xllamacpp.Server(params)
    for line in sys.stdin:
        answers.write(json.dumps(_answered(server, json.loads(line))) + "\n")
        answers.flush()


def _answered(server: Any, messages: list[dict[str, str]]) -> dict[str, Any]:
    request = {
        "messages": messages,
        "max_tokens": WRITE_TOKENS,
        "temperature": 0.0,
        "seed": 0,
        "stream": True,
    }
    started = time.perf_counter()
    first, text = 0.0, ""
    timings: dict[str, int] = {}

    def hear(chunk: dict[str, Any]) -> bool:
        nonlocal first, text, timings
        for choice in chunk.get("choices", ()):
            piece = choice.get("delta", {}).get("content") or ""
            if piece and not text:
                first = time.perf_counter() - started
            text += piece
        timings = chunk.get("timings") or timings
        return False

    server.handle_chat_completions(request, hear)
    return {
        "first_s": first,
        "total_s": time.perf_counter() - started,
        "text": text,
        "read": timings["prompt_n"],
        "written": timings["predicted_n"],
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
