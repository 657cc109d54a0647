"""Use a library as an OpenAI model, with any client of chat completions.

python examples/openai_client.py http://127.0.0.1:7860 "How wide is the Tsugaru Strait?"
"""

from __future__ import annotations

import os
import sys

from openai import OpenAI


def main(address: str, question: str) -> None:
    """Print the answer, whose footnotes are links, and the quotes that come as annotations."""
    token = os.environ.get("FOOTNOTED_TOKEN", "none")  # A user's token, if the window has a login.
    client = OpenAI(base_url=f"{address.rstrip('/')}/v1", api_key=token)
    made = client.chat.completions.create(
        model="footnoted-quotes", messages=[{"role": "user", "content": question}]
    )
    message = made.choices[0].message
    print(message.content)
    for each in message.annotations or ():
        print(f"- {each.url_citation.title}: {each.url_citation.url}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
