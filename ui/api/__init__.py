"""The HTTP API beside the window: `/v1/` (`v1.py`), OpenAI's form (`chat.py`), what watches it."""
