"""The HTTP API next to the window: `/v1/` (`v1.py`), OpenAI's form (`chat.py`), monitoring."""
