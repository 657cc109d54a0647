"""The adapter that writes in the plainest words what a message asks for.

The default model has this adapter, which learned from conversations, made by
`python -m eval.lab.training.standing_alone FOLDER --start standing_alone.gguf`. It writes thanks
with a story around them as “Thank you.”, and requests in the form that the router knows. Of a
question it only writes the beginning: another adapter is better at making questions stand alone
(`standing_alone.py`).
"""

from __future__ import annotations

FILE = "requests.gguf"

ONLY_TOLD = "OK."
"""What it writes for a message that only tells something."""

TOKENS = 20
"""The most tokens of a request. Anything longer is a question."""
