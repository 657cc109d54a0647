"""What a message asks for, in the plainest words: what the language model is told for it.

The default model has an adapter that learned it from conversations, made by
`python -m eval.lab.training.standing_alone FOLDER --start standing_alone.gguf`. It writes thanks
with a story behind them as “Thank you.”, and requests as the router knows them. Of a question it
writes the beginning; how that stands alone another adapter tells better (`standing_alone.py`).
"""

from __future__ import annotations

FILE = "requests.gguf"

ONLY_TOLD = "OK."
"""What it writes of a message that only tells something."""

TOKENS = 20
"""As many as a request takes. What is longer is a question."""
