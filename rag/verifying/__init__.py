"""Holding each written sentence to its quotes. Start with `compose.py`."""
