"""Finds the quotes that may answer: passages and sentences, reranked. Start with `quotes.py`."""
