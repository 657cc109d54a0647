"""Verifies each written sentence against its quotes. Start with `compose.py`."""
