"""Figures of answers, and how sure they are. Pure functions. Start with `metrics.py`."""
