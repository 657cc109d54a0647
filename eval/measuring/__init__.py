"""Metrics of answers, and their uncertainty. Pure functions. Start with `metrics.py`."""
