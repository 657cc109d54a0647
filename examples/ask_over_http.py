"""Use a window's HTTP API: stream the answer to a question, and check a text.

python examples/ask_over_http.py http://127.0.0.1:7860 "How wide is the Tsugaru Strait?"
"""

from __future__ import annotations

import json
import sys

import httpx


def main(address: str, question: str) -> None:
    """Print the sentences as they are proven, then the quotes that prove them."""
    with httpx.Client(base_url=f"{address.rstrip('/')}/v1", timeout=120) as client:
        asked = {"question": question, "stream": True}
        with client.stream("POST", "/ask", json=asked) as steps:
            steps.raise_for_status()
            event = ""
            for line in steps.iter_lines():
                if line.startswith("event: "):
                    event = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    show(event, json.loads(line.removeprefix("data: ")))
        checked = client.post("/check", json={"text": f"{question.rstrip('?')} is told."}).json()
        print({name: count for name, count in checked["counts"].items() if count})


def show(event: str, told: dict[str, object]) -> None:
    """Print a step."""
    if event == "sentence":
        print(told["text"])
    elif event == "answer":
        print(told["answer"] if told["refused"] else "")
        for each in told["citations"]:  # type: ignore[attr-defined]
            print(f"[{each['number']}] {each['document']['title']}, {each['start']}-{each['end']}")
    elif event == "error":
        sys.exit(str(told["detail"]))


if __name__ == "__main__":
    main(*sys.argv[1:3])
