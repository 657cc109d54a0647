"""The quotes that may answer: reranked passages and their sentences. Start with `quotes.py`."""
